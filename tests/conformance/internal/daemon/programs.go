// Package daemon runs the built signetd and signetctl: each Daemon in a folder of its own, started, stopped,
// killed, paused and restarted as a test wants it, and gone when the test ends.
package daemon

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// BinDirVariable names the folder that holds signetd and signetctl.
const BinDirVariable = "SIGNET_BIN_DIR"

// ProgramFolder is $SIGNET_BIN_DIR, else the release build of this tree, else its dev build.
func ProgramFolder() (string, error) {
	candidates := []string{"../../build/release/bin", "../../build/dev/bin"}
	if chosen := os.Getenv(BinDirVariable); chosen != "" {
		candidates = []string{chosen}
	}
	for _, candidate := range candidates {
		folder, err := filepath.Abs(candidate)
		if err != nil {
			return "", err
		}
		if isProgram(filepath.Join(folder, "signetd")) && isProgram(filepath.Join(folder, "signetctl")) {
			return folder, nil
		}
	}
	return "", errors.New(fmt.Sprint("no signetd and signetctl in ", candidates, ": build them or set ", BinDirVariable))
}

func isProgram(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular() && info.Mode().Perm()&0o100 != 0
}
