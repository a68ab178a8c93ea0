package daemon

import (
	"encoding/json"
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

// RemoteCalls counts the calls to its KMS ("Wrap", "Unwrap", "Describe") that its log tells of, over all its
// restarts; log.level must be debug and log.format json.
func (d *Daemon) RemoteCalls(operation string) int {
	d.t.Helper()
	count := 0
	for line := range strings.Lines(d.Log()) {
		var entry struct {
			Message   string `json:"message"`
			Operation string `json:"operation"`
		}
		if err := json.Unmarshal([]byte(line), &entry); err != nil {
			d.t.Fatalf("not JSON: %q", line)
		}
		if entry.Message == "remote call" && entry.Operation == operation {
			count++
		}
	}
	return count
}
