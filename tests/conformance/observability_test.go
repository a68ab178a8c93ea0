package conformance

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"signet/tests/conformance/internal/apiserver"
	"signet/tests/conformance/internal/checks"
	"signet/tests/conformance/internal/daemon"
)

// logLines are the daemon's JSON lines.
func logLines(t *testing.T, d *daemon.Daemon) []map[string]any {
	t.Helper()
	var lines []map[string]any
	for line := range strings.Lines(d.Log()) {
		fields := map[string]any{}
		if err := json.Unmarshal([]byte(line), &fields); err != nil {
			t.Errorf("not JSON: %q", line)
		}
		lines = append(lines, fields)
	}
	return lines
}

// has says whether one line has all these values, under whatever names.
func has(lines []map[string]any, values ...string) bool {
	for _, line := range lines {
		found := 0
		for _, want := range values {
			for _, value := range line {
				if strings.EqualFold(fmt.Sprint(value), want) {
					found++
					break
				}
			}
		}
		if found == len(values) {
			return true
		}
	}
	return false
}

func TestCase67_ALogLinePerCallWithUIDMethodCodeAndHash(t *testing.T) {
	d := daemon.New(t)
	d.Set("log.level", "debug")
	d.Set("log.format", "json")
	d.Start()
	client := d.Dial()
	plaintext := checks.RandomBytes(checks.SeedBytes)
	object, err := client.Seal(t.Context(), "uid-of-encrypt", plaintext)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.Open(t.Context(), "uid-of-decrypt", object); err != nil {
		t.Fatal(err)
	}
	forged := object
	forged.KeyID += "x"
	if _, err := client.Open(t.Context(), "uid-of-forged", forged); err == nil {
		t.Fatal("a forged key_id was accepted")
	}
	d.Stop()

	lines := logLines(t, d)
	hash := apiserver.KeyIDHash(object.KeyID)
	for _, want := range [][]string{
		{"uid-of-encrypt", "Encrypt", "OK", hash},
		{"uid-of-decrypt", "Decrypt", "OK", hash},
		{"uid-of-forged", "Decrypt"},
	} {
		if !has(lines, want...) {
			t.Errorf("no line with %v in:\n%s", want, d.Log())
		}
	}
	if has(lines, "uid-of-forged", "OK") {
		t.Error("the refused call is logged as OK")
	}
	for what, secret := range map[string][]byte{
		"plaintext": plaintext, "ciphertext": object.Ciphertext, "plaintext's half": plaintext[:16],
	} {
		if checks.Contains(d.Log(), secret) {
			t.Errorf("the log shows the %s", what)
		}
	}
	if !checks.Contains(d.Log()+string(plaintext), plaintext) || !checks.Contains(d.Log(), []byte("uid-of-encrypt")) {
		t.Error("the search finds nothing at all")
	}
}

func TestCase69_HashIsTheOneInKubeAPIServersMetrics(t *testing.T) {
	const ofOne = "sha256:6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b"
	if got := apiserver.KeyIDHash("1"); got != ofOne {
		t.Fatalf("kube-apiserver's hash of \"1\" is %s", got)
	}
	d := daemon.NewStarted(t)
	server := newAPIServer(t, onDaemon(d))
	keyID := parse(t, writeObjects(t, server, 1)[0].stored).KeyID
	hash := apiserver.KeyIDHash(keyID)
	active, isObject := d.State()["active"].(map[string]any)
	if !isObject {
		t.Fatalf("status shows no active key: %v", d.State())
	}
	if active["key_id"] != keyID || active["key_id_hash"] != hash {
		t.Errorf("status says %v, %v; kube-apiserver %s, %s", active["key_id"], active["key_id_hash"], keyID, hash)
	}
	d.Stop()
	if !strings.Contains(d.Log(), hash) {
		t.Errorf("the log does not name %s", hash)
	}
	log, err := os.ReadFile(apiserverLog)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(log), hash) {
		t.Errorf("kube-apiserver's own log does not name %s", hash)
	}
}
