package conformance

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/stats"

	"signet/tests/conformance/internal/checks"
	"signet/tests/conformance/internal/daemon"
	"signet/tests/conformance/internal/kmsclient"
	"signet/tests/conformance/internal/poll"
)

// SIGNET_MUTATIONS=10000000 is the long run.
func mutations(t *testing.T) int {
	t.Helper()
	if text := os.Getenv("SIGNET_MUTATIONS"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	return 50_000
}

// The same inside the process, and deeper: MutatedDecryptTest.
func TestCase26_NoMutatedTupleOpens(t *testing.T) {
	d := daemon.NewStarted(t)
	originals := seal(t, d, 8)
	d.Rotate()
	originals = append(originals, seal(t, d, 8)...)
	inputs := mutations(t)
	ask(t, d, checks.Mutated(originals, inputs, func(refusals map[codes.Code]int) {
		t.Logf("%d inputs refused: %v", inputs, refusals)
		// Malformed, and well formed but not genuine: neither check stands in for the other.
		for _, code := range []codes.Code{codes.InvalidArgument, codes.DataLoss} {
			if refusals[code] < inputs/20 {
				t.Errorf("%s for %d of %d inputs", code, refusals[code], inputs)
			}
		}
	}))
}

// sentCalls counts the requests that have left the client.
type sentCalls struct {
	stats.Handler
	count atomic.Int64
}

func (*sentCalls) TagRPC(ctx context.Context, _ *stats.RPCTagInfo) context.Context   { return ctx }
func (*sentCalls) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context { return ctx }
func (*sentCalls) HandleConn(context.Context, stats.ConnStats)                       {}
func (s *sentCalls) HandleRPC(_ context.Context, event stats.RPCStats) {
	if _, sent := event.(*stats.OutPayload); sent {
		s.count.Add(1)
	}
}

// kube-apiserver has no single flight, so signetd must: its KMS is asked once, whoever waits.
func TestCase30_FiveHundredColdDecryptsAreOneCallToTheKMS(t *testing.T) {
	const connections, perConnection = 10, 50
	d := daemon.New(t)
	d.Set("log.level", "debug") // tells of every call to the KMS
	d.Set("log.format", "json")
	d.Start()
	cold, another := seal(t, d, 1)[0], sealed{}
	d.Rotate()
	another = seal(t, d, 1)[0]
	d.Rotate()
	d.Stop()
	if err := os.Remove(d.Path("state/journal")); err != nil { // from which signetd would warm up
		t.Fatal(err)
	}
	d.Start()
	before := d.RemoteCalls("Unwrap")

	sent := &sentCalls{}
	var clients []*kmsclient.Client
	for range connections {
		client, err := kmsclient.Dial(d.Socket(), grpc.WithStatsHandler(sent))
		if err != nil {
			t.Fatal(err)
		}
		defer client.Close()
		if _, err := statusInTime(t, client); err != nil { // connected
			t.Fatal(err)
		}
		clients = append(clients, client)
	}
	connected := sent.count.Load()
	d.Pause() // until all are there
	problems := make([]error, connections*perConnection)
	var group sync.WaitGroup
	for i := range problems {
		group.Go(func() {
			ctx, cancel := context.WithTimeout(context.Background(), poll.Patience)
			defer cancel()
			plaintext, err := clients[i%connections].Open(ctx, "uid", cold)
			if err == nil && string(plaintext) != string(cold.Plaintext) {
				err = fmt.Errorf("%d wrong bytes", len(plaintext))
			}
			problems[i] = err
		})
	}
	poll.Until(t, "all calls are sent", func() error {
		if n := sent.count.Load() - connected; n < int64(len(problems)) {
			return fmt.Errorf("%d of %d", n, len(problems))
		}
		return nil
	})
	d.Signal(syscall.SIGCONT)
	group.Wait()
	for i, err := range problems {
		if err != nil {
			t.Fatalf("call %d: %v", i, err)
		}
	}
	if unwraps := d.RemoteCalls("Unwrap") - before; unwraps != 1 {
		t.Errorf("%d calls to the KMS", unwraps)
	}
	// Control: another local KEK is a call of its own, and the count sees it.
	ask(t, d, checks.Opens([]sealed{another, another}))
	if unwraps := d.RemoteCalls("Unwrap") - before; unwraps != 2 {
		t.Errorf("%d calls to the KMS for two local KEKs", unwraps)
	}
}
