package conformance

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"signet/tests/conformance/internal/apiserver"
	"signet/tests/conformance/internal/daemon"
	"signet/tests/conformance/internal/keyids"
)

// replica is one control-plane node: signetd, whose Status is sampled all the time, and a kube-apiserver on it.
type replica struct {
	*daemon.Daemon
	watch  *keyids.Watch
	config string            // the kube-apiserver's
	server *apiserver.Server // in the bubble of inReplicas
	reader *reader
}

// replicas are the nodes of one cluster, with one keyring and one store of objects.
type replicas struct {
	t     *testing.T
	all   []*replica
	store *store
}

// newReplicas starts n of them.
func newReplicas(t *testing.T, n int) *replicas {
	t.Helper()
	r := &replicas{t: t, store: &store{}}
	provider := newProviderName() // one name: it stands in every stored value
	for i := range n {
		var d *daemon.Daemon
		if i == 0 {
			d = daemon.New(t)
		} else {
			d = daemon.NewPeer(t, r.all[0].Daemon)
		}
		d.Set("watch.probe_interval", "100ms")
		d.Start()
		watch, _ := watchKeyIDs(t, d)
		config := writeConfig(t, apiserver.Provider{Name: provider, Socket: d.Socket(), Timeout: patient})
		r.all = append(r.all, &replica{
			Daemon: d, watch: watch, config: config, reader: startReader(t, d.Socket(), r.store),
		})
	}
	return r
}

// inFakeTime runs `body` beside a kube-apiserver on each replica. They live on a clock that jumps to the next
// poll; each reads every object of the store in every second of it. What needs real time goes through `outside`.
func (r *replicas) inFakeTime(body func(t *testing.T, outside func(func()))) {
	r.t.Helper()
	bridge := apiserver.OpenBridge(nil)
	defer bridge.Close()
	synctest.Test(r.t, func(t *testing.T) {
		defer synctest.Wait()
		var readers sync.WaitGroup
		ctx, stop := context.WithCancel(context.Background())
		defer func() { stop(); readers.Wait() }()
		for _, one := range r.all {
			server, err := apiserver.Load(one.config)
			if err != nil {
				t.Fatal(err)
			}
			defer server.Stop()
			one.server = server
			readers.Go(func() {
				for ctx.Err() == nil {
					r.store.expectReadable(t, server)
					time.Sleep(time.Second)
				}
			})
		}
		body(t, bridge.Outside)
	})
}

// poll lets a minute pass for the kube-apiservers, in which each asks for Status.
func (r *replicas) poll() { time.Sleep(time.Minute + time.Second) }

// write stores an object through each kube-apiserver and returns the key_ids that they are under.
func (r *replicas) write(t *testing.T) []string {
	t.Helper()
	var keyIDs []string
	for _, one := range r.all {
		keyIDs = append(keyIDs, parse(t, r.store.add(t, one.server)).KeyID)
	}
	r.store.expectReadable(t, r.all[0].server)
	return keyIDs
}

// expectOneKeyID wants all of them to announce one, and returns it.
func (r *replicas) expectOneKeyID() string {
	r.t.Helper()
	keyID := r.all[0].KeyID()
	for _, one := range r.all[1:] {
		if got := one.KeyID(); got != keyID {
			r.t.Errorf("one replica announces %s, another %s", keyID, got)
		}
	}
	return keyID
}

// share carries the keyring of a provider from the first replica to the others, as an operator does.
func (r *replicas) share(provider string) {
	r.t.Helper()
	r.shareFrom(0, provider)
}

func (r *replicas) shareFrom(leader int, provider string) {
	r.t.Helper()
	for i, one := range r.all {
		if i != leader {
			one.ImportKeyringOf(r.all[leader].Daemon, provider)
		}
	}
}

// restart is orderly; what fails meanwhile is forgiven, and nothing after it.
func (one *replica) restart(t *testing.T) {
	t.Helper()
	if err := errors.Join(one.watch.Failed(), one.reader.problem()); err != nil {
		t.Error(err)
	}
	one.reader.setDown(true)
	one.Restart()
	one.watch.AwaitAnswer(t)
	one.watch.Forgive()
	one.reader.setDown(false)
}

// expectUnfailing ends the sampling and the reading: nothing failed, and no key_id came back.
func (r *replicas) expectUnfailing() {
	r.t.Helper()
	for i, one := range r.all {
		one.reader.stop()
		one.watch.Stop()
		if err := errors.Join(one.watch.Failed(), one.watch.Problem(), one.reader.problem()); err != nil {
			r.t.Errorf("replica %d: %v", i, err)
		}
	}
}

// expectSmooth is the same for replicas that had something to read.
func (r *replicas) expectSmooth() {
	r.t.Helper()
	r.expectUnfailing()
	for i, one := range r.all {
		if one.reader.reads == 0 {
			r.t.Errorf("replica %d: nothing was read", i)
		}
		r.t.Logf("replica %d: %s; %d reads of seeds", i, one.watch.Summary(), one.reader.reads)
	}
}
