// What kube-apiserver keeps in etcd, asked of the Kubernetes project's API server for custom resources, a real
// etcd and the built signetd together: the whole way of an object, where the package above stops at the
// transformer.
package customresources

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"signet/tests/conformance/internal/apiserver"
)

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	folder, err := os.MkdirTemp("", "signet-customresources")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() { _ = os.RemoveAll(folder) }()
	log, err := os.Create(filepath.Join(folder, "apiserver.log"))
	if err == nil {
		defer func() { _ = log.Close() }()
		err = apiserver.LogTo(log, 2)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}
