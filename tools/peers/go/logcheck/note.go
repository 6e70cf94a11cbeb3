package main

import (
	"fmt"
	"io"
	"os"

	"github.com/transparency-dev/formats/log"
	f_note "github.com/transparency-dev/formats/note"
	"golang.org/x/mod/sumdb/note"
)

type signedBy struct {
	Name string `json:"name"`
	Hash uint32 `json:"hash"`
	// Seconds since 1970, where it is a cosignature.
	Time int64 `json:"time,omitempty"`
}

type openedNote struct {
	Text    string     `json:"text"`
	Signers []signedBy `json:"signers"`
}

func checkNote(vkeys []string) (any, error) {
	bytes, err := io.ReadAll(os.Stdin)
	if err != nil {
		return nil, err
	}
	opened, signers, err := openNote(bytes, vkeys)
	if err != nil {
		return nil, err
	}
	return openedNote{opened.Text, signers}, nil
}

// openNote demands a signature by every key, not only by one of them.
func openNote(bytes []byte, vkeys []string) (*note.Note, []signedBy, error) {
	var verifiers []note.Verifier
	cosigners := map[uint32]bool{}
	for _, vkey := range vkeys {
		verifier, err := f_note.NewVerifier(vkey)
		if err != nil {
			return nil, nil, fmt.Errorf("%s: %w", vkey, err)
		}
		verifiers = append(verifiers, verifier)
		if as, err := f_note.NewVerifierForCosignatureV1(vkey); err == nil && as.KeyHash() == verifier.KeyHash() {
			cosigners[verifier.KeyHash()] = true
		}
	}
	opened, err := note.Open(bytes, note.VerifierList(verifiers...))
	if err != nil {
		return nil, nil, err
	}
	var signers []signedBy
	for _, signature := range opened.Sigs {
		by := signedBy{Name: signature.Name, Hash: signature.Hash}
		if cosigners[signature.Hash] {
			at, err := f_note.CoSigV1Timestamp(signature)
			if err != nil {
				return nil, nil, err
			}
			by.Time = at.Unix()
		}
		signers = append(signers, by)
	}
	if len(signers) != len(vkeys) {
		return nil, nil, fmt.Errorf("%d of %d keys signed", len(signers), len(vkeys))
	}
	return opened, signers, nil
}

// openCheckpoint takes the log's key first; its name is the origin.
func openCheckpoint(bytes []byte, vkeys []string) (log.Checkpoint, error) {
	var checkpoint log.Checkpoint
	opened, _, err := openNote(bytes, vkeys)
	if err != nil {
		return checkpoint, err
	}
	verifier, err := f_note.NewVerifier(vkeys[0])
	if err != nil {
		return checkpoint, err
	}
	parsed, rest, _, err := log.ParseCheckpoint(bytes, verifier.Name(), verifier)
	if err != nil {
		return checkpoint, err
	}
	if len(rest) > 0 || string(parsed.Marshal()) != opened.Text {
		return checkpoint, fmt.Errorf("the checkpoint has lines of its own: %q", rest)
	}
	return *parsed, nil
}
