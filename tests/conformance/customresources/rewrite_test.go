package customresources

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"maps"
	"strconv"
	"testing"

	"signet/tests/conformance/internal/crdserver"
	"signet/tests/conformance/internal/poll"
)

// explainedKeyIDs is the census that signetctl takes of a dump of etcd.
func (c *cluster) explainedKeyIDs() map[string]int {
	c.t.Helper()
	type entry struct {
		Key   string `json:"key"`
		Value string `json:"value"`
	}
	var dump struct {
		Kvs []entry `json:"kvs"`
	}
	for key, value := range c.etcd.Values(crdserver.KeyPrefix) {
		dump.Kvs = append(dump.Kvs, entry{
			base64.StdEncoding.EncodeToString([]byte(key)), base64.StdEncoding.EncodeToString(value),
		})
	}
	text, err := json.Marshal(dump)
	if err != nil {
		c.t.Fatal(err)
	}
	result := c.daemon.Run("signetctl", text, "explain", "-o", "json")
	var said []explanation
	if err := json.Unmarshal([]byte(result.Stdout), &said); err != nil || result.Code != 0 {
		c.t.Fatalf("explain: %d, %v, %s", result.Code, err, result.Stderr)
	}
	count := map[string]int{}
	for _, one := range said {
		count[one.KeyID]++
	}
	return count
}

// expectCensus wants these counts from the bytes in etcd, and signetctl must agree.
func (c *cluster) expectCensus(want map[string]int) {
	c.t.Helper()
	if got := c.census(); !maps.Equal(got, want) {
		c.t.Errorf("etcd has %v, want %v", got, want)
	}
	if got := c.explainedKeyIDs(); !maps.Equal(got, want) {
		c.t.Errorf("signetctl finds %v, want %v", got, want)
	}
}

// The whole of a rotation as an operator does it: a new version in the keyring, the API server notices by its own
// health check, every object is rewritten once, and then the old version is not needed by anything.
func TestKeyChangeAndRewriteLeaveNoObjectUnderTheOldKey(t *testing.T) {
	const objects = 100
	c := newCluster(t)
	recorder := record(t)
	server := c.start()
	all := create(t, server, "w", objects)
	oldKeyID := c.daemon.KeyID()
	c.expectCensus(map[string]int{oldKeyID: objects})

	c.daemon.Rotate()
	newKeyID := c.daemon.KeyID()
	if newKeyID == oldKeyID {
		t.Fatal("the key_id did not change")
	}
	poll.Until(t, "the API server asks for a seed under the new key", func() error {
		if calls := recorder.Counts(); calls.Encrypt != 2 {
			return errors.Join(server.Ready(t.Context()), errors.New("it has not"))
		}
		return nil
	})
	expectReadable(t, server, all)
	c.expectCensus(map[string]int{oldKeyID: objects}) // reading changes nothing

	if changed := rewriteAll(t, server, all[1:]); changed != objects-1 {
		t.Errorf("%d of %d were rewritten", changed, objects-1)
	}
	// Control: one object is left under the old key, and both counts find it.
	c.expectCensus(map[string]int{oldKeyID: 1, newKeyID: objects - 1})
	c.withoutVersion(1, func() {
		cold := c.start()
		defer cold.Stop()
		if err := get(cold, all[0]); err == nil {
			t.Error("the object of a disabled version is readable in a cold API server")
		}
		expectReadable(t, cold, all[1:])
	})

	if changed := rewriteAll(t, server, all); changed != 1 {
		t.Errorf("%d were rewritten, one was left", changed)
	}
	c.expectCensus(map[string]int{newKeyID: objects})
	if calls := recorder.Counts(); calls.Encrypt != 3 { // two of this server, one of the cold one
		t.Errorf("%d Encrypt calls", calls.Encrypt)
	}
	c.withoutVersion(1, func() {
		cold := c.start()
		defer cold.Stop()
		expectListed(t, cold, all)
	})
}

// withoutVersion runs `body` while a keyring version is disabled, in a daemon that has cached nothing of it.
func (c *cluster) withoutVersion(version int, body func()) {
	c.t.Helper()
	c.setVersion("disable", version)
	defer c.setVersion("enable", version)
	body()
}

func (c *cluster) setVersion(verb string, version int) {
	c.t.Helper()
	c.daemon.MustCtl("keyring", verb, strconv.Itoa(version), "--config", c.daemon.ConfigPath())
	c.daemon.Restart()
}
