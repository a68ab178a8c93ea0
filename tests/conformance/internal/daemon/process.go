package daemon

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"signet/tests/conformance/internal/poll"
)

// process is one run of signetd.
type process struct {
	command *exec.Cmd
	ended   chan struct{} // closed when it is gone and reaped
}

// Launch runs the daemon and does not wait for anything.
func (d *Daemon) Launch() {
	d.t.Helper()
	if d.process != nil {
		d.t.Fatal("signetd runs already")
	}
	log, err := os.OpenFile(d.logPath, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		d.t.Fatal(err)
	}
	defer func() { _ = log.Close() }()
	command := exec.Command(filepath.Join(d.programs, "signetd"), "--config", d.ConfigPath())
	command.Stderr = log
	command.Stdout = log
	command.Env = d.environment
	// Should the tests be killed, the daemons go too.
	command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := command.Start(); err != nil {
		d.t.Fatal(err)
	}
	run := &process{command: command, ended: make(chan struct{})}
	go func() {
		_ = command.Wait()
		close(run.ended)
	}()
	d.process = run
}

// Pid of the running daemon.
func (d *Daemon) Pid() int {
	d.t.Helper()
	if d.process == nil {
		d.t.Fatal("signetd does not run")
	}
	return d.process.command.Process.Pid
}

// Signal sends one.
func (d *Daemon) Signal(signal syscall.Signal) {
	d.t.Helper()
	if err := syscall.Kill(d.Pid(), signal); err != nil && !errors.Is(err, syscall.ESRCH) {
		d.t.Fatal(err)
	}
}

// Pause is SIGSTOP, and returns when no thread runs any more; SIGCONT goes on.
func (d *Daemon) Pause() {
	d.t.Helper()
	d.Signal(syscall.SIGSTOP)
	poll.Until(d.t, "every thread has stopped", func() error {
		threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", d.Pid()))
		if err != nil || len(threads) == 0 {
			return fmt.Errorf("no threads: %v", err)
		}
		for _, thread := range threads {
			text, err := os.ReadFile(thread)
			if err != nil {
				return err
			}
			// "12 (signetd) T …".
			if _, state, found := strings.Cut(string(text), ") "); !found || !strings.HasPrefix(state, "T") {
				return fmt.Errorf("%s: %s", thread, text)
			}
		}
		return nil
	})
}

// Ended says whether the daemon ended by itself, and its exit code (-1 by a signal).
func (d *Daemon) Ended() (code int, ended bool) {
	if d.process == nil {
		return 0, false
	}
	select {
	case <-d.process.ended:
		return d.process.command.ProcessState.ExitCode(), true
	default:
		return 0, false
	}
}

// Wait waits for the daemon's end and returns its exit code.
func (d *Daemon) Wait() int {
	d.t.Helper()
	if d.process == nil {
		d.t.Fatal("signetd does not run")
	}
	select {
	case <-d.process.ended:
	case <-time.After(poll.Patience):
		d.t.Fatalf("signetd did not end in %v", poll.Patience)
	}
	code := d.process.command.ProcessState.ExitCode()
	d.process = nil
	return code
}

// Stop is SIGTERM; the daemon must end with 0.
func (d *Daemon) Stop() {
	d.t.Helper()
	d.Signal(syscall.SIGTERM)
	if code := d.Wait(); code != 0 {
		d.t.Fatalf("signetd ended with %d after SIGTERM", code)
	}
}

// Kill is SIGKILL; nothing happens when the daemon does not run.
func (d *Daemon) Kill() {
	if d.process == nil {
		return
	}
	_ = d.process.command.Process.Kill()
	<-d.process.ended
	d.process = nil
}
