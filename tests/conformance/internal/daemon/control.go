package daemon

import (
	"bytes"
	"encoding/json"
	"errors"
	"os/exec"
	"path/filepath"
	"strings"
)

// Result of a run of signetctl.
type Result struct {
	Stdout, Stderr string
	Code           int
}

// Run runs one of the programs to its end, with `input` on stdin.
func (d *Daemon) Run(program string, input []byte, arguments ...string) Result {
	d.t.Helper()
	command := exec.Command(filepath.Join(d.programs, program), arguments...)
	var stdout, stderr bytes.Buffer
	command.Stdin, command.Stdout, command.Stderr = bytes.NewReader(input), &stdout, &stderr
	err := command.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		d.t.Fatal(err)
	}
	return Result{Stdout: stdout.String(), Stderr: stderr.String(), Code: command.ProcessState.ExitCode()}
}

// Ctl runs signetctl.
func (d *Daemon) Ctl(arguments ...string) Result {
	d.t.Helper()
	return d.Run("signetctl", nil, arguments...)
}

// MustCtl runs signetctl, which must succeed, and returns its output.
func (d *Daemon) MustCtl(arguments ...string) string {
	d.t.Helper()
	result := d.Ctl(arguments...)
	if result.Code != 0 {
		d.t.Fatalf("signetctl %s: %d\n%s%s", strings.Join(arguments, " "), result.Code, result.Stdout, result.Stderr)
	}
	return result.Stdout
}

// State is `signetctl status -o json`.
func (d *Daemon) State() map[string]any {
	d.t.Helper()
	output := d.MustCtl("status", "--config", d.ConfigPath(), "-o", "json")
	state := map[string]any{}
	if err := json.Unmarshal([]byte(output), &state); err != nil {
		d.t.Fatalf("signetctl status -o json: %v\n%s", err, output)
	}
	return state
}

// CheckConfig runs `signetd --check-config` on its configuration.
func (d *Daemon) CheckConfig() Result {
	d.t.Helper()
	return d.Run("signetd", nil, "--check-config", d.ConfigPath())
}
