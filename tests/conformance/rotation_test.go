package conformance

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"signet/tests/conformance/internal/apiserver"
	"signet/tests/conformance/internal/daemon"
)

func TestRotationMakesANewSeedAndOldObjectsStale(t *testing.T) {
	d := daemon.NewStarted(t)
	provider := onDaemon(d)
	old := newAPIServer(t, provider)
	before := writeObjects(t, old, 5)
	d.Rotate()
	recorder := record(t)
	fresh := newAPIServer(t, provider)
	expectReadable(t, fresh, before, true)
	after := writeObjects(t, fresh, 5)
	expectReadable(t, fresh, after, false)
	if got, want := recorder.Counts(), (apiserver.Counts{Status: 1, Encrypt: 1, Decrypt: 1}); got != want {
		t.Errorf("calls %+v, want %+v", got, want)
	}
	was, is := parse(t, before[0].stored), parse(t, after[0].stored)
	if was.KeyID == is.KeyID {
		t.Errorf("the key_id is still %s", is.KeyID)
	}
	if bytes.Equal(was.EncryptedDEKSource, is.EncryptedDEKSource) {
		t.Error("the seed is still the old one")
	}
	for key := range is.Annotations {
		if bytes.Equal(was.Annotations[key], is.Annotations[key]) {
			t.Errorf("annotation %s did not change: no new local KEK", key)
		}
	}
}

// An instance that has not polled since reads what another wrote under the new key.
func TestOldInstanceReadsObjectsOfTheNewKeyAsStale(t *testing.T) {
	d := daemon.NewStarted(t)
	provider := onDaemon(d)
	old := newAPIServer(t, provider)
	before := writeObjects(t, old, 3)
	d.Rotate()
	fresh := newAPIServer(t, provider)
	after := writeObjects(t, fresh, 3)
	expectReadable(t, old, after, true)
	expectReadable(t, old, before, false)
	expectReadable(t, fresh, before, true)
}

func TestObjectsOfEveryRotationReadInAColdAPIServer(t *testing.T) {
	const rotations = 5
	d := daemon.NewStarted(t)
	provider := onDaemon(d)
	var all []object
	for range rotations {
		all = append(all, writeObjects(t, newAPIServer(t, provider), 2)...)
		d.Rotate()
	}
	current := newAPIServer(t, provider)
	expectReadable(t, current, all, true)
	// Migration: what is rewritten is stale no more.
	for i, o := range all {
		var err error
		if all[i].stored, err = current.Write(t.Context(), o.key, o.data); err != nil {
			t.Fatal(err)
		}
	}
	expectReadable(t, newAPIServer(t, provider), all, false)
}

func TestDisabledWriteKeyStopsAFreshAPIServer(t *testing.T) {
	d := daemon.NewStarted(t)
	provider := onDaemon(d)
	all := writeObjects(t, newAPIServer(t, provider), 1)
	d.MustCtl("keyring", "disable", "1", "--config", d.ConfigPath())
	d.Stop()
	d.Launch()
	d.WaitUntilServing()
	fresh := newAPIServer(t, provider)
	if err := fresh.Check(t.Context()); err == nil {
		t.Error("healthy without a key to write with")
	}
	if _, err := fresh.Write(t.Context(), "/registry/secrets/default/no", []byte("no")); err == nil {
		t.Error("wrote without a key")
	}
	d.MustCtl("keyring", "enable", "1", "--config", d.ConfigPath())
	d.Restart()
	expectReadable(t, newAPIServer(t, provider), all, false)
}

// inFakeTime runs `body` on a clock that jumps to the next poll, while the daemon's goes on. What needs real time
// goes through `outside`.
func inFakeTime(
	t *testing.T, path string, recorder *apiserver.Recorder,
	body func(t *testing.T, server *apiserver.Server, outside func(func())),
) {
	t.Helper()
	bridge := apiserver.OpenBridge(recorder)
	defer bridge.Close()
	synctest.Test(t, func(t *testing.T) {
		server, err := apiserver.Load(path)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { server.Stop(); synctest.Wait() }()
		body(t, server, bridge.Outside)
	})
}

func TestBackgroundPollNoticesANewKeyWithinAMinute(t *testing.T) {
	d := daemon.NewStarted(t)
	path := writeConfig(t, onDaemon(d))
	recorder := &apiserver.Recorder{}
	inFakeTime(t, path, recorder, func(t *testing.T, server *apiserver.Server, outside func(func())) {
		before := writeObjects(t, server, 1)
		time.Sleep(10*time.Minute + time.Second)
		if got, want := recorder.Counts(), (apiserver.Counts{Status: 11, Encrypt: 1}); got != want {
			t.Errorf("calls in ten minutes %+v, want %+v", got, want)
		}
		outside(d.Rotate)
		expectReadable(t, server, before, false)
		time.Sleep(time.Minute)
		expectReadable(t, server, before, true)
		after := writeObjects(t, server, 1)
		if parse(t, before[0].stored).KeyID == parse(t, after[0].stored).KeyID {
			t.Error("still the old key_id a minute after the rotation")
		}
		if n := recorder.Counts().Encrypt; n != 2 {
			t.Errorf("%d Encrypt calls, want one per key_id", n)
		}
	})
}

// Longer than the 24 hours for which kube-apiserver keeps a seed.
func TestADayOfPollsIsAStatusAMinuteAndNothingElse(t *testing.T) {
	d := daemon.NewStarted(t)
	path := writeConfig(t, onDaemon(d))
	recorder := &apiserver.Recorder{}
	inFakeTime(t, path, recorder, func(t *testing.T, server *apiserver.Server, _ func(func())) {
		all := writeObjects(t, server, 3)
		time.Sleep(25*time.Hour + time.Second)
		expectReadable(t, server, append(all, writeObjects(t, server, 3)...), false)
		if got, want := recorder.Counts(), (apiserver.Counts{Status: 25*60 + 1, Encrypt: 1}); got != want {
			t.Errorf("calls in 25 hours %+v, want %+v", got, want)
		}
	})
}

func TestWritesEndThreeMinutesAfterTheLastGoodStatusAndReadsDoNot(t *testing.T) {
	d := daemon.NewStarted(t)
	path := writeConfig(t, onDaemon(d))
	recorder := &apiserver.Recorder{}
	inFakeTime(t, path, recorder, func(t *testing.T, server *apiserver.Server, _ func(func())) {
		all := writeObjects(t, server, 1)
		recorder.FailStatus(errors.New("the daemon cannot say"))
		time.Sleep(2*time.Minute + 59*time.Second)
		all = append(all, writeObjects(t, server, 1)...)
		time.Sleep(2 * time.Second)
		_, err := server.Write(context.Background(), "/registry/secrets/default/late", []byte("late"))
		if err == nil || !strings.Contains(err.Error(), "expired") {
			t.Errorf("a write 3m1s after the last good Status: %v", err)
		}
		before := recorder.Counts()
		time.Sleep(time.Hour)
		expectReadable(t, server, all, false)
		if got, want := recorder.Since(before), (apiserver.Counts{Status: 360}); got != want {
			t.Errorf("calls in an hour without an answer %+v, want %+v", got, want)
		}
		recorder.FailStatus(nil)
		time.Sleep(11 * time.Second)
		writeObjects(t, server, 1)
	})
}

// The same without a Status that fails: a daemon that is killed for good.
func TestKilledDaemonStopsWritesAndNotCachedReads(t *testing.T) {
	d := daemon.NewStarted(t)
	provider := onDaemon(d)
	now := time.Now()
	t.Cleanup(apiserver.SetClock(provider.Name, func() time.Time { return now }))
	server := newAPIServer(t, provider)
	all := writeObjects(t, server, 1)
	d.Kill()
	now = now.Add(3*time.Minute - time.Second)
	all = append(all, writeObjects(t, server, 1)...)
	now = now.Add(2 * time.Second)
	if _, err := server.Write(t.Context(), "/registry/secrets/default/late", []byte("late")); err == nil {
		t.Error("wrote after three minutes without a daemon")
	}
	expectReadable(t, server, all, false)
}
