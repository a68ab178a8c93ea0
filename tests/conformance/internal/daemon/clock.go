package daemon

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"signet/tests/conformance/internal/poll"
)

// SetClock lets the daemon, from its next start on, see a wall clock that is off by `offset`, and moves it at once
// where it does already. Only the wall clock, as a person or NTP would set it; signetctl's stays true.
func (d *Daemon) SetClock(offset time.Duration) {
	d.t.Helper()
	libraries, err := filepath.Glob("/usr/lib/*/faketime/libfaketimeMT.so.1")
	if err != nil || len(libraries) == 0 {
		d.t.Fatalf("no libfaketime: %v (a package of scripts/lib/packages-test.txt)", err)
	}
	// Renamed into place: it is read at any moment.
	path := d.logPath + ".clock"
	if err := os.WriteFile(path+".new", fmt.Appendf(nil, "%+d\n", int(offset.Seconds())), 0o600); err != nil {
		d.t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		d.t.Fatal(err)
	}
	d.environment = append(os.Environ(), "LD_PRELOAD="+libraries[0], "FAKETIME_TIMESTAMP_FILE="+path,
		"FAKETIME_CACHE_DURATION=1", "FAKETIME_DONT_FAKE_MONOTONIC=1", "NO_FAKE_STAT=1")
}

// WaitUntilClock returns when the daemon logs under a wall clock that is off by `offset`, to ten minutes.
func (d *Daemon) WaitUntilClock(offset time.Duration) {
	d.t.Helper()
	poll.Until(d.t, fmt.Sprintf("the daemon's clock is %v off", offset), func() error {
		d.MustCtl("refresh", "--config", d.ConfigPath()) // audited: a line in its log
		lines := strings.Split(strings.TrimSpace(d.Log()), "\n")
		stamp, _, _ := strings.Cut(lines[len(lines)-1], " ")
		logged, err := time.Parse(time.RFC3339, stamp)
		if err != nil {
			return err
		}
		if off := time.Until(logged); (off - offset).Abs() > 10*time.Minute {
			return errors.New("it logs " + stamp)
		}
		return nil
	})
}
