package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"

	"github.com/transparency-dev/formats/proof"
	"golang.org/x/mod/sumdb/tlog"
)

type provenRecord struct {
	Origin string `json:"origin"`
	Size   uint64 `json:"size"`
	Index  uint64 `json:"index"`
	Record string `json:"record"`
}

func checkProof(vkeys []string) (any, error) {
	bytes, err := io.ReadAll(os.Stdin)
	if err != nil {
		return nil, err
	}
	var read proof.TLogProof
	if err := read.Unmarshal(bytes); err != nil {
		return nil, err
	}
	if string(read.Marshal()) != string(bytes) {
		return nil, fmt.Errorf("it is not written as it would be here")
	}
	checkpoint, err := openCheckpoint(read.Checkpoint, vkeys)
	if err != nil {
		return nil, err
	}
	var path tlog.RecordProof
	for _, hash := range read.Hashes {
		path = append(path, tlog.Hash(hash))
	}
	err = tlog.CheckRecord(path, int64(checkpoint.Size), tlog.Hash(checkpoint.Hash), int64(read.Index), tlog.RecordHash(read.ExtraData))
	return provenRecord{checkpoint.Origin, checkpoint.Size, read.Index, string(read.ExtraData)}, err
}

// merkleCases are proofs to check; hashes are written in base64.
type merkleCases struct {
	Inclusion []struct {
		Index, Size int64
		Leaf, Root  tlog.Hash
		Proof       tlog.RecordProof
	}
	Consistency []struct {
		From, To         int64
		FromRoot, ToRoot tlog.Hash
		Proof            tlog.TreeProof
	}
}

func checkMerkle(_ []string) (any, error) {
	var cases merkleCases
	if err := json.NewDecoder(os.Stdin).Decode(&cases); err != nil {
		return nil, err
	}
	for _, one := range cases.Inclusion {
		if err := tlog.CheckRecord(one.Proof, one.Size, one.Root, one.Index, one.Leaf); err != nil {
			return nil, fmt.Errorf("inclusion of %d in %d: %w", one.Index, one.Size, err)
		}
	}
	for _, one := range cases.Consistency {
		if err := tlog.CheckTree(one.Proof, one.To, one.ToRoot, one.From, one.FromRoot); err != nil {
			return nil, fmt.Errorf("consistency of %d and %d: %w", one.From, one.To, err)
		}
	}
	return map[string]int{"inclusion": len(cases.Inclusion), "consistency": len(cases.Consistency)}, nil
}
