package conformance

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"

	"signet/tests/conformance/internal/apiserver"
	"signet/tests/conformance/internal/checks"
	"signet/tests/conformance/internal/daemon"
	"signet/tests/conformance/internal/poll"
	"signet/tests/conformance/internal/stub"
)

// A KMS that gives the key no more, until it does again.
func TestCase48_OutageWritesCoastThreeMinutesAndReadsGoOn(t *testing.T) {
	d := probed(t)
	d.Start()
	path := writeConfig(t, onDaemon(d))
	inFakeTime(t, path, nil, func(t *testing.T, server *apiserver.Server, outside func(func())) {
		all := writeObjects(t, server, 3)
		outside(func() { d.Keyring("disable", 1); d.WaitUntilUnhealthy() })
		time.Sleep(2*time.Minute + 50*time.Second) // the last good Status was the one at the load
		all = append(all, writeObjects(t, server, 3)...)
		time.Sleep(time.Minute)
		if _, err := server.Write(t.Context(), "/registry/secrets/default/late", []byte("late")); err == nil {
			t.Error("a write succeeded almost four minutes after the last good Status")
		}
		if err := server.Check(t.Context()); err == nil {
			t.Error("healthy in an outage")
		}
		time.Sleep(time.Hour)
		expectReadable(t, server, all, false)
		outside(func() { d.Keyring("enable", 1); d.WaitUntilHealthy() })
		time.Sleep(11 * time.Second) // kube-apiserver asks every ten while it fails
		all = append(all, writeObjects(t, server, 1)...)
		expectReadable(t, server, all, false)
		if err := server.Check(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// Why signetd's Status is an RPC error when writes must stop: under a bad healthz they do not.
func TestCase49_HealthzDoesNotStopWritesAndAnErrorDoes(t *testing.T) {
	healthz, err := os.MkdirTemp("/tmp", "sgn")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = os.RemoveAll(healthz) }()
	socket := healthz + "/kms.sock"
	plugin, err := stub.Start(socket, stub.HealthzLater)
	if err != nil {
		t.Fatal(err)
	}
	defer plugin.Stop()
	d := probed(t)
	d.Start()
	writesAfter := func(provider apiserver.Provider, breaks func()) (err error) {
		inFakeTime(t, writeConfig(t, provider), nil, func(t *testing.T, server *apiserver.Server, outside func(func())) {
			writeObjects(t, server, 1)
			outside(breaks)
			time.Sleep(10 * time.Minute)
			if server.Check(t.Context()) == nil {
				t.Error("healthy")
			}
			_, err = server.Write(t.Context(), "/registry/secrets/default/late", []byte("late"))
		})
		return err
	}
	if err := writesAfter(apiserver.Provider{Name: newProviderName(), Socket: socket}, func() {
		if err := plugin.Rotate(); err != nil { // from here on its healthz is bad
			t.Error(err)
		}
	}); err != nil {
		t.Errorf("a write under a bad healthz: %v", err)
	}
	if err := writesAfter(onDaemon(d), func() { d.Keyring("disable", 1); d.WaitUntilUnhealthy() }); err == nil {
		t.Error("a write under signetd with a disabled key")
	}
}

func TestCase50_TextsOfAnOutageShowNoSecret(t *testing.T) {
	passphrase := t.TempDir() + "/passphrase"
	const secret = "correct horse battery staple"
	if err := os.WriteFile(passphrase, []byte(secret+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	d := daemon.NewWith(t, "--passphrase-file", passphrase)
	d.Set("watch.probe_interval", "100ms")
	d.Set("log.level", "debug")
	d.Start()
	one := seal(t, d, 1)[0]
	d.Keyring("disable", 1)
	d.WaitUntilUnhealthy()
	client := d.Dial()
	secrets := [][]byte{[]byte(secret), []byte(passphrase), []byte(d.Path("keyring")), one.Plaintext}
	_, statusError := statusInTime(t, client)
	_, encryptError := client.Seal(t.Context(), "uid", one.Plaintext)
	_, decryptError := client.Open(t.Context(), "uid", one)
	for call, err := range map[string]error{"Status": statusError, "Encrypt": encryptError, "Decrypt": decryptError} {
		if err := checks.Refused(err, cannotEncrypt, secrets...); err != nil {
			t.Errorf("%s: %v", call, err)
		}
	}
	log := d.Log()
	if !strings.Contains(log, "the KMS key is revoked") { // control: the outage is in what was searched
		t.Error("the log does not tell of the outage")
	}
	for _, hidden := range [][]byte{[]byte(secret), one.Plaintext} {
		if checks.Contains(log, hidden) {
			t.Error("the log shows a secret")
		}
	}
}

func TestCase51_ADestroyedKeyFailsAlone(t *testing.T) {
	d := probed(t)
	d.Start()
	provider := onDaemon(d)
	lost := writeObjects(t, newAPIServer(t, provider), 1)
	gone := seal(t, d, 3)
	d.Rotate()
	kept := writeObjects(t, newAPIServer(t, provider), 2)
	ask(t, d, checks.Opens(gone)) // control
	d.MustCtl("keyring", "destroy", "1", "--yes", "--config", d.ConfigPath())
	client := d.Dial()
	poll.Until(t, "its local KEK has left memory", func() error {
		_, err := client.Open(t.Context(), "uid", gone[0])
		return checks.Refused(err, []codes.Code{codes.NotFound, codes.FailedPrecondition}, []byte(gone[0].KeyID))
	})
	for _, one := range gone {
		expectRefused(t, client, one, codes.NotFound, codes.FailedPrecondition)
	}
	cold := newAPIServer(t, provider)
	if _, _, err := cold.Read(t.Context(), lost[0].key, lost[0].stored); err == nil {
		t.Error("kube-apiserver reads an object of a destroyed key")
	}
	expectReadable(t, cold, kept, false)
	if err := cold.Check(t.Context()); err != nil {
		t.Errorf("one lost key made kube-apiserver unhealthy: %v", err)
	}
	ask(t, d, checks.RoundTrip)
	ask(t, d, checks.HealthyStatus)
}

// The state directory cannot be written.
func TestCase52_WithoutRoomForStateDecryptGoesOnAndARotationWaits(t *testing.T) {
	d := daemon.NewStarted(t)
	old := seal(t, d, 3)
	watch, stop := watchKeyIDs(t, d)
	d.MoveFile("state", "away")
	d.AddVersion()
	poll.Until(t, "status says that the new key waits", func() error { return onlyProblem(d, "not_announced") })
	ask(t, d, checks.Opens(old))
	ask(t, d, checks.KeyIDsAgree)
	if got := d.KeyID(); got != old[0].KeyID {
		t.Errorf("announces %s, which it cannot remember", got)
	}
	d.MoveFile("away", "state")
	d.WaitUntilLeft(old[0].KeyID)
	poll.Until(t, "status shows no problem", func() error { return onlyProblem(d, "") })
	ask(t, d, checks.Opens(old))
	ask(t, d, checks.RoundTrip)
	stop()
	if err := watch.Failed(); err != nil {
		t.Error(err)
	}
}

// onlyProblem returns nil when `signetctl status` lists the problem of that kind alone, or none for "".
func onlyProblem(d *daemon.Daemon, kind string) error {
	problems, _ := d.State()["problems"].([]any)
	if kind == "" && len(problems) == 0 {
		return nil
	}
	if len(problems) == 1 {
		if fields, _ := problems[0].(map[string]any); fields["kind"] == kind {
			return nil
		}
	}
	return fmt.Errorf("problems: %v", problems)
}

// signetctl's word comes while Encrypt still works: the KMS wraps no more, and the local KEK nears its limit.
func TestCase74_TheLimitShowsInStatusBeforeEncryptFails(t *testing.T) {
	const maxUses = 200
	d := probed(t)
	d.Set("local_kek.max_uses", maxUses)
	d.Start()
	client := d.Dial()
	d.ReplaceFile("copied", d.ReadFile("keyring"))
	d.MustCtl("keyring", "--keyring", d.Path("copied"), "add", "--activate")
	d.MustCtl("keyring", "--keyring", d.Path("copied"), "disable", "2")
	d.ReplaceFile("keyring", d.ReadFile("copied"))
	d.WaitForClass("primary", "degraded")
	ask(t, d, checks.HealthyStatus) // and Encrypt works still
	sealedBefore := seal(t, d, 1)[0]
	for uses := 0; ; uses++ {
		_, err := client.Seal(t.Context(), "uid", checks.RandomBytes(checks.SeedBytes))
		if err != nil {
			break
		}
		if uses > maxUses {
			t.Fatalf("%d uses of a local KEK for %d", uses, maxUses)
		}
	}
	expectNoEncrypt(t, client)
	ask(t, d, checks.Opens([]sealed{sealedBefore}))
	d.Keyring("enable", 2)
	d.WaitUntilHealthy()
	ask(t, d, checks.RoundTrip)
	ask(t, d, checks.Opens([]sealed{sealedBefore}))
}
