// Command logcheck holds transparency logs against the Go team's own code (golang.org/x/mod/sumdb) and transparency-dev's:
// whatever it accepts, they accept. It says what it found as JSON on standard output, or what is wrong on standard error
// with exit code 1.
package main

import (
	"encoding/json"
	"fmt"
	"os"
)

var commands = map[string]struct {
	usage string
	run   func(args []string) (any, error)
}{
	"note":   {"VKEY… < note: every key signed it", checkNote},
	"proof":  {"LOG-VKEY [WITNESS-VKEY…] < tlog-proof: it proves its extra data, and all of them signed", checkProof},
	"merkle": {"< cases: inclusion and consistency proofs hold", checkMerkle},
	"tiles":  {"FOLDER LOG-VKEY: every entry is in the tree of the checkpoint", checkTiles},
	"sign":   {"NAME < text: a note signed by fresh keys of every kind, and their vkeys", signNote},
}

func main() {
	if len(os.Args) == 2 && os.Args[1] == "version" {
		fmt.Println("logcheck")
		return
	}
	if len(os.Args) < 2 || commands[os.Args[1]].run == nil {
		for name, command := range commands {
			fmt.Fprintf(os.Stderr, "logcheck %s %s\n", name, command.usage)
		}
		os.Exit(2)
	}
	found, err := commands[os.Args[1]].run(os.Args[2:])
	if err != nil {
		fmt.Fprintf(os.Stderr, "logcheck %s: %v\n", os.Args[1], err)
		os.Exit(1)
	}
	json.NewEncoder(os.Stdout).Encode(found)
}
