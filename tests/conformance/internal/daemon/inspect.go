package daemon

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"signet/tests/conformance/internal/poll"
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

// Entry is a line of its log.
type Entry struct {
	Message   string `json:"message"`
	Operation string `json:"operation"` // of a remote call: "Wrap", "Unwrap", "Describe"
	Code      string `json:"code"`
	Detail    string `json:"detail"`
}

// Entries is its log over all its restarts; log.format must be json.
func (d *Daemon) Entries() []Entry {
	d.t.Helper()
	var entries []Entry
	text := d.Log()
	for line := range strings.Lines(text[:strings.LastIndexByte(text, '\n')+1]) {
		var entry Entry
		if err := json.Unmarshal([]byte(line), &entry); err != nil {
			d.t.Fatalf("not JSON: %q", line)
		}
		entries = append(entries, entry)
	}
	return entries
}

// RemoteCalls counts the calls to its KMS that its log tells of; log.level must be debug, too.
func (d *Daemon) RemoteCalls(operation string) int {
	d.t.Helper()
	count := 0
	for _, entry := range d.Entries() {
		if entry.Message == "remote call" && entry.Operation == operation {
			count++
		}
	}
	return count
}

// WaitForClass returns when `signetctl status` puts a provider into that class.
func (d *Daemon) WaitForClass(provider, class string) {
	d.t.Helper()
	poll.Until(d.t, fmt.Sprintf("provider %s is %s", provider, class), func() error {
		listed, _ := d.State()["providers"].([]any)
		for _, one := range listed {
			if fields, _ := one.(map[string]any); fields["name"] == provider && fields["class"] == class {
				return nil
			}
		}
		return fmt.Errorf("providers: %v", listed)
	})
}

// ReadFile reads one of its folder.
func (d *Daemon) ReadFile(name string) []byte {
	d.t.Helper()
	content, err := os.ReadFile(d.Path(name))
	if err != nil {
		d.t.Fatal(err)
	}
	return content
}

// ReplaceFile puts a file into its folder; nobody sees half of it.
func (d *Daemon) ReplaceFile(name string, content []byte) {
	d.t.Helper()
	err := os.WriteFile(d.Path(name+".new"), content, 0o600)
	if err == nil {
		err = os.Rename(d.Path(name+".new"), d.Path(name))
	}
	if err != nil {
		d.t.Fatal(err)
	}
}

// MoveFile renames one within its folder.
func (d *Daemon) MoveFile(from, to string) {
	d.t.Helper()
	if err := os.Rename(d.Path(from), d.Path(to)); err != nil {
		d.t.Fatal(err)
	}
}
