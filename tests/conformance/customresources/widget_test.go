package customresources

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"sync"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"signet/tests/conformance/internal/checks"
	"signet/tests/conformance/internal/crdserver"
	"signet/tests/conformance/internal/poll"
)

// widget is a custom resource with a secret that can be told apart from all others.
type widget struct{ name, secret string }

func (w widget) object() *unstructured.Unstructured {
	object := &unstructured.Unstructured{Object: map[string]any{"secret": w.secret}}
	object.SetGroupVersionKind(crdserver.Kind)
	object.SetName(w.name)
	return object
}

// is says whether the object is the widget, whole.
func (w widget) is(object *unstructured.Unstructured) error {
	if secret, _, _ := unstructured.NestedString(object.Object, "secret"); secret != w.secret {
		return fmt.Errorf("%s reads as %q", w.name, secret)
	}
	return nil
}

// create makes n widgets, some at a time.
func create(t *testing.T, server *crdserver.Server, prefix string, n int) []widget {
	t.Helper()
	all := make([]widget, n)
	for i := range all {
		all[i] = widget{fmt.Sprintf("%s-%04d", prefix, i), "a secret, " + hex.EncodeToString(checks.RandomBytes(24))}
	}
	each(t, all, func(w widget) error {
		_, err := server.Widgets().Create(context.Background(), w.object(), metav1.CreateOptions{})
		return err
	})
	return all
}

// get reads one widget and compares.
func get(server *crdserver.Server, w widget) error {
	object, err := server.Widgets().Get(context.Background(), w.name, metav1.GetOptions{})
	if err != nil {
		return err
	}
	return w.is(object)
}

func expectReadable(t *testing.T, server *crdserver.Server, all []widget) {
	t.Helper()
	each(t, all, func(w widget) error { return get(server, w) })
}

// list reads all widgets, `limit` at a time (0: at once), and wants just these.
func list(server *crdserver.Server, all []widget, limit int64) error {
	want := map[string]widget{}
	for _, w := range all {
		want[w.name] = w
	}
	options := metav1.ListOptions{Limit: limit}
	for {
		page, err := server.Widgets().List(context.Background(), options)
		if err != nil {
			return err
		}
		for _, object := range page.Items {
			w, known := want[object.GetName()]
			if !known {
				return fmt.Errorf("%s is listed twice, or was never made", object.GetName())
			}
			if err := w.is(&object); err != nil {
				return err
			}
			delete(want, object.GetName())
		}
		if options.Continue = page.GetContinue(); options.Continue == "" {
			break
		}
	}
	if len(want) > 0 {
		return fmt.Errorf("%d of %d are not listed", len(want), len(all))
	}
	return nil
}

// expectListed waits for the watch cache of a server that has just started, and wants just these.
func expectListed(t *testing.T, server *crdserver.Server, all []widget) {
	t.Helper()
	poll.Until(t, "all are listed", func() error { return list(server, all, 0) })
}

// rewrite reads a widget and writes it back as it is, which is how stored data moves to a new key; `written` says
// whether that changed anything.
func rewrite(server *crdserver.Server, w widget) (written bool, err error) {
	ctx := context.Background()
	before, err := server.Widgets().Get(ctx, w.name, metav1.GetOptions{})
	if err != nil {
		return false, err
	}
	after, err := server.Widgets().Update(ctx, before, metav1.UpdateOptions{})
	if err != nil {
		return false, err
	}
	return after.GetResourceVersion() != before.GetResourceVersion(), w.is(after)
}

// rewriteAll rewrites each and returns how many changed.
func rewriteAll(t *testing.T, server *crdserver.Server, all []widget) int {
	t.Helper()
	var mutex sync.Mutex
	changed := 0
	each(t, all, func(w widget) error {
		written, err := rewrite(server, w)
		mutex.Lock()
		defer mutex.Unlock()
		if written {
			changed++
		}
		return err
	})
	return changed
}

// each runs `body` for every widget, eight at a time.
func each(t *testing.T, all []widget, body func(w widget) error) {
	t.Helper()
	const workers = 8
	problems := make([]error, workers)
	var group sync.WaitGroup
	for worker := range workers {
		group.Go(func() {
			for i := worker; i < len(all) && problems[worker] == nil; i += workers {
				if err := body(all[i]); err != nil {
					problems[worker] = fmt.Errorf("%s: %w", all[i].name, err)
				}
			}
		})
	}
	group.Wait()
	if err := errors.Join(problems...); err != nil {
		t.Fatal(err)
	}
}
