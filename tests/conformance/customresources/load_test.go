package customresources

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"signet/tests/conformance/internal/checks"
	"signet/tests/conformance/internal/crdserver"
)

const (
	// Between two calls of one kind: leaves the machine to what goes on beside the load.
	loadPause = 5 * time.Millisecond
	// So many of the widgets that a load makes stay.
	loadKeeps = 5
)

// load is what the clients of one API server do while something else goes on: they read, list, write and delete, and
// never try again.
type load struct {
	server *crdserver.Server
	prefix string
	known  []widget // not changed while the load runs
	stop   chan struct{}
	group  sync.WaitGroup

	// Each of one goroutine, until the group is done.
	made                 []widget
	reads, lists, writes calls
}

// calls of one kind.
type calls struct {
	made, failed int
	first        error // failure
}

func (c *calls) err(kind string) error {
	switch {
	case c.made == 0:
		return fmt.Errorf("no %s was tried", kind)
	case c.failed > 0:
		return fmt.Errorf("%d of %d %ss failed, the first: %w", c.failed, c.made, kind, c.first)
	}
	return nil
}

// startLoad reads and lists `known`, and makes widgets whose names begin with `prefix`.
func startLoad(server *crdserver.Server, prefix string, known []widget) *load {
	l := &load{server: server, prefix: prefix, known: known, stop: make(chan struct{})}
	l.repeat(&l.reads, l.read)
	l.repeat(&l.lists, l.list)
	l.repeat(&l.writes, l.write)
	return l
}

// repeat calls `once` until the load ends, at least one time.
func (l *load) repeat(count *calls, once func(i int) error) {
	l.group.Go(func() {
		for {
			if err := once(count.made); err != nil {
				if count.failed++; count.first == nil {
					count.first = err
				}
			}
			count.made++
			select {
			case <-l.stop:
				return
			case <-time.After(loadPause):
			}
		}
	})
}

func (l *load) read(i int) error { return get(l.server, l.known[i%len(l.known)]) }

func (l *load) list(int) error {
	page, err := l.server.Widgets().List(context.Background(), metav1.ListOptions{})
	if err != nil {
		return err
	}
	missing := map[string]widget{}
	for _, w := range l.known {
		missing[w.name] = w
	}
	for _, object := range page.Items {
		if w, known := missing[object.GetName()]; known {
			if err := w.is(&object); err != nil {
				return err
			}
			delete(missing, w.name)
		}
	}
	if len(missing) > 0 {
		return fmt.Errorf("%d of %d are not listed", len(missing), len(l.known))
	}
	return nil
}

func (l *load) write(i int) error {
	ctx := context.Background()
	w := widget{fmt.Sprintf("%s-%05d", l.prefix, i), "a secret, " + hex.EncodeToString(checks.RandomBytes(24))}
	if _, err := l.server.Widgets().Create(ctx, w.object(), metav1.CreateOptions{}); err != nil {
		return err
	}
	if err := get(l.server, w); err != nil {
		return err
	}
	if len(l.made) < loadKeeps {
		l.made = append(l.made, w)
		return nil
	}
	return l.server.Widgets().Delete(ctx, w.name, metav1.DeleteOptions{})
}

// end waits for the last calls and says what failed.
func (l *load) end() error {
	close(l.stop)
	l.group.Wait()
	return errors.Join(l.reads.err("read"), l.lists.err("list"), l.writes.err("write"))
}

// during runs `body` with a load on the server, none of whose calls may fail, and returns the widgets that are left of
// it.
func during(t *testing.T, server *crdserver.Server, prefix string, known []widget, body func()) (left []widget) {
	t.Helper()
	l := startLoad(server, prefix, known)
	// Also when `body` gives the test up.
	defer func() {
		if err := l.end(); err != nil {
			t.Errorf("%s: the clients of the other API server noticed: %v", prefix, err)
		}
		left = l.made
		t.Logf("%s: %d reads, %d lists, %d writes beside it", prefix, l.reads.made, l.lists.made, l.writes.made)
	}()
	body()
	return nil // replaced above, after the last call
}
