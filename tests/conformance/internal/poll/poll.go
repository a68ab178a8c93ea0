// Package poll waits for what another process is about to do.
package poll

import (
	"testing"
	"time"
)

// Patience is how long anything may take before a test gives up on it. Nothing is timed by it.
const Patience = 30 * time.Second

// Until asks `condition` until it returns nil; the test fails when Patience is over.
func Until(t testing.TB, what string, condition func() error) {
	t.Helper()
	var err error
	for deadline := time.Now().Add(Patience); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		if err = condition(); err == nil {
			return
		}
	}
	t.Fatalf("waited %v until %s: %v", Patience, what, err)
}
