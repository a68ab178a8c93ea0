package daemon

import (
	"os"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// NewPeer makes another control-plane node of the same cluster, with the same keyring; nothing runs yet.
func NewPeer(t testing.TB, of *Daemon) *Daemon {
	t.Helper()
	d := NewWith(t, "--cluster-id", of.clusterID(), "--no-keyring")
	d.ImportKeyringOf(of, "primary")
	return d
}

// ImportKeyringOf carries the keyring of a provider over as an operator does: exported, sealed, and merged here.
func (d *Daemon) ImportKeyringOf(of *Daemon, provider string) {
	d.t.Helper()
	passphrase, parcel := of.Path("parcel-passphrase"), of.Path("parcel")
	if err := os.WriteFile(passphrase, []byte("correct horse battery staple\n"), 0o600); err != nil {
		d.t.Fatal(err)
	}
	_ = os.Remove(parcel)
	of.MustCtl("keyring", "export", "--config", of.ConfigPath(), "--provider", provider, "--sealed", parcel,
		"--copy-passphrase-file", passphrase)
	d.MustCtl("keyring", "import", parcel, "--config", d.ConfigPath(), "--provider", provider,
		"--copy-passphrase-file", passphrase)
}

// AddProvider adds a second `local` provider to its configuration, after primary; its keyring is still to be
// made.
func (d *Daemon) AddProvider(name string) {
	d.t.Helper()
	local := func(name, keyring string) map[string]any {
		return map[string]any{"name": name, "local": map[string]any{"keyring": d.Path(keyring)}}
	}
	d.Set("providers", []any{local("primary", "keyring"), local(name, "keyring-"+name)})
}

func (d *Daemon) clusterID() string {
	d.t.Helper()
	text, err := os.ReadFile(d.ConfigPath())
	if err != nil {
		d.t.Fatal(err)
	}
	var config struct {
		ClusterID string `yaml:"cluster_id"`
	}
	if err := yaml.Unmarshal(text, &config); err != nil {
		d.t.Fatal(err)
	}
	return strings.TrimSpace(config.ClusterID)
}
