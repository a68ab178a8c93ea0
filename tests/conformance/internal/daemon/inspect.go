package daemon

import (
	"fmt"
	"os"
	"strings"
)

// ResidentBytes is the daemon's VmRSS.
func (d *Daemon) ResidentBytes() int64 {
	d.t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", d.Pid()))
	if err != nil {
		d.t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		var kibibytes int64
		if n, _ := fmt.Sscanf(line, "VmRSS: %d kB", &kibibytes); n == 1 {
			return kibibytes << 10
		}
	}
	d.t.Fatal("no VmRSS")
	return 0
}
