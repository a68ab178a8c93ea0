package conformance

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"signet/tests/conformance/internal/apiserver"
	"signet/tests/conformance/internal/checks"
	"signet/tests/conformance/internal/daemon"
)

// object is one of etcd's: its key and its stored value, with what it must read as.
type object struct {
	key    string
	data   []byte
	stored []byte
}

func writeObjects(t *testing.T, server *apiserver.Server, n int) []object {
	t.Helper()
	var all []object
	for i := range n {
		data := append([]byte("k8s\x00"), checks.RandomBytes(100+i)...)
		o := object{key: fmt.Sprintf("/registry/secrets/default/s%d", i), data: data}
		var err error
		if o.stored, err = server.Write(t.Context(), o.key, data); err != nil {
			t.Fatal(err)
		}
		all = append(all, o)
	}
	return all
}

// expectReadable reads all and compares; want says whether they must be stale.
func expectReadable(t *testing.T, server *apiserver.Server, all []object, wantStale bool) {
	t.Helper()
	for _, o := range all {
		data, stale, err := server.Read(t.Context(), o.key, o.stored)
		if err != nil {
			t.Errorf("%s: %v", o.key, err)
		} else if !bytes.Equal(data, o.data) || stale != wantStale {
			t.Errorf("%s: right data %v, stale %v", o.key, bytes.Equal(data, o.data), stale)
		}
	}
}

func onDaemon(d *daemon.Daemon) apiserver.Provider {
	return apiserver.Provider{Name: newProviderName(), Socket: d.Socket()}
}

func TestAPIServerEncryptsOnceAndThenAsksNothing(t *testing.T) {
	d := daemon.NewStarted(t)
	recorder := record(t)
	server := newAPIServer(t, onDaemon(d))
	expectReadable(t, server, writeObjects(t, server, 100), false)
	if got, want := recorder.Counts(), (apiserver.Counts{Status: 1, Encrypt: 1}); got != want {
		t.Errorf("calls %+v, want %+v", got, want)
	}
}

func TestAPIServerWithEmptyCacheDecryptsOncePerSeed(t *testing.T) {
	const seeds, perSeed = 10, 5
	d := daemon.NewStarted(t)
	provider := onDaemon(d)
	var all []object
	for range seeds {
		all = append(all, writeObjects(t, newAPIServer(t, provider), perSeed)...)
	}
	recorder := record(t)
	cold := newAPIServer(t, provider)
	expectReadable(t, cold, all, false)
	if got, want := recorder.Counts(), (apiserver.Counts{Status: 1, Encrypt: 1, Decrypt: seeds}); got != want {
		t.Errorf("calls %+v, want %+v", got, want)
	}
}

// kube-apiserver has no single flight: parallel reads of one cold seed are as many calls to the plugin.
func TestAPIServerReadsOneColdSeedManyTimesAtOnce(t *testing.T) {
	const readers = 32
	d := daemon.NewStarted(t)
	provider := onDaemon(d)
	all := writeObjects(t, newAPIServer(t, provider), 1)
	d.Restart() // cold here too
	recorder := record(t)
	cold := newAPIServer(t, provider)
	var group sync.WaitGroup
	for range readers {
		group.Go(func() { expectReadable(t, cold, all, false) })
	}
	group.Wait()
	if n := recorder.Counts().Decrypt; n < 1 || n > readers {
		t.Errorf("%d Decrypt calls for %d readers", n, readers)
	}
}

func TestStoredValueIsWhatTheContractSays(t *testing.T) {
	d := daemon.NewStarted(t)
	server := newAPIServer(t, onDaemon(d))
	o := writeObjects(t, server, 1)[0]
	parsed := parse(t, o.stored)
	if keyID := d.KeyID(); parsed.KeyID != keyID {
		t.Errorf("key_id %q, Status says %q", parsed.KeyID, keyID)
	}
	if !bytes.Equal(parsed.SourceType, []byte{1}) {
		t.Errorf("type %x, want a seed", parsed.SourceType)
	}
	size := checks.ObjectBytes(parsed.KeyID, parsed.EncryptedDEKSource, parsed.Annotations)
	if size > daemon.MaxObjectBytes {
		t.Errorf("%d bytes per object, the budget is %d", size, daemon.MaxObjectBytes)
	}
	t.Logf("%d bytes per object: key_id %d, ciphertext %d", size, len(parsed.KeyID), len(parsed.EncryptedDEKSource))
	if len(parsed.EncryptedDEKSource) != 140 || parsed.EncryptedDEKSource[0] != 0xE5 {
		t.Errorf("%d bytes of ciphertext, first %#x", len(parsed.EncryptedDEKSource), parsed.EncryptedDEKSource[0])
	}
	if record, found := parsed.Annotations["kek.signet.internal"]; !found || len(parsed.Annotations) != 1 {
		t.Errorf("annotations %v", parsed.Annotations)
	} else if len(record) == 0 || record[0] != 1 {
		t.Errorf("record %x", record)
	}
	if bytes.Contains(o.stored, o.data[:16]) {
		t.Error("the data is readable in the stored value")
	}
}

// One byte of the stored value changed: an error, or (in the parts that are no part of the secret, like the
// framing) the right data. Never other data.
func TestChangedStoredValueNeverReadsAsSomethingElse(t *testing.T) {
	d := daemon.NewStarted(t)
	provider := onDaemon(d)
	o := writeObjects(t, newAPIServer(t, provider), 1)[0]
	cold := newAPIServer(t, provider)
	refused := 0
	for i := range o.stored {
		changed := bytes.Clone(o.stored)
		changed[i] ^= 1 << (i % 8)
		data, _, err := cold.Read(t.Context(), o.key, changed)
		if err == nil && !bytes.Equal(data, o.data) {
			t.Errorf("byte %d changed: %d other bytes", i, len(data))
		}
		if err != nil {
			refused++
		}
	}
	if refused < len(o.stored)*9/10 {
		t.Errorf("only %d of %d changes were refused", refused, len(o.stored))
	}
	expectReadable(t, cold, []object{o}, false)
}

func TestObjectUnderAnotherEtcdKeyIsRefused(t *testing.T) {
	d := daemon.NewStarted(t)
	server := newAPIServer(t, onDaemon(d))
	o := writeObjects(t, server, 1)[0]
	if _, _, err := server.Read(t.Context(), "/registry/secrets/default/other", o.stored); err == nil {
		t.Error("read under another key")
	}
}

func TestEncryptionConfigOfSignetctlLoads(t *testing.T) {
	d := daemon.NewStarted(t)
	path := filepath.Join(t.TempDir(), "encryption.yaml")
	text := d.MustCtl("encryption-config", "--config", d.ConfigPath())
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	server, err := apiserver.Load(path)
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	defer server.Stop()
	if err := server.Check(context.Background()); err != nil {
		t.Error(err)
	}
	roundTrip(t, server, "/registry/secrets/default/config")
}

func TestExplainNamesTheKeyIDOfAStoredValue(t *testing.T) {
	d := daemon.NewStarted(t)
	o := writeObjects(t, newAPIServer(t, onDaemon(d)), 1)[0]
	result := d.Run("signetctl", o.stored, "explain", "-o", "json")
	if result.Code != 0 {
		t.Fatalf("exit %d: %s%s", result.Code, result.Stdout, result.Stderr)
	}
	if !json.Valid([]byte(result.Stdout)) {
		t.Errorf("not JSON: %s", result.Stdout)
	}
	parsed := parse(t, o.stored)
	for _, want := range []string{parsed.KeyID, parsed.Provider} {
		if !strings.Contains(result.Stdout, want) {
			t.Errorf("%q is not in: %s", want, result.Stdout)
		}
	}
}

func TestSelftestAndHealthAnswerForTheSocket(t *testing.T) {
	d := daemon.NewStarted(t)
	for verb, healthy := range map[string]int{"selftest": 0, "health": 0} {
		if result := d.Ctl(verb, "--config", d.ConfigPath()); result.Code != healthy {
			t.Errorf("%s: %d, %s%s", verb, result.Code, result.Stdout, result.Stderr)
		}
	}
	d.Stop()
	for _, verb := range []string{"selftest", "health"} {
		if result := d.Ctl(verb, "--config", d.ConfigPath()); result.Code != 3 {
			t.Errorf("%s without a daemon: %d, %s%s", verb, result.Code, result.Stdout, result.Stderr)
		}
	}
}
