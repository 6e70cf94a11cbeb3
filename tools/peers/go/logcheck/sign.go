package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io"
	"os"

	f_note "github.com/transparency-dev/formats/note"
	"golang.org/x/mod/sumdb/note"
)

type signedNote struct {
	Note    string `json:"note"`
	Ed25519 string `json:"ed25519"`
	Ecdsa   string `json:"ecdsa"`
	Witness string `json:"witness"`
}

func signNote(args []string) (any, error) {
	if len(args) != 1 {
		return nil, fmt.Errorf("give the name to sign by")
	}
	text, err := io.ReadAll(os.Stdin)
	if err != nil {
		return nil, err
	}
	skey, vkey, err := note.GenerateKey(rand.Reader, args[0])
	if err != nil {
		return nil, err
	}
	plain, err := note.NewSigner(skey)
	if err != nil {
		return nil, err
	}
	witnessKey, witnessVkey, err := note.GenerateKey(rand.Reader, "witness."+args[0])
	if err != nil {
		return nil, err
	}
	witness, err := f_note.NewSignerForCosignatureV1(witnessKey)
	if err != nil {
		return nil, err
	}
	witnessVkey, err = f_note.VKeyToCosignatureV1(witnessVkey)
	if err != nil {
		return nil, err
	}
	elliptical, err := newEcdsaSigner(args[0])
	if err != nil {
		return nil, err
	}
	signed, err := note.Sign(&note.Note{Text: string(text)}, plain, elliptical, witness)
	return signedNote{string(signed), vkey, elliptical.vkey, witnessVkey}, err
}

// ecdsaSigner signs what transparency-dev/formats' NewECDSAVerifier verifies; it has no signer of its own.
type ecdsaSigner struct {
	name, vkey string
	hash       uint32
	key        *ecdsa.PrivateKey
}

func newEcdsaSigner(name string) (*ecdsaSigner, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	spki, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(spki)
	hash := binary.BigEndian.Uint32(sum[:])
	vkey := fmt.Sprintf("%s+%08x+%s", name, hash, base64.StdEncoding.EncodeToString(append([]byte{2}, spki...)))
	if _, err := f_note.NewECDSAVerifier(vkey); err != nil {
		return nil, err
	}
	return &ecdsaSigner{name, vkey, hash, key}, nil
}

func (s *ecdsaSigner) Name() string    { return s.name }
func (s *ecdsaSigner) KeyHash() uint32 { return s.hash }
func (s *ecdsaSigner) Sign(message []byte) ([]byte, error) {
	digest := sha256.Sum256(message)
	return ecdsa.SignASN1(rand.Reader, s.key, digest[:])
}
