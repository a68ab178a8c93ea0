package conformance

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"signet/tests/conformance/internal/apiserver"
	"signet/tests/conformance/internal/checks"
	"signet/tests/conformance/internal/daemon"
)

func TestCase58_AHundredClientsAtOnce(t *testing.T) {
	conforms(t, checks.ConcurrentClients)
}

func TestCase59_EveryReleasesAuthorityIsServed(t *testing.T) {
	conforms(t, checks.Authorities)
}

func TestCase60_SeveralConnections(t *testing.T) {
	conforms(t, checks.ManyConnections)
}

func TestCase60_TwoProviderNamesOnOneEndpoint(t *testing.T) {
	d := daemon.NewStarted(t)
	first := apiserver.Provider{Name: newProviderName(), Socket: d.Socket()}
	second := apiserver.Provider{Name: newProviderName(), Socket: d.Socket()}
	both := newAPIServer(t, first, second)
	swapped := newAPIServer(t, second, first)
	if err := both.Check(t.Context()); err != nil {
		t.Fatal(err)
	}
	const key = "/registry/secrets/default/two"
	for _, servers := range [][2]*apiserver.Server{{both, swapped}, {swapped, both}} {
		stored, err := servers[0].Write(t.Context(), key, []byte("two names"))
		if err != nil {
			t.Fatal(err)
		}
		data, stale, err := servers[1].Read(t.Context(), key, stored)
		if err != nil || string(data) != "two names" {
			t.Errorf("%q, %v", data, err)
		}
		if !stale {
			t.Error("written by the provider that is not first here, but not stale")
		}
	}
}

func TestCase61_AbstractSocketNeedsToBeAllowed(t *testing.T) {
	d := daemon.New(t)
	name := fmt.Sprintf("@signet-conformance-%d", os.Getpid())
	d.Set("kms_socket.path", name)
	if result := d.CheckConfig(); result.Code != 2 ||
		!strings.Contains(result.Stdout+result.Stderr, "allow_abstract") {
		t.Errorf("--check-config: %d, %s%s", result.Code, result.Stdout, result.Stderr)
	}
	d.Set("kms_socket.allow_abstract", true)
	d.SetSocket(name)
	d.Start()
	ask(t, d, checks.RoundTrip)
	server := newAPIServer(t, apiserver.Provider{Name: newProviderName(), Socket: name})
	roundTrip(t, server, "/registry/secrets/default/abstract")
}

func TestCase61_APathOver107BytesIsRefusedClearly(t *testing.T) {
	d := daemon.New(t)
	for length, wantCode := range map[int]int{107: 0, 108: 2} {
		d.Set("kms_socket.path", d.Path(strings.Repeat("s", length-len(d.Path("s"))+1)))
		result := d.CheckConfig()
		if result.Code != wantCode {
			t.Errorf("%d bytes: exit %d, want %d: %s%s", length, result.Code, wantCode, result.Stdout, result.Stderr)
		}
		if wantCode != 0 && !strings.Contains(result.Stdout+result.Stderr, "107") {
			t.Errorf("%d bytes: the limit is not named: %s%s", length, result.Stdout, result.Stderr)
		}
	}
}

func TestCase61_ModeAndOwnerOfTheSocket(t *testing.T) {
	for mode, want := range map[string]os.FileMode{"": 0o600, "0660": 0o660} {
		d := daemon.New(t)
		if mode != "" {
			d.Set("kms_socket.mode", mode)
		}
		d.Start()
		for name, want := range map[string]os.FileMode{"kms.sock": want, "admin.sock": 0o600} {
			info, err := os.Lstat(d.Path(name))
			if err != nil {
				t.Fatal(err)
			}
			if info.Mode().Type() != os.ModeSocket || info.Mode().Perm() != want {
				t.Errorf("%s with mode %q: %v, want %v", name, mode, info.Mode(), want)
			}
			if owner := info.Sys().(*syscall.Stat_t).Uid; int(owner) != os.Geteuid() {
				t.Errorf("%s belongs to %d", name, owner)
			}
		}
	}
}

// Another user's process is this test program again: only root can make one.
func TestCase61_PeersOffTheListAreNotServed(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root, to become another user")
	}
	const stranger, friend = 64_321, 64_322
	d := daemon.New(t)
	d.Set("kms_socket.mode", "0666")
	d.Set("kms_socket.allowed_uids", []int{0, friend})
	if err := os.Chmod(d.Path(".."), 0o711); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(d.Path(""), 0o711); err != nil {
		t.Fatal(err)
	}
	d.Start()
	if output, err := visitAs(t, friend, d.Socket()); err != nil {
		t.Errorf("uid %d is on the list: %v\n%s", friend, err, output)
	}
	if output, err := visitAs(t, stranger, d.Socket()); err == nil {
		t.Errorf("uid %d is not on the list: %s", stranger, output)
	}
	ask(t, d, checks.RoundTrip)
}

const visitVariable = "SIGNET_CONFORMANCE_VISIT"

// visitAs runs TestHelperVisit as another user.
func visitAs(t *testing.T, uid uint32, socket string) (string, error) {
	t.Helper()
	program, err := os.Open("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = program.Close() }()
	// By descriptor: the path may lie where the other user cannot go.
	command := exec.Command("/proc/self/fd/3", "-test.run=^TestMain$")
	command.ExtraFiles = []*os.File{program}
	command.Env = append(os.Environ(), visitVariable+"="+socket)
	command.Dir = "/"
	command.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uid, Gid: uid}}
	output, err := command.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return string(output), err
}

// SIGNET_IDLE_MINUTES=35 is the long run.
func TestCase62_IdleConnectionIsKept(t *testing.T) {
	t.Parallel()
	idle := 30 * time.Second
	if text := os.Getenv("SIGNET_IDLE_MINUTES"); text != "" {
		minutes, err := strconv.Atoi(text)
		if err != nil {
			t.Fatal(err)
		}
		idle = time.Duration(minutes) * time.Minute
	}
	conforms(t, checks.IdleConnection(idle))
}

func TestCase63_GarbageOnTheSocketDoesNotTouchOthers(t *testing.T) {
	conforms(t, checks.GarbageBeside)
}

// As many silent connections as are allowed keep nobody out for longer than it takes to see that they are silent.
func TestCase63_SilentConnectionsGiveTheirPlacesBack(t *testing.T) {
	t.Parallel()
	const places = 64
	d := daemon.NewStarted(t)
	client := d.Dial()
	if _, err := statusInTime(t, client); err != nil {
		t.Fatal(err)
	}
	for range 2 * places {
		silent, err := net.Dial("unix", d.Socket())
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = silent.Close() }()
	}
	if _, err := statusInTime(t, client); err != nil {
		t.Errorf("a client that was there before: %v", err)
	}
	d.WaitUntilHealthy()
	ask(t, d, checks.ManyConnections)
}
