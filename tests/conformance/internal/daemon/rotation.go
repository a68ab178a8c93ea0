package daemon

import (
	"strconv"

	"signet/tests/conformance/internal/kmsclient"
)

// AddVersion makes a new version of the keyring active. A running daemon follows by itself.
func (d *Daemon) AddVersion() {
	d.t.Helper()
	d.MustCtl("keyring", "add", "--activate", "--config", d.ConfigPath())
}

// Add makes a new version that only decrypts, until it is activated.
func (d *Daemon) Add() {
	d.t.Helper()
	d.MustCtl("keyring", "add", "--config", d.ConfigPath())
}

// Keyring is `signetctl keyring VERB VERSION`.
func (d *Daemon) Keyring(verb string, version int) {
	d.t.Helper()
	d.MustCtl("keyring", verb, strconv.Itoa(version), "--config", d.ConfigPath())
}

// Rotate is AddVersion, and returns when the running daemon announces it.
func (d *Daemon) Rotate() {
	d.t.Helper()
	old := d.KeyID()
	d.AddVersion()
	d.WaitUntilLeft(old)
}

// WaitUntilLeft returns when Status is OK with another key_id.
func (d *Daemon) WaitUntilLeft(old string) {
	d.t.Helper()
	d.WaitUntil("it announces another key_id than "+old, func(client *kmsclient.Client) bool {
		response, err := statusNow(client)
		return err == nil && response.KeyId != old
	})
}

// WaitUntilUnhealthy returns when it serves and Status is an error.
func (d *Daemon) WaitUntilUnhealthy() {
	d.t.Helper()
	d.WaitUntil("Status is an error", func(client *kmsclient.Client) bool {
		_, err := status(client)
		return err != nil
	})
}
