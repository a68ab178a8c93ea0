package customresources

import (
	"context"
	"fmt"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"signet/tests/conformance/internal/apiserver"
)

// record counts the calls of the API servers that the test starts from here on.
func record(t *testing.T) *apiserver.Recorder {
	t.Helper()
	recorder, restore := apiserver.Record()
	t.Cleanup(restore)
	return recorder
}

// inLives makes widgets in API servers that are started one after another, so that each has a seed of its own.
func (c *cluster) inLives(lives, perLife int) []widget {
	c.t.Helper()
	var all []widget
	for life := range lives {
		server := c.start()
		all = append(all, create(c.t, server, fmt.Sprintf("life%d", life), perLife)...)
		server.Stop()
	}
	if seeds := c.seeds(); seeds != lives {
		c.t.Fatalf("%d seeds in etcd after %d starts", seeds, lives)
	}
	return all
}

func TestColdAPIServerReadsWhatEarlierOnesStored(t *testing.T) {
	const lives, perLife = 4, 50
	c := newCluster(t)
	all := c.inLives(lives, perLife)
	if c.daemon.RemoteCalls("Wrap") == 0 {
		t.Fatal("the log does not tell of remote calls") // control for the count below
	}
	c.daemon.Restart() // as a node does: everything is cold
	unwraps := c.daemon.RemoteCalls("Unwrap")
	recorder := record(t)
	server := c.start()
	expectReadable(t, server, all)
	calls := recorder.Counts()
	// No single flight in kube-apiserver: every read in progress, and its watch cache, asks for the same seed; an
	// object read later does not.
	if calls.Encrypt != 1 || calls.Decrypt < lives || calls.Decrypt > len(all) {
		t.Errorf("calls %+v for %d seeds", calls, lives)
	}
	expectReadable(t, server, all)
	if after := recorder.Counts().Decrypt; after != calls.Decrypt {
		t.Errorf("%d more Decrypt calls for what was read before", after-calls.Decrypt)
	}
	// All seeds are under one local KEK, which signetd had at its start.
	if more := c.daemon.RemoteCalls("Unwrap") - unwraps; more != 0 {
		t.Errorf("%d calls to the KMS for %d seeds", more, lives)
	}
}

func TestListOfAThousandObjectsInAColdAPIServer(t *testing.T) {
	const lives, perLife = 5, 200
	c := newCluster(t)
	all := c.inLives(lives, perLife)
	c.daemon.Restart()
	recorder := record(t)
	server := c.start()
	expectListed(t, server, all)
	if err := list(server, all, 300); err != nil {
		t.Errorf("page by page: %v", err)
	}
	// As above: a few for each seed, far fewer than objects.
	if calls := recorder.Counts(); calls.Encrypt != 1 || calls.Decrypt < lives || calls.Decrypt > len(all)/4 {
		t.Errorf("calls %+v for %d objects of %d seeds", calls, len(all), lives)
	}
	// Control: one object too few, and one that reads as another, are noticed.
	if err := list(server, all[1:], 0); err == nil {
		t.Error("an object that was never made is not noticed")
	}
	changed := append([]widget{{all[0].name, "another secret"}}, all[1:]...)
	if err := list(server, changed, 0); err == nil {
		t.Error("an object with another secret is not noticed")
	}
}

// A rebooting node starts both in any order.
func TestAPIServerStartedBeforeTheDaemonServesOnceItIsThere(t *testing.T) {
	c := newCluster(t)
	all := create(t, c.start(), "w", 3)
	c.daemon.Stop()
	launched := make(chan struct{})
	time.AfterFunc(time.Second, func() {
		defer close(launched)
		c.daemon.Launch()
	})
	server := c.start()
	<-launched
	expectReadable(t, server, all)
	if err := server.Ready(t.Context()); err != nil {
		t.Error(err)
	}
}

// An outage of signetd: what is cached can be read, and be written under the seed that is in use.
func TestRunningAPIServerGoesOnWithoutTheDaemon(t *testing.T) {
	c := newCluster(t)
	server := c.start()
	all := create(t, server, "before", 3)
	c.daemon.Kill()
	all = append(all, create(t, server, "during", 3)...)
	expectReadable(t, server, all)
	if err := server.Widgets().Delete(context.Background(), all[0].name, metav1.DeleteOptions{}); err != nil {
		t.Error(err)
	}
	c.daemon.Start()
	expectReadable(t, c.start(), all[1:])
}
