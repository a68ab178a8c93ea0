package conformance

import (
	"errors"
	"slices"
	"testing"
	"time"

	"signet/tests/conformance/internal/apiserver"
	"signet/tests/conformance/internal/poll"
)

// Two rotations, a replica that lags, a restart, an outage of the KMS and a move to another provider, on three
// nodes: every replica's Status goes one way and never fails, and every object is readable everywhere all the
// time.
func TestThreeReplicasGoThroughTheLifeOfAKey(t *testing.T) {
	r := newReplicas(t, 3)
	announced := []string{r.expectOneKeyID()}
	r.inFakeTime(func(t *testing.T, outside func(func())) {
		everywhere := func() { // every kube-apiserver writes; every replica reads all of it
			t.Helper()
			r.write(t)
			outside(func() {
				for _, one := range r.all {
					one.reader.awaitSeeds(t)
				}
			})
		}
		converged := func() { // on one new key_id, to which one pass brings all objects
			t.Helper()
			outside(func() { announced = append(announced, r.expectOneKeyID()) })
			r.poll()
			everywhere()
			if n := r.store.migrate(t, r.all[0].server); n == 0 {
				t.Error("nothing was stale after a change of the key")
			}
			for i, one := range r.all {
				if n := r.store.migrate(t, one.server); n != 0 {
					t.Errorf("%d objects are stale for kube-apiserver %d after the migration", n, i)
				}
			}
		}
		everywhere()

		// A rotation: known everywhere, then active on all but one, which lags for five minutes.
		outside(func() {
			r.all[0].Add()
			r.share("primary")
			for _, one := range r.all[:2] {
				one.Keyring("activate", 2)
				one.WaitUntilLeft(announced[0])
			}
		})
		for range 5 {
			r.poll()
			everywhere()
		}
		outside(func() {
			if got := r.all[2].KeyID(); got != announced[0] {
				t.Errorf("the replica that lags announces %s", got)
			}
			r.all[2].Keyring("activate", 2)
			r.all[2].WaitUntilLeft(announced[0])
		})
		converged()

		// The next, from another node, with a restart between.
		outside(func() {
			r.all[1].Add()
			r.shareFrom(1, "primary")
			r.all[2].restart(t)
			for _, one := range r.all {
				one.Keyring("activate", 3)
				one.WaitUntilLeft(announced[1])
			}
		})
		converged()

		// An outage: the keyrings are away, for many probes and looks.
		outside(func() {
			for _, one := range r.all {
				one.MustCtl("keyring", "verify", "--config", one.ConfigPath()) // control
				one.MoveFile("keyring", "away")
				if result := one.Ctl("keyring", "verify", "--config", one.ConfigPath()); result.Code != 3 {
					t.Errorf("the keyring is still there: %d", result.Code)
				}
			}
			time.Sleep(time.Second)
		})
		r.poll()
		everywhere()
		outside(func() {
			for _, one := range r.all {
				one.MoveFile("away", "keyring")
			}
		})

		// A move: first the new provider everywhere, then when to write with it; a restart each.
		outside(func() {
			for i, one := range r.all {
				one.AddProvider("standby")
				if i == 0 {
					one.MustCtl("keyring", "init", "--provider", "standby", "--config", one.ConfigPath())
				}
			}
			r.shareFrom(0, "standby")
			for _, one := range r.all {
				one.restart(t)
			}
		})
		everywhere()
		outside(func() {
			from := time.Now().Add(5 * time.Second).UTC().Truncate(time.Second).Format(time.RFC3339)
			for _, one := range r.all {
				one.Set("active", "standby")
				one.Set("active_from", from)
				one.Set("active_before", "primary")
				one.restart(t)
			}
			for _, one := range r.all {
				one.WaitUntilLeft(announced[2])
			}
		})
		converged()
	})
	r.expectSmooth()
	for i, one := range r.all {
		if got := one.watch.Announced(); !slices.Equal(got, announced) {
			t.Errorf("replica %d announced %v, want %v", i, got, announced)
		}
	}
	if len(announced) != 4 {
		t.Errorf("announced %v", announced)
	}
}

// The control for the above: a replica that cannot read what another wrote, and one that cannot encrypt.
func TestControlAReplicaThatFailsIsNoticed(t *testing.T) {
	r := newReplicas(t, 2)
	well, ill := r.all[0], r.all[1]
	well.Rotate() // and nobody brings the new version to the other
	r.store.add(t, newAPIServer(t, apiserver.Provider{Name: newProviderName(), Socket: well.Socket()}))
	well.reader.awaitSeeds(t)
	poll.Until(t, "the reader tells of it", func() error {
		if ill.reader.problem() == nil {
			return errors.New("it has read what it cannot")
		}
		return nil
	})
	ill.Keyring("disable", 1)
	ill.WaitUntilUnhealthy()
	poll.Until(t, "the watch tells of it", func() error {
		if ill.watch.Failed() == nil {
			return errors.New("Status was OK")
		}
		return nil
	})
	if err := errors.Join(well.reader.problem(), well.watch.Failed()); err != nil {
		t.Errorf("the replica that is well: %v", err)
	}
}
