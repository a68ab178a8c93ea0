package conformance

import (
	"slices"
	"testing"
	"time"

	"signet/tests/conformance/internal/apiserver"
	"signet/tests/conformance/internal/checks"
	"signet/tests/conformance/internal/daemon"
	"signet/tests/conformance/internal/keyids"
)

// addVersion is the operator's part of a rotation; the daemon follows by itself.
func addVersion(d *daemon.Daemon) func() error {
	return func() error {
		d.AddVersion()
		return nil
	}
}

// watchKeyIDs samples Status until the returned function is called, which judges it.
func watchKeyIDs(t *testing.T, d *daemon.Daemon) (*keyids.Watch, func()) {
	t.Helper()
	watch, err := keyids.Start(d.Socket())
	if err != nil {
		t.Fatal(err)
	}
	stopped := false
	stop := func() {
		t.Helper()
		if stopped {
			return
		}
		stopped = true
		watch.Stop()
		if err := watch.Problem(); err != nil {
			t.Errorf("%s: %v", d.Socket(), err)
		}
		t.Log(watch.Summary())
	}
	t.Cleanup(stop)
	return watch, stop
}

func TestCase33_StatusAndEncryptChangeTogether(t *testing.T) {
	d := daemon.NewStarted(t)
	ask(t, d, checks.SmoothRotation(addVersion(d), 10_000))
}

func TestCase73_NoWindowOfNewStatusAndOldEncrypt(t *testing.T) {
	const rotations = 5
	d := daemon.NewStarted(t)
	for range rotations {
		ask(t, d, checks.SmoothRotation(addVersion(d), 1000))
	}
}

func TestCase34_KeyIDsNeverComeBack(t *testing.T) {
	const rotations = 6
	d := daemon.NewStarted(t)
	watch, stop := watchKeyIDs(t, d)
	want := []string{d.KeyID()}
	for i := range rotations {
		d.Rotate()
		want = append(want, d.KeyID())
		if i == rotations/2 {
			if err := watch.Failed(); err != nil {
				t.Error(err)
			}
			d.Restart()
			watch.AwaitAnswer(t)
			watch.Forgive()
		}
	}
	// A sample that was under way during the last rotation may be the first to come.
	watch.AwaitAnswer(t)
	watch.AwaitAnswer(t)
	stop()
	if err := watch.Failed(); err != nil {
		t.Error(err)
	}
	if got := watch.Announced(); !slices.Equal(got, want) {
		t.Errorf("announced %v, want %v", got, want)
	}
}

func TestCase36_ARotationNeedsNoRestart(t *testing.T) {
	d := daemon.NewStarted(t)
	path := writeConfig(t, onDaemon(d))
	pid := d.Pid()
	inFakeTime(t, path, nil, func(t *testing.T, server *apiserver.Server, outside func(func())) {
		before := writeObjects(t, server, 3)
		outside(d.AddVersion)
		outside(func() { d.WaitUntilLeft(parse(t, before[0].stored).KeyID) })
		time.Sleep(time.Minute + time.Second)
		after := writeObjects(t, server, 3)
		if parse(t, before[0].stored).KeyID == parse(t, after[0].stored).KeyID {
			t.Error("kube-apiserver still writes under the old key_id")
		}
		expectReadable(t, server, after, false)
		if err := server.Check(t.Context()); err != nil {
			t.Error(err)
		}
	})
	if code, ended := d.Ended(); ended || d.Pid() != pid {
		t.Errorf("signetd did not live through it: ended %v with %d", ended, code)
	}
}

func TestCase37_ANewKeyIDIsOneEncryptAndOneRewrite(t *testing.T) {
	d := daemon.NewStarted(t)
	path := writeConfig(t, onDaemon(d))
	recorder := &apiserver.Recorder{}
	inFakeTime(t, path, recorder, func(t *testing.T, server *apiserver.Server, outside func(func())) {
		all := writeObjects(t, server, 10)
		expectReadable(t, server, all, false)
		old := parse(t, all[0].stored)
		before := recorder.Counts()
		outside(d.Rotate)
		time.Sleep(time.Minute + time.Second)
		if got := recorder.Since(before).Encrypt; got != 1 {
			t.Errorf("%d Encrypt calls for a new key_id", got)
		}
		expectReadable(t, server, all, true)
		rewriteStale(t, server, all, len(all))
		rewritten := parse(t, all[0].stored)
		if rewritten.KeyID == old.KeyID || string(rewritten.EncryptedDEKSource) == string(old.EncryptedDEKSource) {
			t.Errorf("rewritten under %s", rewritten.KeyID)
		}
		// Stable from here on, over ten more polls.
		time.Sleep(10 * time.Minute)
		rewriteStale(t, server, all, 0)
		if got := recorder.Since(before); got.Encrypt != 1 || got.Decrypt != 0 {
			t.Errorf("calls for one new key_id: %+v", got)
		}
	})
}

// rewriteStale is what a storage migration does; wants that many objects to be stale.
func rewriteStale(t *testing.T, server *apiserver.Server, all []object, want int) {
	t.Helper()
	rewritten := 0
	for i, o := range all {
		data, stale, err := server.Read(t.Context(), o.key, o.stored)
		if err != nil {
			t.Fatalf("%s: %v", o.key, err)
		}
		if !stale {
			continue
		}
		if all[i].stored, err = server.Write(t.Context(), o.key, data); err != nil {
			t.Fatal(err)
		}
		rewritten++
	}
	if rewritten != want {
		t.Errorf("%d objects were rewritten, want %d", rewritten, want)
	}
}
