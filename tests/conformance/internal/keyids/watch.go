package keyids

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	kmsapi "k8s.io/kms/apis/v2"

	"signet/tests/conformance/internal/kmsclient"
	"signet/tests/conformance/internal/poll"
)

const (
	interval    = 10 * time.Millisecond
	longGap     = 20 * time.Millisecond
	callTimeout = 3 * time.Second
)

// Watch asks a plugin for Status every 10 ms, into its Log, until Stop. Safe for concurrent use.
type Watch struct {
	Log
	client *kmsclient.Client
	stop   context.CancelFunc
	done   sync.WaitGroup

	mutex    sync.Mutex
	samples  int
	longGaps int
	failed   int   // of the samples
	failures int   // of these, since Forgive
	failure  error // the last
}

// Start watches; the plugin need not be there yet.
func Start(socket string) (*Watch, error) {
	// After a restart of the plugin the next answer comes at once, not after gRPC's own second and more.
	soon := backoff.Config{BaseDelay: interval, Multiplier: 1, MaxDelay: interval}
	client, err := kmsclient.Dial(socket, grpc.WithConnectParams(grpc.ConnectParams{
		Backoff: soon, MinConnectTimeout: time.Second,
	}))
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	w := &Watch{client: client, stop: cancel}
	w.done.Go(func() { w.run(ctx) })
	return w, nil
}

// Stop ends it; only then the answers are complete.
func (w *Watch) Stop() {
	w.stop()
	w.done.Wait()
	w.client.Close()
}

func (w *Watch) run(ctx context.Context) {
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	var before time.Time
	for ctx.Err() == nil {
		began := time.Now()
		call, cancel := context.WithTimeout(context.Background(), callTimeout)
		response, err := w.client.Status(call, &kmsapi.StatusRequest{})
		cancel()
		w.mutex.Lock()
		w.samples++
		if !before.IsZero() && began.Sub(before) > longGap {
			w.longGaps++
		}
		if err != nil {
			w.failed++
			w.failures++
			w.failure = err
		}
		w.mutex.Unlock()
		before = began
		if err == nil {
			w.Add("Status", response.GetKeyId(), began)
		}
		<-ticker.C
	}
}

// Failed is an error that tells of the Status calls that failed since Forgive; nil: none.
func (w *Watch) Failed() error {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	if w.failures == 0 {
		return nil
	}
	return fmt.Errorf("%d Status calls failed, the last with: %w", w.failures, w.failure)
}

// Forgive forgets failures: they were due, while the plugin was down.
func (w *Watch) Forgive() {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	w.failures, w.failure = 0, nil
}

// Summary says how closely it looked.
func (w *Watch) Summary() string {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	return fmt.Sprintf("%d samples of Status, %d of them later than %v after the one before", w.samples,
		w.longGaps, longGap)
}

// AwaitAnswer returns when Status was OK once more.
func (w *Watch) AwaitAnswer(t testing.TB) {
	t.Helper()
	before := w.answers()
	poll.Until(t, "Status is OK again", func() error {
		if w.answers() == before {
			return errors.New("no answer yet")
		}
		return nil
	})
}

func (w *Watch) answers() int {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	return w.samples - w.failed
}
