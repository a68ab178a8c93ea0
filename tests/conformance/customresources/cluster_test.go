package customresources

import (
	"fmt"
	"path/filepath"
	"sync/atomic"
	"testing"

	"signet/tests/conformance/internal/apiserver"
	"signet/tests/conformance/internal/crdserver"
	"signet/tests/conformance/internal/daemon"
	"signet/tests/conformance/internal/etcd"
)

// cluster is a control plane without its API server, which a test starts as often as it likes.
type cluster struct {
	t        *testing.T
	daemon   *daemon.Daemon
	etcd     *etcd.Server
	provider apiserver.Provider // the daemon
	config   string             // the EncryptionConfiguration
}

var providers atomic.Int64

// newProvider is the daemon under a name that no other test uses.
func newProvider(d *daemon.Daemon) apiserver.Provider {
	return apiserver.Provider{Name: fmt.Sprintf("signet-%d", providers.Add(1)), Socket: d.Socket()}
}

func newCluster(t *testing.T) *cluster {
	t.Helper()
	d := daemon.New(t)
	d.Set("log.level", "debug") // remoteCalls reads it
	d.Set("log.format", "json")
	d.Start()
	c := &cluster{
		t: t, daemon: d, etcd: etcd.Start(t), provider: newProvider(d),
		config: filepath.Join(t.TempDir(), "encryption.yaml"),
	}
	c.configure(c.provider)
	return c
}

// configure writes the EncryptionConfiguration; a running API server takes it up.
func (c *cluster) configure(providers ...apiserver.Provider) {
	c.t.Helper()
	if err := apiserver.WriteConfig(c.config, providers...); err != nil {
		c.t.Fatal(err)
	}
}

// start is an API server with empty caches.
func (c *cluster) start() *crdserver.Server {
	c.t.Helper()
	return crdserver.Start(c.t, c.etcd.URL(), c.config)
}

// stored is what etcd has of a widget.
func (c *cluster) stored(w widget) []byte {
	c.t.Helper()
	return c.etcd.Value(crdserver.KeyPrefix + w.name)
}

// parsed is the same, taken apart.
func (c *cluster) parsed(w widget) apiserver.Stored {
	c.t.Helper()
	parsed, err := apiserver.ParseStored(c.stored(w))
	if err != nil {
		c.t.Fatalf("%s: %v", w.name, err)
	}
	return parsed
}

// census counts the widgets in etcd by the key_id that they are stored under; "" is none.
func (c *cluster) census() map[string]int {
	c.t.Helper()
	count := map[string]int{}
	for _, value := range c.etcd.Values(crdserver.KeyPrefix) {
		parsed, _ := apiserver.ParseStored(value)
		count[parsed.KeyID]++
	}
	return count
}

// seeds counts the different seeds of kube-apiserver that the widgets in etcd are stored under.
func (c *cluster) seeds() int {
	c.t.Helper()
	seeds := map[string]bool{}
	for _, value := range c.etcd.Values(crdserver.KeyPrefix) {
		parsed, err := apiserver.ParseStored(value)
		if err != nil {
			c.t.Fatal(err)
		}
		seeds[string(parsed.EncryptedDEKSource)] = true
	}
	return len(seeds)
}
