package customresources

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"testing"

	"signet/tests/conformance/internal/apiserver"
	"signet/tests/conformance/internal/crdserver"
	"signet/tests/conformance/internal/daemon"
)

// leaks says in which form a value shows the secret; "" for none.
func leaks(value []byte, w widget) string {
	secret := []byte(w.secret)
	for form, shown := range map[string][]byte{
		"clear":  secret,
		"hex":    []byte(hex.EncodeToString(secret)),
		"base64": []byte(base64.RawStdEncoding.EncodeToString(secret))[:len(secret)],
	} {
		if bytes.Contains(value, shown) {
			return form
		}
	}
	return ""
}

// encrypted is nil for a value that a provider stored under a key_id.
func encrypted(value []byte, provider apiserver.Provider, keyID string) error {
	if !bytes.HasPrefix(value, []byte("k8s:enc:kms:v2:"+provider.Name+":")) {
		return fmt.Errorf("begins with %.40q", value)
	}
	parsed, err := apiserver.ParseStored(value)
	if err != nil {
		return err
	}
	if parsed.KeyID != keyID {
		return fmt.Errorf("stored under key_id %q, want %q", parsed.KeyID, keyID)
	}
	if !bytes.Equal(parsed.SourceType, []byte{1}) {
		return fmt.Errorf("type %x, want a seed", parsed.SourceType)
	}
	return nil
}

type explanation struct {
	Transformer string `json:"transformer"`
	Name        string `json:"name"`
	Signet      bool   `json:"signet"`
	KeyID       string `json:"key_id"`
	Key         string `json:"etcd_key"`
	Record      struct {
		KeyID string `json:"key_id"`
	} `json:"record"`
}

// explain is what signetctl says about a value, and whether it finds it intact.
func explain(d *daemon.Daemon, value []byte) (said explanation, intact bool, err error) {
	result := d.Run("signetctl", value, "explain", "-o", "json")
	if result.Code > 1 {
		return said, false, errors.New(result.Stderr)
	}
	return said, result.Code == 0, json.Unmarshal([]byte(result.Stdout), &said)
}

func TestCustomResourceIsStoredEncrypted(t *testing.T) {
	c := newCluster(t)
	keyID := c.daemon.KeyID()
	for _, w := range create(t, c.start(), "w", 5) {
		value := c.stored(w)
		if err := encrypted(value, c.provider, keyID); err != nil {
			t.Errorf("%s: %v", w.name, err)
		}
		if form := leaks(value, w); form != "" {
			t.Errorf("%s: the secret is stored in %s", w.name, form)
		}
		for what, shown := range map[string]string{ // control: what is looked for would be found
			"clear": w.secret, "hex": hex.EncodeToString([]byte(w.secret)),
			"base64": base64.StdEncoding.EncodeToString([]byte(w.secret)),
		} {
			if form := leaks(append(bytes.Clone(value), shown...), w); form != what {
				t.Errorf("a secret in %s is found in %q", what, form)
			}
		}
	}
}

// What was stored before encryption was switched on is in clear until it is rewritten: the control for the checks
// of a stored value, and what an operator does.
func TestRewriteEncryptsWhatWasStoredInClear(t *testing.T) {
	c := newCluster(t)
	plain := crdserver.Start(t, c.etcd.URL(), "")
	all := create(t, plain, "old", 5)
	keyID := c.daemon.KeyID()
	for _, w := range all {
		if leaks(c.stored(w), w) != "clear" || encrypted(c.stored(w), c.provider, keyID) == nil {
			t.Fatalf("%s, stored without encryption, passes for encrypted", w.name)
		}
	}
	plain.Stop()
	c.configure(c.provider, apiserver.Identity)
	server := c.start()
	expectReadable(t, server, all)
	if changed := rewriteAll(t, server, all); changed != len(all) {
		t.Errorf("%d of %d were rewritten", changed, len(all))
	}
	for _, w := range all {
		if err := encrypted(c.stored(w), c.provider, keyID); err != nil || leaks(c.stored(w), w) != "" {
			t.Errorf("%s: %v, secret in %q", w.name, err, leaks(c.stored(w), w))
		}
	}
	server.Stop()
	c.configure(c.provider) // nothing in clear is left to be read
	expectReadable(t, c.start(), all)
}

func TestExplainAgreesWithWhatTheAPIServerStored(t *testing.T) {
	c := newCluster(t)
	w := create(t, c.start(), "w", 1)[0]
	value := c.stored(w)
	said, intact, err := explain(c.daemon, value)
	if err != nil || !intact {
		t.Fatalf("intact %v, %v", intact, err)
	}
	keyID := c.daemon.KeyID()
	if said.Name != c.provider.Name || !said.Signet || said.KeyID != keyID || said.Record.KeyID != keyID {
		t.Errorf("explained as %+v; key_id %s, provider %s", said, keyID, c.provider.Name)
	}
	// Control: another record than the one that the ciphertext names.
	record := c.parsed(w).Annotations["kek.signet.internal"]
	broken := bytes.Clone(value)
	broken[bytes.Index(value, record)+len(record)-1] ^= 1
	if _, intact, err := explain(c.daemon, broken); intact || err != nil {
		t.Errorf("a value with another record: intact %v, %v", intact, err)
	}
}

// Kubernetes' library reads from etcd what Kubernetes' server stored, under that key of etcd and under no other.
func TestStoredValueOpensUnderItsOwnKeyOnly(t *testing.T) {
	c := newCluster(t)
	all := create(t, c.start(), "w", 2)
	library, err := apiserver.Load(c.config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(library.Stop)
	value := c.stored(all[0])
	data, stale, err := library.Read(t.Context(), crdserver.KeyPrefix+all[0].name, value)
	if err != nil || leaks(data, all[0]) != "clear" {
		t.Errorf("%v, %q", err, data)
	}
	if stale {
		t.Error("stale under the current key")
	}
	if _, _, err := library.Read(t.Context(), crdserver.KeyPrefix+all[1].name, value); err == nil {
		t.Error("opens under another key of etcd")
	}
}
