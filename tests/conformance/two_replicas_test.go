package conformance

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"

	"signet/tests/conformance/internal/checks"
	"signet/tests/conformance/internal/daemon"
	"signet/tests/conformance/internal/poll"
)

func TestCase53_TwoInstancesReadEachOthersObjectsAtEveryStep(t *testing.T) {
	r := newReplicas(t, 2)
	one, two := r.all[0], r.all[1]
	old := r.expectOneKeyID()
	var all []sealed
	keyIDs := func(wantOne, wantTwo string) {
		t.Helper()
		for i, want := range []string{wantOne, wantTwo} {
			made := seal(t, r.all[i].Daemon, 3)
			if made[0].KeyID != want {
				t.Errorf("instance %d encrypts under %s, want %s", i+1, made[0].KeyID, want)
			}
			all = append(all, made...)
		}
		ask(t, one.Daemon, checks.Opens(all))
		ask(t, two.Daemon, checks.Opens(all))
	}
	keyIDs(old, old)
	one.Add()
	keyIDs(old, old)
	r.share("primary")
	keyIDs(old, old)
	one.Keyring("activate", 2)
	one.WaitUntilLeft(old)
	newer := one.KeyID()
	keyIDs(newer, old)
	two.Keyring("activate", 2)
	two.WaitUntilLeft(old)
	keyIDs(newer, newer)
	r.expectUnfailing()
}

func TestCase54_AnInstanceThatLagsFiveMinutesFailsNoRead(t *testing.T) {
	r := newReplicas(t, 2)
	leader, lagging := r.all[0], r.all[1]
	old := r.expectOneKeyID()
	r.inFakeTime(func(t *testing.T, outside func(func())) {
		outside(func() {
			leader.Add()
			r.share("primary")
			leader.Keyring("activate", 2)
			leader.WaitUntilLeft(old)
		})
		for minute := range 6 {
			written := r.write(t)
			// kube-apiserver asks once a minute.
			if wantNew := minute > 0; (written[0] != old) != wantNew || written[1] != old {
				t.Errorf("minute %d: written under %v, the old key_id is %s", minute, written, old)
			}
			outside(func() {
				leader.reader.awaitSeeds(t)
				lagging.reader.awaitSeeds(t)
			})
			r.poll()
		}
		outside(func() {
			lagging.Keyring("activate", 2)
			lagging.WaitUntilLeft(old)
			r.expectOneKeyID()
		})
	})
	r.expectSmooth()
}

// What it shares with the others is the keyring: here it is an old copy, first under the running daemon and then
// at a start, as after a mistaken restore.
func TestCase55_AnInstanceWithAnOldKeyringNeverAnnouncesAnOldKeyID(t *testing.T) {
	d := daemon.NewStarted(t)
	watch, stop := watchKeyIDs(t, d)
	first := seal(t, d, 3)
	copied := d.ReadFile("keyring")
	d.Rotate()
	second := seal(t, d, 3)
	newer := d.ReadFile("keyring")

	d.ReplaceFile("keyring", copied)
	if listed := d.MustCtl("keyring", "verify", "--config", d.ConfigPath()); listed == "" {
		t.Error("the copy is not good")
	}
	poll.Until(t, "the daemon has seen the copy", func() error {
		if !strings.Contains(d.Log(), "not taken up") {
			return errors.New("its log does not say so")
		}
		return nil
	})
	ask(t, d, checks.KeyIDsAgree)
	if got := seal(t, d, 100)[99].KeyID; got != second[0].KeyID {
		t.Errorf("encrypts under %s with an old copy of the keyring", got)
	}
	ask(t, d, checks.Opens(slices.Concat(first, second)))
	if err := watch.Failed(); err != nil {
		t.Error(err)
	}

	d.Stop()
	d.Launch()
	d.WaitUntilServing()
	client := d.Dial()
	for range 20 {
		expectNoEncrypt(t, client)
	}
	ask(t, d, checks.Opens(first))
	expectRefused(t, client, second[0], codes.NotFound, codes.DataLoss)

	d.ReplaceFile("keyring", newer)
	d.WaitUntilHealthy()
	ask(t, d, checks.Opens(slices.Concat(first, second)))
	watch.AwaitAnswer(t)
	stop()
	if got, want := watch.Announced(), []string{first[0].KeyID, second[0].KeyID}; !slices.Equal(got, want) {
		t.Errorf("announced %v, want %v", got, want)
	}
}

func TestCase56_TwoAPIServersConvergeInOnePass(t *testing.T) {
	const objects = 10
	r := newReplicas(t, 2)
	old := r.expectOneKeyID()
	r.inFakeTime(func(t *testing.T, outside func(func())) {
		for range objects / 2 {
			r.write(t)
		}
		outside(func() {
			r.all[0].Add()
			r.share("primary")
			for _, one := range r.all {
				one.Keyring("activate", 2)
				one.WaitUntilLeft(old)
			}
		})
		r.poll()
		// In turns, so that each would undo the other's work if they did not agree.
		for pass, want := range []int{objects, 0, 0, 0} {
			if n := r.store.migrate(t, r.all[pass%2].server); n != want {
				t.Errorf("pass %d rewrote %d objects, want %d", pass+1, n, want)
			}
		}
		for range 5 {
			r.poll()
		}
		for i, one := range r.all {
			if n := r.store.migrate(t, one.server); n != 0 {
				t.Errorf("five minutes later %d objects are stale for kube-apiserver %d", n, i+1)
			}
		}
	})
	r.expectSmooth()
}

// Their clocks are two hours apart, and jump by as much under the running daemons and over restarts: what is
// announced stays the keyring's, on all of them.
func TestCase57_ClocksHoursApartDoNotChangeTheKeyID(t *testing.T) {
	r := newReplicas(t, 3)
	offsets := []time.Duration{time.Hour, 0, -time.Hour}
	old := r.expectOneKeyID()
	var all []sealed
	same := func(keyID string) {
		t.Helper()
		for _, one := range r.all {
			made := seal(t, one.Daemon, 3)
			if made[0].KeyID != keyID {
				t.Errorf("encrypts under %s, want %s", made[0].KeyID, keyID)
			}
			all = append(all, made...)
		}
		for _, one := range r.all {
			ask(t, one.Daemon, checks.Opens(all))
		}
	}
	for i, one := range r.all {
		one.SetClock(offsets[i])
		one.restart(t)
		one.WaitUntilClock(offsets[i])
	}
	same(old)
	r.all[0].Add()
	r.share("primary")
	for _, one := range r.all {
		one.Keyring("activate", 2)
		one.WaitUntilLeft(old)
	}
	newer := r.expectOneKeyID()
	same(newer)
	for i, one := range r.all {
		one.SetClock(-offsets[i])
		one.WaitUntilClock(-offsets[i])
	}
	same(newer)
	for i, one := range r.all {
		one.SetClock(offsets[i])
		one.restart(t)
		one.WaitUntilClock(offsets[i])
	}
	same(newer)
	r.expectUnfailing()
	for i, one := range r.all {
		if got, want := one.watch.Announced(), []string{old, newer}; !slices.Equal(got, want) {
			t.Errorf("replica %d announced %v, want %v", i, got, want)
		}
	}
}
