// The contract that kube-apiserver imposes on a KMS v2 plugin, asked of the built signetd by the Kubernetes
// project's own code and by gRPC clients. Tests that bear a case number are the cases of tests/README.md.
package conformance

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	"signet/tests/conformance/internal/apiserver"
	"signet/tests/conformance/internal/checks"
	"signet/tests/conformance/internal/daemon"
	"signet/tests/conformance/internal/poll"
)

// apiserverLog is where kube-apiserver's code logs, at -v=6.
var apiserverLog string

func TestMain(m *testing.M) {
	if socket := os.Getenv(visitVariable); socket != "" {
		os.Exit(visit(socket))
	}
	os.Exit(run(m))
}

func run(m *testing.M) int {
	folder, err := os.MkdirTemp("", "signet-conformance")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() { _ = os.RemoveAll(folder) }()
	apiserverLog = filepath.Join(folder, "apiserver.log")
	log, err := os.Create(apiserverLog)
	if err == nil {
		defer func() { _ = log.Close() }()
		err = apiserver.LogTo(log, 6)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

// conforms asks a fresh daemon one question of the contract.
func conforms(t *testing.T, check checks.Check) {
	t.Helper()
	ask(t, daemon.NewStarted(t), check)
}

// ask asks a daemon that runs, and it must still run afterwards.
func ask(t *testing.T, d *daemon.Daemon, check checks.Check) {
	t.Helper()
	if err := check(t.Context(), d.Target()); err != nil {
		t.Error(err)
	}
	if code, ended := d.Ended(); ended {
		t.Errorf("signetd ended with %d", code)
	}
}

var providers atomic.Int64

// newProviderName is one that no other test uses.
func newProviderName() string { return fmt.Sprintf("signet-%d", providers.Add(1)) }

// newAPIServer is a kube-apiserver with empty caches on the daemon's socket.
func newAPIServer(t *testing.T, providers ...apiserver.Provider) *apiserver.Server {
	t.Helper()
	server, err := apiserver.Load(writeConfig(t, providers...))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Stop)
	return server
}

func writeConfig(t *testing.T, providers ...apiserver.Provider) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "encryption.yaml")
	if err := apiserver.WriteConfig(path, providers...); err != nil {
		t.Fatal(err)
	}
	return path
}

// record counts the calls of every kube-apiserver that the test makes from here on.
func record(t *testing.T) *apiserver.Recorder {
	t.Helper()
	recorder, restore := apiserver.Record()
	t.Cleanup(restore)
	return recorder
}

func seal(t *testing.T, d *daemon.Daemon, n int) []sealed {
	t.Helper()
	all, err := checks.SealMany(context.Background(), d.Target(), n)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// roundTrip writes and reads back one object.
func roundTrip(t *testing.T, server *apiserver.Server, key string) {
	t.Helper()
	stored, err := server.Write(t.Context(), key, []byte("round trip"))
	if err != nil {
		t.Fatal(err)
	}
	data, stale, err := server.Read(t.Context(), key, stored)
	if err != nil || stale || string(data) != "round trip" {
		t.Errorf("%q, stale %v, %v", data, stale, err)
	}
}

func providerOf(t *testing.T, stored []byte) string {
	t.Helper()
	return parse(t, stored).Provider
}

func parse(t *testing.T, stored []byte) apiserver.Stored {
	t.Helper()
	parsed, err := apiserver.ParseStored(stored)
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

// expectNoCallsInFlight looks into the daemon's own count.
func expectNoCallsInFlight(t *testing.T, d *daemon.Daemon) {
	t.Helper()
	poll.Until(t, "no call is in flight", func() error {
		socket, isObject := d.State()["kms_socket"].(map[string]any)
		if !isObject {
			return fmt.Errorf("status shows no kms_socket")
		}
		if inFlight, known := socket["calls_in_flight"]; !known || fmt.Sprint(inFlight) != "0" {
			return fmt.Errorf("calls_in_flight: %v", inFlight)
		}
		return nil
	})
}
