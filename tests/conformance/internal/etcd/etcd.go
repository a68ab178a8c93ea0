// Package etcd runs a real etcd, empty at its start and gone with the test, and looks into it past any API
// server.
package etcd

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"
	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"

	"signet/tests/conformance/internal/poll"
)

// ProgramVariable names the etcd program; run.sh builds it.
const ProgramVariable = "SIGNET_ETCD"

const callTimeout = 10 * time.Second

// Server is one etcd. Safe for concurrent use.
type Server struct {
	t      testing.TB
	url    string
	client *clientv3.Client
}

// Start returns when it serves. It listens on sockets in a folder of its own, so no port can be taken.
func Start(t testing.TB) *Server {
	t.Helper()
	program := os.Getenv(ProgramVariable)
	if program == "" {
		program = "../../build/conformance/etcd"
	}
	folder, err := os.MkdirTemp("/tmp", "sgn-etcd")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	client, peer := "unix://"+filepath.Join(folder, "client"), "unix://"+filepath.Join(folder, "peer")
	log, err := os.Create(filepath.Join(folder, "log"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = log.Close() }()
	command := exec.Command(program, "--data-dir", filepath.Join(folder, "data"),
		"--listen-client-urls", client, "--advertise-client-urls", client,
		"--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer, "--initial-cluster", "default="+peer,
		"--log-level", "error", "--unsafe-no-fsync") // nothing here outlives the machine
	command.Stdout, command.Stderr = log, log
	command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := command.Start(); err != nil {
		t.Fatalf("%v (run.sh builds etcd; or set %s)", err, ProgramVariable)
	}
	t.Cleanup(func() {
		_ = command.Process.Kill()
		_ = command.Wait()
		if text, err := os.ReadFile(log.Name()); t.Failed() && err == nil {
			t.Logf("etcd's log:\n%s", text)
		}
	})
	s := &Server{t: t, url: client}
	s.client, err = clientv3.New(clientv3.Config{
		Endpoints: []string{client}, DialTimeout: poll.Patience, Logger: zap.NewNop(),
		DialOptions: []grpc.DialOption{grpc.WithConnectParams(grpc.ConnectParams{
			Backoff: backoff.Config{BaseDelay: 20 * time.Millisecond, Multiplier: 1, MaxDelay: 20 * time.Millisecond},
		})},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.client.Close() })
	poll.Until(t, "etcd serves", func() error {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_, err := s.client.Get(ctx, "none")
		return err
	})
	return s
}

// URL is for an API server.
func (s *Server) URL() string { return s.url }

// Values are the raw values under a prefix, by key.
func (s *Server) Values(prefix string) map[string][]byte {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), callTimeout)
	defer cancel()
	response, err := s.client.Get(ctx, prefix, clientv3.WithPrefix())
	if err != nil {
		s.t.Fatal(err)
	}
	values := map[string][]byte{}
	for _, entry := range response.Kvs {
		values[string(entry.Key)] = entry.Value
	}
	return values
}

// Value is one raw value.
func (s *Server) Value(key string) []byte {
	s.t.Helper()
	value, found := s.Values(key)[key]
	if !found {
		s.t.Fatalf("etcd has no %s", key)
	}
	return value
}

// Put writes a raw value, as somebody with access to etcd can.
func (s *Server) Put(key string, value []byte) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), callTimeout)
	defer cancel()
	if _, err := s.client.Put(ctx, key, string(value)); err != nil {
		s.t.Fatal(fmt.Errorf("put %s: %w", key, err))
	}
}
