package conformance

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	kmsapi "k8s.io/kms/apis/v2"

	"signet/tests/conformance/internal/apiserver"
	"signet/tests/conformance/internal/checks"
	"signet/tests/conformance/internal/daemon"
	"signet/tests/conformance/internal/kmsclient"
	"signet/tests/conformance/internal/poll"
)

// patient is longer than kube-apiserver's 3 s: its client redials after 1 s and 1.6 s, each ± 20 %, and so might
// only just miss a daemon that comes up within them.
const patient = 10 * time.Second

func TestCase41_ADaemonStartedLateServesTheWaitingCall(t *testing.T) {
	const late = 1500 * time.Millisecond
	d := daemon.New(t)
	client, err := kmsclient.Dial(d.Socket(), grpc.WithConnectParams(grpc.ConnectParams{
		Backoff:           backoff.Config{BaseDelay: 50 * time.Millisecond, Multiplier: 1, MaxDelay: 50 * time.Millisecond},
		MinConnectTimeout: time.Second,
	}))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	answer := make(chan error, 1)
	go func() {
		// The daemon listens before it has a key, so the first answer may be UNAVAILABLE; kube-apiserver asks again.
		ctx, cancel := context.WithTimeout(context.Background(), checks.CallTimeout)
		defer cancel()
		_, err := client.Status(ctx, &kmsapi.StatusRequest{})
		answer <- err
	}()
	time.Sleep(late)
	d.Launch()
	if err := <-answer; err != nil && status.Code(err) != codes.Unavailable {
		t.Errorf("the waiting call: %v", err)
	}
	d.WaitUntilHealthy()
	ask(t, d, checks.RoundTrip)
}

func TestCase41_APIServerStartedFirstBecomesHealthy(t *testing.T) {
	d := daemon.New(t)
	launched := make(chan struct{})
	time.AfterFunc(1500*time.Millisecond, func() {
		defer close(launched)
		d.Launch()
	})
	server := newAPIServer(t, apiserver.Provider{Name: newProviderName(), Socket: d.Socket(), Timeout: patient})
	<-launched
	d.WaitUntilHealthy()
	poll.Until(t, "kube-apiserver is healthy", func() error { return server.Check(t.Context()) })
	roundTrip(t, server, "/registry/secrets/default/late")
}

func TestCase42_ADaemonThatHangsCostsOneTimeoutAndRecovers(t *testing.T) {
	d := daemon.NewStarted(t)
	all := seal(t, d, 1)
	client := d.Dial()
	d.Pause()
	for range 20 {
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		_, err := client.Open(ctx, "uid", all[0])
		cancel()
		if status.Code(err) != codes.DeadlineExceeded {
			t.Errorf("a call to a stopped daemon: %v", err)
		}
	}
	d.Signal(syscall.SIGCONT)
	ask(t, d, checks.Opens(all))
	ask(t, d, checks.RoundTrip)
	expectNoCallsInFlight(t, d)
}

func TestCase43_KilledAndRestartedDuringACallTheCallSucceeds(t *testing.T) {
	d := daemon.NewStarted(t)
	server := newAPIServer(t, apiserver.Provider{Name: newProviderName(), Socket: d.Socket(), Timeout: patient})
	const key = "/registry/secrets/default/killed"
	stored, err := server.Write(t.Context(), key, []byte("survives"))
	if err != nil {
		t.Fatal(err)
	}
	cold := newAPIServer(t, apiserver.Provider{Name: providerOf(t, stored), Socket: d.Socket(), Timeout: patient})
	d.Kill()
	// A call on a connection whose end the client has not seen yet fails at once; that is not this case.
	poll.Until(t, "the client has seen it", func() error {
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		if _, _, err := cold.Read(ctx, key, stored); err == nil || !strings.Contains(err.Error(), "DeadlineExceeded") {
			return fmt.Errorf("a read ends with: %v", err)
		}
		return nil
	})
	type result struct {
		data []byte
		err  error
	}
	answer := make(chan result, 1)
	go func() {
		data, _, err := cold.Read(context.Background(), key, stored)
		answer <- result{data, err}
	}()
	select {
	case early := <-answer:
		t.Fatalf("answered without a daemon: %q, %v", early.data, early.err)
	case <-time.After(200 * time.Millisecond):
	}
	d.Launch()
	if got := <-answer; got.err != nil || string(got.data) != "survives" {
		t.Errorf("the waiting read: %q, %v", got.data, got.err)
	}
}

func TestCase44_AStaleSocketIsReplacedAndALiveOneIsNot(t *testing.T) {
	d := daemon.NewStarted(t)
	all := seal(t, d, 1)
	d.Kill()
	if _, err := os.Lstat(d.Socket()); err != nil {
		t.Errorf("kill -9 should have left the socket: %v", err)
	}
	d.Start()
	ask(t, d, checks.Opens(all))

	second := d.Run("signetd", nil, "--config", d.ConfigPath())
	if second.Code == 0 {
		t.Error("a second instance on a live socket ended with 0")
	}
	for _, want := range []string{".lock", fmt.Sprint(d.Pid())} {
		if !strings.Contains(second.Stderr, want) {
			t.Errorf("the second instance does not name %q: %s", want, second.Stderr)
		}
	}
	ask(t, d, checks.Opens(all))
	ask(t, d, checks.RoundTrip)
}

// Calls that the daemon has taken are answered; later ones find no socket.
func TestCase45_SIGTERMFinishesCallsAndRemovesTheSocket(t *testing.T) {
	const callers = 32
	d := daemon.NewStarted(t)
	client := d.Dial()
	var served atomic.Int64
	var group sync.WaitGroup
	ends := make([]error, callers)
	for i := range callers {
		group.Go(func() {
			for {
				ctx, cancel := context.WithTimeout(context.Background(), checks.CallTimeout)
				request := &kmsapi.EncryptRequest{Plaintext: checks.RandomBytes(32), Uid: "uid"}
				_, err := client.Encrypt(ctx, request, grpc.WaitForReady(false))
				cancel()
				if ends[i] = err; err != nil {
					return
				}
				served.Add(1)
			}
		})
	}
	poll.Until(t, "calls are in progress", func() error {
		if n := served.Load(); n < 1000 {
			return fmt.Errorf("%d served", n)
		}
		return nil
	})
	d.Stop()
	group.Wait()
	for _, err := range ends {
		if status.Code(err) != codes.Unavailable {
			t.Errorf("a call ended with: %v", err)
		}
		// The client's words for a call that was sent and never answered.
		for _, lost := range []string{"EOF", "error reading from server", "transport is closing", "connection reset"} {
			if strings.Contains(err.Error(), lost) {
				t.Errorf("a call in flight was lost: %v", err)
			}
		}
	}
	if _, err := os.Lstat(d.Socket()); !os.IsNotExist(err) {
		t.Errorf("the socket is still there: %v", err)
	}
}

func TestCase46_StateSurvivesStopsAndKills(t *testing.T) {
	d := daemon.NewStarted(t)
	d.Rotate()
	keyID := d.KeyID()
	all := seal(t, d, 10)
	for i := range 6 {
		if i%2 == 0 {
			d.Kill()
			d.Start()
		} else {
			d.Restart()
		}
		if got := d.KeyID(); got != keyID {
			t.Fatalf("start %d: key_id %s, was %s", i+1, got, keyID)
		}
		all = append(all, seal(t, d, 10)...)
		ask(t, d, checks.Opens(all))
	}
}
