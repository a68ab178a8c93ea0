package apiserver

import (
	"context"
	"fmt"
	"net/http"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/server/options/encryptionconfig"
	"k8s.io/apiserver/pkg/storage/value"
)

var secrets = schema.GroupResource{Resource: "secrets"}

// Server is one "kube-apiserver" with an empty cache of seeds. Safe for concurrent use.
type Server struct {
	config *encryptionconfig.EncryptionConfiguration
	cancel context.CancelFunc
}

// Load starts one from an EncryptionConfiguration file. As in kube-apiserver, a plugin that does not answer is
// no error; the call then takes the provider's timeout.
func Load(path string) (*Server, error) {
	ctx, cancel := context.WithCancel(context.Background())
	config, err := encryptionconfig.LoadEncryptionConfig(ctx, path, false, "conformance")
	if err != nil {
		cancel()
		return nil, err
	}
	return &Server{config: config, cancel: cancel}, nil
}

// Stop ends its probes and its connections.
func (s *Server) Stop() { s.cancel() }

// Write encrypts what would go to etcd under `key`.
func (s *Server) Write(ctx context.Context, key string, data []byte) ([]byte, error) {
	return s.config.Transformers[secrets].TransformToStorage(ctx, data, value.DefaultContext(key))
}

// Read decrypts what etcd has under `key`; stale: the next update of the object would rewrite it.
func (s *Server) Read(ctx context.Context, key string, stored []byte) (data []byte, stale bool, err error) {
	return s.config.Transformers[secrets].TransformFromStorage(ctx, stored, value.DefaultContext(key))
}

// Check is /readyz/kms-providers: asks the plugin unless it did so 20 s ago (3 s after a failure), and rotates.
func (s *Server) Check(ctx context.Context) error {
	if len(s.config.HealthChecks) != 1 {
		return fmt.Errorf("%d health checks", len(s.config.HealthChecks))
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "/readyz/kms-providers", nil)
	if err != nil {
		return err
	}
	return s.config.HealthChecks[0].Check(request)
}
