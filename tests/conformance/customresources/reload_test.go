package customresources

import (
	"fmt"
	"testing"
	"time"

	"signet/tests/conformance/internal/crdserver"
	"signet/tests/conformance/internal/daemon"
	"signet/tests/conformance/internal/poll"
)

// untilStored makes widgets until one is stored as wanted; all that it made are returned.
func untilStored(t *testing.T, server *crdserver.Server, prefix string, wanted func(w widget) error) []widget {
	t.Helper()
	var all []widget
	poll.Until(t, "the API server has taken the configuration up", func() error {
		w := create(t, server, fmt.Sprintf("%s-%d", prefix, len(all)), 1)[0]
		all = append(all, w)
		return wanted(w)
	})
	return all
}

// A configuration that is touched makes a new transformer: new connection, new seed, the same key.
func TestReloadedConfigurationMakesANewSeedUnderTheSameKey(t *testing.T) {
	c := newCluster(t)
	recorder := record(t)
	server := c.start()
	all := create(t, server, "before", 3)
	before := c.parsed(all[0])
	touched := c.provider
	touched.Timeout = 4 * time.Second // kube-apiserver's default is 3
	c.configure(touched)
	all = append(all, untilStored(t, server, "after", func(w widget) error {
		if string(c.parsed(w).EncryptedDEKSource) == string(before.EncryptedDEKSource) {
			return fmt.Errorf("%s is stored under the old seed", w.name)
		}
		return nil
	})...)
	if after := c.parsed(all[len(all)-1]); after.KeyID != before.KeyID {
		t.Errorf("key_id %s, was %s", after.KeyID, before.KeyID)
	}
	if calls := recorder.Counts(); calls.Encrypt != 2 {
		t.Errorf("%d Encrypt calls for two configurations", calls.Encrypt)
	}
	// Stale is what has another key_id, not what has another seed.
	if changed := rewriteAll(t, server, all); changed != 0 {
		t.Errorf("%d objects were rewritten under the key that they had", changed)
	}
}

// Moving to another signetd, with a configuration that comes before it: the old one serves until then.
func TestReloadMovesToASecondDaemonOnceItServes(t *testing.T) {
	c := newCluster(t)
	server := c.start()
	all := create(t, server, "first", 5)

	second := daemon.New(t)
	provider := newProvider(second)
	c.configure(provider, c.provider)
	time.Sleep(time.Second) // ten times as long as a change waits for being noticed
	meanwhile := create(t, server, "meanwhile", 5)
	for _, w := range meanwhile {
		if stored := c.parsed(w).Provider; stored != c.provider.Name {
			t.Errorf("%s is stored by %s, which does not run", w.name, stored)
		}
	}
	all = append(all, meanwhile...)
	expectReadable(t, server, all)

	second.Start()
	keyID := second.KeyID()
	all = append(all, untilStored(t, server, "second", func(w widget) error {
		return encrypted(c.stored(w), provider, keyID)
	})...)
	expectReadable(t, server, all)
	rewriteAll(t, server, all)
	for _, w := range all {
		if err := encrypted(c.stored(w), provider, keyID); err != nil {
			t.Errorf("%s after its rewrite: %v", w.name, err)
		}
	}

	// So the first is not needed any more; control: before its object was rewritten it was.
	c.daemon.Stop()
	server.Stop()
	c.configure(provider)
	expectReadable(t, c.start(), all)
}
