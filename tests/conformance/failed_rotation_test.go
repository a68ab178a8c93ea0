package conformance

import (
	"slices"
	"testing"

	"signet/tests/conformance/internal/checks"
	"signet/tests/conformance/internal/daemon"
)

// The keyring from a backup of before the rotation: the only way back that `local` has.
func TestCase35_ReinstatedKeyMaterialHasANewKeyID(t *testing.T) {
	d := daemon.NewStarted(t)
	first := seal(t, d, 3)
	backup := d.ReadFile("keyring")
	d.Rotate()
	second := seal(t, d, 1)[0]

	watch, stop := watchKeyIDs(t, d)
	d.Stop()
	newer := d.ReadFile("keyring")
	d.ReplaceFile("keyring", backup)
	d.Launch()
	d.WaitUntilServing()
	client := d.Dial()
	for range 20 { // the superseded key_id is never announced, nor used
		expectNoEncrypt(t, client)
	}
	ask(t, d, checks.Opens(first))

	accept := d.Ctl("accept-key-id", second.KeyID, "--yes", "--config", d.ConfigPath())
	if accept.Code == 0 {
		t.Errorf("accepted a key_id that the KMS does not name: %s", accept.Stdout)
	}
	d.MustCtl("accept-key-id", first[0].KeyID, "--yes", "--config", d.ConfigPath())
	d.WaitUntilHealthy()
	third := seal(t, d, 3)
	if want := first[0].KeyID + "-g1"; third[0].KeyID != want {
		t.Errorf("announced %s, want %s", third[0].KeyID, want)
	}
	ask(t, d, checks.Opens(append(first, third...)))

	// The same on a node that never saw any of it, from the setting that accept-key-id asks for.
	d.Set("key_id_generation", 1)
	d.Restart()
	if got := d.KeyID(); got != third[0].KeyID {
		t.Errorf("announces %s after a restart", got)
	}
	fresh := daemon.NewPeer(t, d)
	fresh.Set("key_id_generation", 1)
	fresh.Start()
	if got := fresh.KeyID(); got != third[0].KeyID {
		t.Errorf("another node announces %s", got)
	}
	ask(t, fresh, checks.Opens(append(first, third...)))
	stop()
	if got := watch.Announced(); slices.Contains(got, first[0].KeyID) {
		t.Errorf("the superseded key_id was announced: %v", got)
	}

	// Nothing is lost: with the newer keyring, objects of the version in between open again.
	d.Stop()
	d.ReplaceFile("keyring", newer)
	d.Launch()
	d.WaitUntilServing()
	ask(t, d, checks.Opens(append(append(first, third...), second)))
}

// The keyring names a version that refuses to wrap.
func TestCase38_ARotationThatFailsKeepsTheOldKeyID(t *testing.T) {
	d := probed(t)
	d.Start()
	old := seal(t, d, 3)
	watch, stop := watchKeyIDs(t, d)
	copied := d.Path("copied")
	d.ReplaceFile("copied", d.ReadFile("keyring"))
	d.MustCtl("keyring", "--keyring", copied, "add", "--activate")
	d.MustCtl("keyring", "--keyring", copied, "disable", "2")
	d.ReplaceFile("keyring", d.ReadFile("copied"))
	d.WaitForClass("primary", "degraded")
	if announced := seal(t, d, 100)[99].KeyID; announced != old[0].KeyID {
		t.Errorf("encrypts under %s", announced)
	}
	ask(t, d, checks.RoundTrip)
	ask(t, d, checks.KeyIDsAgree)

	d.Keyring("enable", 2)
	d.WaitUntilLeft(old[0].KeyID)
	newer := seal(t, d, 1)[0]
	ask(t, d, checks.Opens(append(old, newer)))
	watch.AwaitAnswer(t)
	watch.AwaitAnswer(t)
	stop()
	if err := watch.Failed(); err != nil {
		t.Error(err)
	}
	if got, want := watch.Announced(), []string{old[0].KeyID, newer.KeyID}; !slices.Equal(got, want) {
		t.Errorf("announced %v, want %v", got, want)
	}
}
