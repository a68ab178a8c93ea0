// Package apiserver is kube-apiserver's own storage encryption: LoadEncryptionConfig on a file, with the real
// client, probes, rotation and transformers behind it, without a server around it.
package apiserver

import (
	"fmt"
	"os"
	"strings"
	"time"
)

// Provider is one entry of an EncryptionConfiguration. Its name must differ in every test: metrics and the clock
// of the write expiry are kept by name in the process.
type Provider struct {
	Name    string
	Socket  string        // a path, or "@name"
	Timeout time.Duration // zero leaves it to kube-apiserver: 3 s
}

// Identity stores in clear, and reads what was so stored.
var Identity = Provider{Name: "identity"}

// Endpoint is the provider's socket as a configuration says it.
func (p Provider) Endpoint() string {
	if strings.HasPrefix(p.Socket, "@") {
		return "unix:///" + p.Socket
	}
	return "unix://" + p.Socket
}

// WriteConfig writes an EncryptionConfiguration for secrets and for the widgets of crdserver; the first provider
// writes, all read. An API server that watches the file never sees half of it.
func WriteConfig(path string, providers ...Provider) error {
	var text strings.Builder
	text.WriteString("apiVersion: apiserver.config.k8s.io/v1\nkind: EncryptionConfiguration\nresources:\n" +
		"- resources: [secrets, widgets.example.com]\n  providers:\n")
	for _, provider := range providers {
		if provider == Identity {
			text.WriteString("  - identity: {}\n")
			continue
		}
		fmt.Fprintf(&text, "  - kms:\n      apiVersion: v2\n      name: %s\n      endpoint: %s\n",
			provider.Name, provider.Endpoint())
		if provider.Timeout > 0 {
			fmt.Fprintf(&text, "      timeout: %s\n", provider.Timeout)
		}
	}
	if err := os.WriteFile(path+".new", []byte(text.String()), 0o600); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}
