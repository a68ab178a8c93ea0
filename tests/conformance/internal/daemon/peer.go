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
	d := newIn(t, "--cluster-id", of.clusterID(), "--no-keyring")
	d.ImportKeyringOf(of)
	return d
}

// ImportKeyringOf carries the keyring over as an operator does: exported, sealed, and merged here.
func (d *Daemon) ImportKeyringOf(of *Daemon) {
	d.t.Helper()
	passphrase, parcel := of.Path("parcel-passphrase"), of.Path("parcel")
	if err := os.WriteFile(passphrase, []byte("correct horse battery staple\n"), 0o600); err != nil {
		d.t.Fatal(err)
	}
	_ = os.Remove(parcel)
	of.MustCtl("keyring", "export", "--config", of.ConfigPath(), "--sealed", parcel,
		"--copy-passphrase-file", passphrase)
	d.MustCtl("keyring", "import", parcel, "--config", d.ConfigPath(), "--copy-passphrase-file", passphrase)
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
