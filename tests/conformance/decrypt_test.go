package conformance

import (
	"context"
	"testing"

	"google.golang.org/grpc/codes"

	"signet/tests/conformance/internal/checks"
	"signet/tests/conformance/internal/daemon"
)

func TestCase20_DecryptIsTheInverseOfEncrypt(t *testing.T) {
	conforms(t, checks.RoundTrip)
}

func TestCase21_UnknownKeyIDIsRefused(t *testing.T) {
	conforms(t, checks.UnknownKeyID)
}

func TestCase22_PartsOfTwoValidObjectsDoNotMix(t *testing.T) {
	d := daemon.NewStarted(t)
	before := seal(t, d, 1)[0]
	d.Rotate()
	after := seal(t, d, 1)[0]
	ask(t, d, checks.ExchangedParts(before, after))
}

func TestCase23_EveryBitOfTheCiphertextIsAuthenticated(t *testing.T) {
	conforms(t, checks.FlippedBits)
}

func TestCase24_AnyChangeOfTheAnnotationsIsRefused(t *testing.T) {
	conforms(t, checks.ChangedAnnotations)
}

func TestCase25_BadLengthsAreInvalidArgumentAndCostNoMemory(t *testing.T) {
	const bound = 64 << 20
	d := daemon.NewStarted(t)
	before := d.ResidentBytes()
	for range 5 {
		ask(t, d, checks.BadLengths)
	}
	if grown := d.ResidentBytes() - before; grown > bound {
		t.Errorf("grew by %d bytes", grown)
	}
}

func TestCase27_EveryKeyOfTheHistoryStillDecrypts(t *testing.T) {
	const rotations = 6
	d := daemon.NewStarted(t)
	all := seal(t, d, 3)
	keyIDs := map[string]bool{all[0].KeyID: true}
	for range rotations {
		d.Rotate()
		all = append(all, seal(t, d, 3)...)
		keyIDs[all[len(all)-1].KeyID] = true
		ask(t, d, checks.Opens(all))
	}
	if len(keyIDs) != rotations+1 {
		t.Errorf("%d key_ids after %d rotations", len(keyIDs), rotations)
	}
}

// The two-phase hand-over: first every node can decrypt the new version, then one announces it.
func TestCase28_ALaggingNodeDecryptsANewerKeyID(t *testing.T) {
	leader := daemon.NewStarted(t)
	lagging := daemon.NewPeer(t, leader)
	lagging.Start()
	old := leader.KeyID()
	if got := lagging.KeyID(); got != old {
		t.Fatalf("the nodes disagree: %s, %s", old, got)
	}

	leader.MustCtl("keyring", "add", "--config", leader.ConfigPath())
	lagging.ImportKeyringOf(leader, "primary")
	lagging.Restart()
	leader.MustCtl("keyring", "activate", "2", "--config", leader.ConfigPath())
	leader.Restart()

	newer := seal(t, leader, 3)
	if newer[0].KeyID == old {
		t.Fatal("the leader announces the old key_id")
	}
	if got := lagging.KeyID(); got != old {
		t.Fatalf("the lagging node announces %s already", got)
	}
	ask(t, lagging, checks.Opens(newer))
	ask(t, leader, checks.Opens(seal(t, lagging, 3)))

	lagging.MustCtl("keyring", "activate", "2", "--config", lagging.ConfigPath())
	lagging.Restart()
	if got := lagging.KeyID(); got != newer[0].KeyID {
		t.Errorf("one version, two key_ids: %s, %s", newer[0].KeyID, got)
	}
	ask(t, lagging, checks.Opens(newer))
}

func TestCase29_AThousandColdObjectsOfFiveKeysOpenAtOnce(t *testing.T) {
	const keys, perKey, callers = 5, 200, 100
	d := daemon.NewStarted(t)
	all := seal(t, d, perKey)
	for range keys - 1 {
		d.Rotate()
		all = append(all, seal(t, d, perKey)...)
	}
	d.Restart()
	ask(t, d, checks.OpensAtOnce(all, callers))
}

func TestCase31_DecryptWorksWhileTheWriteKeyIsDisabled(t *testing.T) {
	d := daemon.NewStarted(t)
	old := seal(t, d, 3)
	d.Rotate()
	disabled := seal(t, d, 1)[0]
	d.MustCtl("keyring", "disable", "2", "--config", d.ConfigPath())
	d.Stop()
	d.Launch()
	d.WaitUntilServing()
	client := d.Dial()

	_, err := statusInTime(t, client)
	if err := checks.Refused(err, cannotEncrypt); err != nil {
		t.Errorf("Status: %v", err)
	}
	ask(t, d, checks.Opens(old))
	ctx, cancel := context.WithTimeout(t.Context(), checks.CallTimeout)
	defer cancel()
	_, err = client.Open(ctx, "uid", disabled)
	if err := checks.Refused(err, []codes.Code{codes.FailedPrecondition}, disabled.Plaintext); err != nil {
		t.Errorf("an object of the disabled version: %v", err)
	}

	d.MustCtl("keyring", "enable", "2", "--config", d.ConfigPath())
	d.Restart()
	ask(t, d, checks.Opens(append(old, disabled)))
}
