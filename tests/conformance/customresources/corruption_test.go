package customresources

import (
	"bytes"
	"context"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"signet/tests/conformance/internal/crdserver"
)

// flipped is the value with one bit changed, in the middle of one of its parts.
func flipped(t *testing.T, value, part []byte) []byte {
	t.Helper()
	at := bytes.Index(value, part)
	if at < 0 || len(part) == 0 {
		t.Fatal("the value has no such part")
	}
	changed := bytes.Clone(value)
	changed[at+len(part)/2] ^= 0x10
	return changed
}

// One object that somebody changed in etcd is an error to whoever reads it, never other data, and touches no
// other object; a LIST, which would have to leave it out, fails until it is repaired.
func TestOneCorruptedObjectFailsAlone(t *testing.T) {
	const objects = 10
	corruptions := map[string]func(value []byte, c *cluster, w widget) []byte{
		"wrapped seed": func(value []byte, c *cluster, w widget) []byte {
			return flipped(t, value, c.parsed(w).EncryptedDEKSource)
		},
		"record": func(value []byte, c *cluster, w widget) []byte {
			return flipped(t, value, c.parsed(w).Annotations["kek.signet.internal"])
		},
		"key_id": func(value []byte, c *cluster, w widget) []byte {
			// Ends in hex: another digit.
			keyID := []byte(c.parsed(w).KeyID)
			other := bytes.Clone(keyID)
			if other[len(other)-1]++; other[len(other)-1] > '9' {
				other[len(other)-1] = '0'
			}
			return bytes.Replace(value, keyID, other, 1)
		},
		"data": func(value []byte, c *cluster, w widget) []byte {
			return flipped(t, value, c.parsed(w).EncryptedData)
		},
		"half": func(value []byte, _ *cluster, _ widget) []byte { return value[:len(value)/2] },
	}
	c := newCluster(t)
	server := c.start()
	all := create(t, server, "w", objects)
	bad, good := all[0], all[1:]
	whole := c.stored(bad)
	corruptions["another object"] = func([]byte, *cluster, widget) []byte { return c.stored(good[0]) }
	for what, corrupt := range corruptions {
		t.Run(what, func(t *testing.T) {
			c.etcd.Put(crdserver.KeyPrefix+bad.name, corrupt(whole, c, bad))
			object, err := server.Widgets().Get(context.Background(), bad.name, metav1.GetOptions{})
			if !apierrors.IsInternalError(err) {
				t.Errorf("read as %v, %v", object, err)
			}
			expectReadable(t, server, good)
			if changed := rewriteAll(t, server, good[:1]); changed != 0 {
				t.Error("another object became stale")
			}
			if err := server.Ready(t.Context()); err != nil {
				t.Errorf("one bad object makes signetd unhealthy: %v", err)
			}
			c.etcd.Put(crdserver.KeyPrefix+bad.name, whole)
			if err := get(server, bad); err != nil { // control: it was the corruption
				t.Errorf("after its repair: %v", err)
			}
		})
	}
	expectListed(t, server, all) // control for the LIST below
	c.etcd.Put(crdserver.KeyPrefix+bad.name, corruptions["wrapped seed"](whole, c, bad))
	// From etcd the answer names the object; the cache, which lost it, only says that it is not ready.
	if err := list(server, all, 0); err == nil {
		t.Error("a LIST leaves the object out without a word")
	} else if !strings.Contains(err.Error(), bad.name) && !apierrors.IsTooManyRequests(err) {
		t.Errorf("LIST: %v", err)
	}
	expectReadable(t, server, good)
	c.etcd.Put(crdserver.KeyPrefix+bad.name, whole)
	expectListed(t, server, all)

	// An API server that starts with the bad object there serves the others, too.
	c.etcd.Put(crdserver.KeyPrefix+bad.name, corruptions["wrapped seed"](whole, c, bad))
	server.Stop()
	cold := c.start()
	expectReadable(t, cold, good)
	if err := get(cold, bad); !apierrors.IsInternalError(err) {
		t.Errorf("read in a cold API server: %v", err)
	}
	if created := create(t, cold, "new", 1); get(cold, created[0]) != nil {
		t.Error("a new object cannot be read")
	}
}
