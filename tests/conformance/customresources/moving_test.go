package customresources

import (
	"fmt"
	"path/filepath"
	"testing"

	"signet/tests/conformance/internal/apiserver"
	"signet/tests/conformance/internal/crdserver"
	"signet/tests/conformance/internal/daemon"
	"signet/tests/conformance/internal/etcd"
	"signet/tests/conformance/internal/stub"
)

// plane is a control plane of two API servers on one etcd, each with a configuration of its own, as on two nodes.
type plane struct {
	t       *testing.T
	etcd    *etcd.Server
	configs [2]string
	servers [2]*crdserver.Server
	all     []widget
	steps   int
}

func newPlane(t *testing.T, providers ...apiserver.Provider) *plane {
	t.Helper()
	p := &plane{t: t, etcd: etcd.Start(t)}
	for i := range p.servers {
		p.configs[i] = filepath.Join(t.TempDir(), "encryption.yaml")
		p.restart(i, providers...)
	}
	p.use("start", providers[0])
	return p
}

// restart gives one API server another configuration; the other goes on.
func (p *plane) restart(i int, providers ...apiserver.Provider) {
	p.t.Helper()
	if p.servers[i] != nil {
		p.servers[i].Stop()
	}
	if err := apiserver.WriteConfig(p.configs[i], providers...); err != nil {
		p.t.Fatal(err)
	}
	p.servers[i] = crdserver.Start(p.t, p.etcd.URL(), p.configs[i])
}

// storedBy says by which provider a widget lies in etcd.
func (p *plane) storedBy(w widget, provider apiserver.Provider) error {
	value := p.etcd.Value(crdserver.KeyPrefix + w.name)
	parsed, err := apiserver.ParseStored(value)
	switch {
	case provider == apiserver.Identity && err == nil:
		return fmt.Errorf("%s is encrypted by %s", w.name, parsed.Provider)
	case provider == apiserver.Identity:
		return nil
	case err != nil:
		return fmt.Errorf("%s: %w", w.name, err)
	case parsed.Provider != provider.Name:
		return fmt.Errorf("%s is stored by %s", w.name, parsed.Provider)
	}
	return nil
}

// use makes widgets through both API servers and reads every widget there ever was through both.
func (p *plane) use(step string, writers ...apiserver.Provider) {
	p.t.Helper()
	for i, server := range p.servers {
		made := create(p.t, server, fmt.Sprintf("%s-%d-%d", step, p.steps, i), 3)
		writer := writers[min(i, len(writers)-1)]
		for _, w := range made {
			if err := p.storedBy(w, writer); err != nil {
				p.t.Errorf("%s, server %d: %v", step, i, err)
			}
		}
		p.all = append(p.all, made...)
	}
	p.steps++
	for _, server := range p.servers {
		expectReadable(p.t, server, p.all)
		expectListed(p.t, server, p.all)
	}
}

// roll changes one API server after the other, and uses both in between. `before` wrote until now. The clients of the
// one that is left notice nothing.
func (p *plane) roll(step string, before apiserver.Provider, providers ...apiserver.Provider) {
	p.t.Helper()
	p.with(1, step, func() { p.restart(0, providers...) })
	p.use(step, providers[0], before)
	p.with(0, step, func() { p.restart(1, providers...) })
	p.use(step, providers[0])
}

// with runs `body` while one API server is in use all the time.
func (p *plane) with(server int, step string, body func()) {
	p.t.Helper()
	p.steps++
	prefix := fmt.Sprintf("%s-%d-meanwhile", step, p.steps)
	p.all = append(p.all, during(p.t, p.servers[server], prefix, p.all, body)...)
}

// move is the procedure of manifests/config/moving.md.
func (p *plane) move(from, to apiserver.Provider) {
	p.t.Helper()
	p.roll("add", from, from, to)    // 1. everybody can read what `to` will write
	p.roll("switch", from, to, from) // 2. `to` writes
	p.with(1, "rewrite", func() { rewriteAll(p.t, p.servers[0], p.all) })
	for _, w := range p.all { // 3. nothing is left
		if err := p.storedBy(w, to); err != nil {
			p.t.Errorf("after the rewrite: %v", err)
		}
	}
	p.roll("remove", to, to) // 4. `from` is not needed any more
}

// moveThereAndBack moves from an old provider to signetd and back again.
func moveThereAndBack(t *testing.T, old apiserver.Provider, stopOld, startOld func()) {
	d := daemon.New(t)
	d.Start()
	provider := newProvider(d)
	p := newPlane(t, old)
	p.move(old, provider)
	stopOld()
	// Cold: no seed is cached anywhere.
	p.roll("without-old", provider, provider)
	startOld()
	p.move(provider, old)
	d.Stop()
	p.roll("without-signetd", old, old)
}

func oldPlugin(t *testing.T) (provider apiserver.Provider, plugin *stub.Server) {
	t.Helper()
	socket := filepath.Join(t.TempDir(), "old.sock")
	plugin, err := stub.Start(socket, stub.None)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(plugin.Stop)
	return apiserver.Provider{Name: fmt.Sprintf("old-%d", providers.Add(1)), Socket: socket}, plugin
}

// Any other KMS v2 plugin in the place of the old one, as vault-kubernetes-kms or ack-kms-plugin.
func TestMovesFromAnotherPluginAndBackWithoutDowntime(t *testing.T) {
	old, plugin := oldPlugin(t)
	moveThereAndBack(t, old, plugin.Stop, func() {
		if err := plugin.Restart(old.Socket); err != nil {
			t.Fatal(err)
		}
	})
}

func TestMovesFromIdentityAndBackWithoutDowntime(t *testing.T) {
	moveThereAndBack(t, apiserver.Identity, func() {}, func() {})
}

// Control: without the first step the other API server cannot read what is written, and the test sees it.
func TestControlASwitchWithoutTheFirstStepIsNoticed(t *testing.T) {
	old, _ := oldPlugin(t)
	d := daemon.New(t)
	d.Start()
	p := newPlane(t, old)
	p.restart(0, newProvider(d), old)
	w := create(t, p.servers[0], "hasty", 1)[0]
	if err := get(p.servers[0], w); err != nil {
		t.Error(err)
	}
	if err := get(p.servers[1], w); err == nil {
		t.Error("an API server read an object of a provider that it does not know")
	}
	// The load that runs beside every step notices it as well, reading one by one and listing.
	l := startLoad(p.servers[1], "meanwhile", []widget{w})
	err := l.end()
	if l.reads.failed == 0 || l.lists.failed == 0 {
		t.Errorf("the load does not notice what cannot be read: %v", err)
	}
}
