package daemon

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	kmsapi "k8s.io/kms/apis/v2"

	"signet/tests/conformance/internal/checks"
	"signet/tests/conformance/internal/kmsclient"
	"signet/tests/conformance/internal/poll"
)

// MaxObjectBytes is what signetd on `local` may add to every object for a 32-byte seed.
const MaxObjectBytes = 320

// Daemon is one signetd with its configuration, keyring and state. Not safe for concurrent use, but for Log.
type Daemon struct {
	t        testing.TB
	programs string
	folder   string // what `signetctl init` made
	socket   string
	logPath  string
	process  *process // null while it does not run

	environment []string // null: that of the tests
}

// New makes the folder with `signetctl init`; nothing runs yet. It differs from what is shipped by short watch
// intervals: a new version is announced within a second. The path is short: a socket's is limited to 107 bytes.
func New(t testing.TB) *Daemon {
	t.Helper()
	return NewWith(t)
}

// NewWith is New with more arguments for `signetctl init`.
func NewWith(t testing.TB, initArguments ...string) *Daemon {
	t.Helper()
	programs, err := ProgramFolder()
	if err != nil {
		t.Fatal(err)
	}
	root, err := os.MkdirTemp("/tmp", "sgn")
	if err != nil {
		t.Fatal(err)
	}
	d := &Daemon{t: t, programs: programs, folder: filepath.Join(root, "d"), logPath: filepath.Join(root, "log")}
	d.socket = d.Path("kms.sock")
	t.Cleanup(func() {
		d.Kill()
		if t.Failed() {
			t.Logf("end of the log of %s:\n%s", d.folder, tail(d.Log(), 40))
		}
		_ = os.RemoveAll(root)
	})
	d.MustCtl(append([]string{"init", "--dir", d.folder}, initArguments...)...)
	for _, setting := range []string{"interval", "confirm_interval", "activation_delay"} {
		d.Set("watch."+setting, "100ms")
	}
	return d
}

// NewStarted is New, then Start.
func NewStarted(t testing.TB) *Daemon {
	t.Helper()
	d := New(t)
	d.Start()
	return d
}

// Path is a file of the daemon's folder.
func (d *Daemon) Path(name string) string { return filepath.Join(d.folder, name) }

// ConfigPath is its signetd.yaml.
func (d *Daemon) ConfigPath() string { return d.Path("signetd.yaml") }

// Socket is where it serves the KMS API.
func (d *Daemon) Socket() string { return d.socket }

// SetSocket says where Socket is, after kms_socket.path was set.
func (d *Daemon) SetSocket(socket string) { d.socket = socket }

// Target is for the checks.
func (d *Daemon) Target() checks.Target {
	return checks.Target{Socket: d.Socket(), MaxObjectBytes: MaxObjectBytes}
}

// Dial connects to it; the connection ends with the test.
func (d *Daemon) Dial() *kmsclient.Client {
	d.t.Helper()
	client, err := kmsclient.Dial(d.Socket())
	if err != nil {
		d.t.Fatal(err)
	}
	d.t.Cleanup(client.Close)
	return client
}

// Start runs it and returns when Status is OK.
func (d *Daemon) Start() {
	d.t.Helper()
	d.Launch()
	d.WaitUntilHealthy()
}

// WaitUntilHealthy returns when Status is OK; Launch came before.
func (d *Daemon) WaitUntilHealthy() {
	d.t.Helper()
	d.WaitUntil("Status is OK", func(client *kmsclient.Client) bool {
		_, err := statusNow(client)
		return err == nil
	})
}

// WaitUntilServing returns when the daemon answers anything at all; Launch came before.
func (d *Daemon) WaitUntilServing() {
	d.t.Helper()
	d.WaitUntil("it answers", func(client *kmsclient.Client) bool {
		_, err := statusNow(client)
		return err == nil || !strings.Contains(err.Error(), "connection error")
	})
}

// Restart is an orderly stop and a start.
func (d *Daemon) Restart() {
	d.t.Helper()
	d.Stop()
	d.Start()
}

// KeyID is the one it announces now.
func (d *Daemon) KeyID() string {
	d.t.Helper()
	response, err := status(d.Dial())
	if err != nil {
		d.t.Fatalf("Status: %v", err)
	}
	return response.KeyId
}

// WaitUntil polls over a connection of its own; the test fails when the daemon ends first or poll.Patience does.
func (d *Daemon) WaitUntil(what string, condition func(client *kmsclient.Client) bool) {
	d.t.Helper()
	client, err := kmsclient.Dial(d.Socket())
	if err != nil {
		d.t.Fatal(err)
	}
	defer client.Close()
	for deadline := time.Now().Add(poll.Patience); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		if condition(client) {
			return
		}
		if code, ended := d.Ended(); ended {
			d.t.Fatalf("waiting until %s: signetd ended with %d", what, code)
		}
		// gRPC's own back-off starts at a second.
		client.Conn().ResetConnectBackoff()
	}
	d.t.Fatalf("waited %v until %s", poll.Patience, what)
}

// statusNow does not wait for a connection.
func statusNow(client *kmsclient.Client) (*kmsapi.StatusResponse, error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	return client.Status(ctx, &kmsapi.StatusRequest{}, grpc.WaitForReady(false))
}

func status(client *kmsclient.Client) (*kmsapi.StatusResponse, error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	return client.Status(ctx, &kmsapi.StatusRequest{})
}

// Log is all that it wrote to stderr, over its restarts.
func (d *Daemon) Log() string {
	text, err := os.ReadFile(d.logPath)
	if err != nil {
		return err.Error()
	}
	return string(text)
}

func tail(text string, lines int) string {
	all := strings.Split(strings.TrimRight(text, "\n"), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}
