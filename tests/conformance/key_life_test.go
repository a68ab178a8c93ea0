package conformance

import (
	"context"
	"slices"
	"testing"
	"time"

	"google.golang.org/grpc/codes"

	"signet/tests/conformance/internal/checks"
	"signet/tests/conformance/internal/daemon"
	"signet/tests/conformance/internal/kmsclient"
)

// probed is a daemon, not started, that asks its keyring ten times a second whether it still unwraps.
func probed(t *testing.T) *daemon.Daemon {
	t.Helper()
	d := daemon.New(t)
	d.Set("watch.probe_interval", "100ms")
	return d
}

// expectRefused wants an object to be unreadable, with one of these codes.
func expectRefused(t *testing.T, client *kmsclient.Client, object sealed, allowed ...codes.Code) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), checks.CallTimeout)
	defer cancel()
	_, err := client.Open(ctx, "uid", object)
	if err := checks.Refused(err, allowed, object.Plaintext); err != nil {
		t.Errorf("Decrypt under %s: %v", object.KeyID, err)
	}
}

// expectNoEncrypt wants Status and Encrypt to fail alike.
func expectNoEncrypt(t *testing.T, client *kmsclient.Client) {
	t.Helper()
	_, err := statusInTime(t, client)
	if err := checks.Refused(err, cannotEncrypt); err != nil {
		t.Errorf("Status: %v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), checks.CallTimeout)
	defer cancel()
	plaintext := checks.RandomBytes(checks.SeedBytes)
	_, err = client.Seal(ctx, "uid", plaintext)
	if err := checks.Refused(err, cannotEncrypt, plaintext); err != nil {
		t.Errorf("Encrypt: %v", err)
	}
}

func TestCase31_DisabledUnderARunningDaemonTheOtherKeysStillDecrypt(t *testing.T) {
	d := probed(t)
	d.Start()
	old := seal(t, d, 3)
	d.Rotate()
	disabled := seal(t, d, 1)[0]
	client := d.Dial()
	d.Keyring("disable", 2)
	d.WaitUntilUnhealthy()
	for range 20 {
		expectNoEncrypt(t, client)
		ask(t, d, checks.Opens(old))
		expectRefused(t, client, disabled, codes.FailedPrecondition)
	}
	d.Keyring("enable", 2)
	d.WaitUntilHealthy()
	ask(t, d, checks.Opens(append(old, disabled)))
	ask(t, d, checks.RoundTrip)
}

func TestCase39_RotatedWhileDownTheFirstAnswerNamesTheNewKey(t *testing.T) {
	d := daemon.NewStarted(t)
	old := seal(t, d, 3)
	watch, stop := watchKeyIDs(t, d)
	watch.AwaitAnswer(t)
	d.Stop()
	d.AddVersion()
	d.Start()
	watch.AwaitAnswer(t)
	keyID := d.KeyID()
	if sealed := seal(t, d, 1)[0]; keyID == old[0].KeyID || sealed.KeyID != keyID {
		t.Errorf("Status %s, Encrypt %s, before %s", keyID, sealed.KeyID, old[0].KeyID)
	}
	ask(t, d, checks.Opens(old))
	stop()
	if got, want := watch.Announced(), []string{old[0].KeyID, keyID}; !slices.Equal(got, want) {
		t.Errorf("announced %v, want %v", got, want)
	}
}

func TestCase75_EitherModeReadsTheOthersData(t *testing.T) {
	d := daemon.NewStarted(t)
	provider := onDaemon(d)
	var objects []object
	var all []sealed
	life := func(mode string, oneRecord bool) {
		t.Helper()
		d.Set("mode", mode)
		d.Restart()
		objects = append(objects, writeObjects(t, newAPIServer(t, provider), 3)...)
		made := seal(t, d, 5)
		records := map[string]bool{}
		for _, one := range made {
			records[string(one.Annotations["kek.signet.internal"])] = true
		}
		if (len(records) == 1) != oneRecord {
			t.Errorf("mode %s: %d records for %d objects", mode, len(records), len(made))
		}
		all = append(all, made...)
		ask(t, d, checks.Opens(all))
		ask(t, d, checks.RoundTrip)
	}
	life("hierarchy", true)
	life("direct", false)
	if keyIDs := (all[0].KeyID == all[len(all)-1].KeyID); !keyIDs {
		t.Error("the mode changed the key_id")
	}
	expectReadable(t, newAPIServer(t, provider), objects, false)
	d.Rotate()
	life("direct", false)
	life("hierarchy", true)
	d.Rotate()
	life("hierarchy", true)
	expectReadable(t, newAPIServer(t, provider), objects[len(objects)-3:], false)
	expectReadable(t, newAPIServer(t, provider), objects[:len(objects)-3], true)
}

// The bound is the probe's interval and two confirmations, so it is counted in refusals of the KMS: on a slow
// machine they take longer.
func TestCase76_ADisabledRemoteKeyStopsEncryptAfterAFewProbes(t *testing.T) {
	const fewest, most = 3, 6 // the first and two confirmations; some may come too early to count
	d := probed(t)
	d.Set("log.level", "debug") // tells of every call to the KMS
	d.Set("log.format", "json")
	d.Start()
	provider := onDaemon(d)
	server := newAPIServer(t, provider)
	written := writeObjects(t, server, 3)
	all := seal(t, d, 3)
	if refused, _ := refusedUnwraps(d); refused != 0 {
		t.Fatalf("%d refusals of a key that works", refused)
	}
	d.Keyring("disable", 1)
	disabled := time.Now()
	d.WaitUntilUnhealthy()
	t.Logf("stopped after %v", time.Since(disabled))
	client := d.Dial()
	expectNoEncrypt(t, client)
	refused, stopped := refusedUnwraps(d)
	if !stopped || refused < fewest || refused > most {
		t.Errorf("the KMS refused %d times before Encrypt stopped (the log says so: %v)", refused, stopped)
	}
	// No local KEK is left in memory either.
	for _, one := range all {
		expectRefused(t, client, one, codes.FailedPrecondition)
	}
	fresh := newAPIServer(t, provider)
	if err := fresh.Check(t.Context()); err == nil {
		t.Error("a fresh kube-apiserver is healthy")
	}
	if _, err := fresh.Write(t.Context(), "/registry/secrets/default/no", []byte("no")); err == nil {
		t.Error("a fresh kube-apiserver writes")
	}
	if _, _, err := fresh.Read(t.Context(), written[0].key, written[0].stored); err == nil {
		t.Error("a fresh kube-apiserver reads")
	}
	expectReadable(t, server, written, false) // a running one has its own cache

	d.Keyring("enable", 1)
	d.WaitUntilHealthy()
	ask(t, d, checks.Opens(all))
	expectReadable(t, newAPIServer(t, provider), written, false)
}

// refusedUnwraps counts those in the log before the line that calls the key revoked, if it is there.
func refusedUnwraps(d *daemon.Daemon) (refused int, stopped bool) {
	for _, entry := range d.Entries() {
		if entry.Message == "provider_changed" && entry.Detail == "healthy to revoked" {
			return refused, true
		}
		if entry.Message == "remote call" && entry.Operation == "Unwrap" && entry.Code != "OK" {
			refused++
		}
	}
	return refused, false
}
