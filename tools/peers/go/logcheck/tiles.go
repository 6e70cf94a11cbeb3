package main

import (
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/sumdb/tlog"
)

const tileHeight = 8

// folder reads tiles as C2SP tlog-tiles lays them out: as the Go checksum database does, without the height.
type folder string

func (f folder) Height() int { return tileHeight }

func (f folder) SaveTiles([]tlog.Tile, [][]byte) {}

func (f folder) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	data := make([][]byte, len(tiles))
	for i, tile := range tiles {
		read, err := f.read(tile)
		if err != nil {
			return nil, err
		}
		if len(read) != tile.W*tlog.HashSize {
			return nil, fmt.Errorf("%s has %d bytes", tile.Path(), len(read))
		}
		data[i] = read
	}
	return data, nil
}

func (f folder) read(tile tlog.Tile) ([]byte, error) {
	path := strings.TrimPrefix(tile.Path(), fmt.Sprintf("tile/%d/", tileHeight))
	return os.ReadFile(filepath.Join(string(f), "tile", strings.Replace(path, "data/", "entries/", 1)))
}

func checkTiles(args []string) (any, error) {
	if len(args) < 2 {
		return nil, fmt.Errorf("name the folder and the log's key")
	}
	bytes, err := os.ReadFile(filepath.Join(args[0], "checkpoint"))
	if err != nil {
		return nil, err
	}
	checkpoint, err := openCheckpoint(bytes, args[1:])
	if err != nil {
		return nil, err
	}
	size := int64(checkpoint.Size)
	reader := tlog.TileHashReader(tlog.Tree{N: size, Hash: tlog.Hash(checkpoint.Hash)}, folder(args[0]))
	for from := int64(0); from < size; from += 1 << tileHeight {
		width := min(size-from, 1<<tileHeight)
		entries, err := folder(args[0]).entries(from>>tileHeight, int(width))
		if err != nil {
			return nil, err
		}
		indexes := make([]int64, width)
		for i := range indexes {
			indexes[i] = tlog.StoredHashIndex(0, from+int64(i))
		}
		hashes, err := reader.ReadHashes(indexes)
		if err != nil {
			return nil, err
		}
		for i, hash := range hashes {
			if tlog.RecordHash(entries[i]) != hash {
				return nil, fmt.Errorf("entry %d is not the one in the tree", from+int64(i))
			}
		}
	}
	return map[string]any{"origin": checkpoint.Origin, "size": size}, nil
}

// entries reads an entry bundle, to its last byte.
func (f folder) entries(index int64, width int) ([][]byte, error) {
	bytes, err := f.read(tlog.Tile{H: tileHeight, L: -1, N: index, W: width})
	if err != nil {
		return nil, err
	}
	var entries [][]byte
	for len(bytes) >= 2 {
		end := 2 + int(binary.BigEndian.Uint16(bytes))
		if end > len(bytes) {
			break
		}
		entries = append(entries, bytes[2:end])
		bytes = bytes[end:]
	}
	if len(bytes) > 0 || len(entries) != width {
		return nil, fmt.Errorf("entry bundle %d holds %d of %d entries and %d bytes more", index, len(entries), width, len(bytes))
	}
	return entries, nil
}
