package conformance

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"

	"signet/tests/conformance/internal/apiserver"
	"signet/tests/conformance/internal/kmsclient"
	"signet/tests/conformance/internal/poll"
)

// store is etcd. Safe for concurrent use.
type store struct {
	mutex   sync.Mutex
	objects []object
}

func (s *store) snapshot() []object {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return append([]object(nil), s.objects...)
}

func (s *store) add(t *testing.T, server *apiserver.Server) []byte {
	t.Helper()
	s.mutex.Lock()
	n := len(s.objects)
	s.mutex.Unlock()
	o := object{key: fmt.Sprintf("/registry/secrets/default/o%d", n), data: fmt.Appendf(nil, "k8s\x00object %d", n)}
	var err error
	if o.stored, err = server.Write(t.Context(), o.key, o.data); err != nil {
		t.Fatal(err)
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.objects = append(s.objects, o)
	return o.stored
}

func (s *store) expectReadable(t *testing.T, server *apiserver.Server) {
	t.Helper()
	for _, o := range s.snapshot() {
		data, _, err := server.Read(t.Context(), o.key, o.stored)
		if err != nil || !bytes.Equal(data, o.data) {
			t.Errorf("%s: right data %v, %v", o.key, bytes.Equal(data, o.data), err)
		}
	}
}

// migrate rewrites what is stale for this kube-apiserver, as a storage migration does, and says how much was.
func (s *store) migrate(t *testing.T, server *apiserver.Server) (rewritten int) {
	t.Helper()
	all := s.snapshot()
	for i, o := range all {
		data, stale, err := server.Read(t.Context(), o.key, o.stored)
		if err != nil {
			t.Fatal(err)
		}
		if !stale {
			continue
		}
		if all[i].stored, err = server.Write(t.Context(), o.key, data); err != nil {
			t.Fatal(err)
		}
		rewritten++
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.objects = all
	return rewritten
}

// reader has a replica decrypt the seed of every object, again and again, as a kube-apiserver with an empty cache
// would.
type reader struct {
	client *kmsclient.Client
	store  *store
	cancel context.CancelFunc
	done   sync.WaitGroup
	once   sync.Once
	reads  int // after stop

	mutex  sync.Mutex
	down   bool
	downs  int
	seeds  map[string][]byte // by what is stored
	failed error
}

func startReader(t *testing.T, socket string, from *store) *reader {
	t.Helper()
	soon := backoff.Config{BaseDelay: 10 * time.Millisecond, Multiplier: 1, MaxDelay: 10 * time.Millisecond}
	client, err := kmsclient.Dial(socket, grpc.WithConnectParams(grpc.ConnectParams{
		Backoff: soon, MinConnectTimeout: time.Second,
	}))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	r := &reader{client: client, store: from, cancel: cancel, seeds: map[string][]byte{}}
	r.done.Go(func() {
		for ctx.Err() == nil {
			r.round()
			time.Sleep(5 * time.Millisecond)
		}
	})
	t.Cleanup(r.stop)
	return r
}

func (r *reader) stop() {
	r.once.Do(func() {
		r.cancel()
		r.done.Wait()
		r.client.Close()
	})
}

func (r *reader) round() {
	seen := map[string]bool{}
	for _, o := range r.store.snapshot() {
		parsed, err := apiserver.ParseStored(o.stored)
		if err != nil {
			r.note(err)
			continue
		}
		if source := string(parsed.EncryptedDEKSource); !seen[source] {
			seen[source] = true
			r.read(parsed)
		}
	}
}

func (r *reader) read(parsed apiserver.Stored) {
	downs := r.downSoFar()
	ctx, cancel := context.WithTimeout(context.Background(), patient)
	defer cancel()
	seed, err := r.client.Open(ctx, "reader", kmsclient.Sealed{
		Ciphertext: parsed.EncryptedDEKSource, KeyID: parsed.KeyID, Annotations: parsed.Annotations,
	})
	if err != nil && (downs < 0 || downs != r.downSoFar()) {
		return // it was restarted meanwhile
	}
	if err != nil {
		r.note(fmt.Errorf("seed under %s: %w", parsed.KeyID, err))
		return
	}
	r.reads++
	r.mutex.Lock()
	defer r.mutex.Unlock()
	before, known := r.seeds[string(parsed.EncryptedDEKSource)]
	if known && !bytes.Equal(before, seed) {
		r.failed = errors.New("a seed reads differently")
	}
	r.seeds[string(parsed.EncryptedDEKSource)] = seed
}

func (r *reader) note(err error) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.failed = errors.Join(r.failed, err)
}

func (r *reader) problem() error {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	return r.failed
}

func (r *reader) setDown(down bool) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.down = down
	r.downs++
}

// downSoFar changes with every restart, and is negative during one.
func (r *reader) downSoFar() int {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if r.down {
		return -1
	}
	return r.downs
}

// awaitSeeds returns when every seed of the store was read at least once.
func (r *reader) awaitSeeds(t *testing.T) {
	t.Helper()
	poll.Until(t, "every seed was read", func() error {
		for _, o := range r.store.snapshot() {
			parsed, err := apiserver.ParseStored(o.stored)
			if err != nil {
				return err
			}
			r.mutex.Lock()
			_, known := r.seeds[string(parsed.EncryptedDEKSource)]
			failed := r.failed
			r.mutex.Unlock()
			if failed != nil {
				return failed
			}
			if !known {
				return fmt.Errorf("%s was not", o.key)
			}
		}
		return nil
	})
}
