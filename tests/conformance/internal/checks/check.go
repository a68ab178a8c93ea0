// Package checks holds the questions that the contract asks a KMS v2 plugin through its socket. Each knows
// nothing of the plugin behind it, so that the control test can put a good and a bad one there.
package checks

import (
	"context"
	"crypto/rand"
	"fmt"
	"sync"
	"time"

	"google.golang.org/grpc"

	"signet/tests/conformance/internal/kmsclient"
)

// CallTimeout is kube-apiserver's default for one call.
const CallTimeout = 3 * time.Second

// SeedBytes is the length of what kube-apiserver encrypts.
const SeedBytes = 32

// Target is a plugin that is up.
type Target struct {
	Socket string
	// MaxObjectBytes bounds what the plugin adds to every stored object for a 32-byte seed: key_id, ciphertext,
	// annotation keys and values.
	MaxObjectBytes int
}

// A Check returns nil when the plugin conforms, else what it did instead.
type Check func(ctx context.Context, target Target) error

// RandomBytes is a fresh plaintext.
func RandomBytes(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b)
	return b
}

// withClient runs `body` on one connection of its own.
func withClient(target Target, body func(client *kmsclient.Client) error, options ...grpc.DialOption) error {
	client, err := kmsclient.Dial(target.Socket, options...)
	if err != nil {
		return err
	}
	defer client.Close()
	return body(client)
}

// sealSeed encrypts one fresh seed within kube-apiserver's time.
func sealSeed(ctx context.Context, client *kmsclient.Client) (kmsclient.Sealed, error) {
	ctx, cancel := context.WithTimeout(ctx, CallTimeout)
	defer cancel()
	sealed, err := client.Seal(ctx, "check", RandomBytes(SeedBytes))
	if err != nil {
		return kmsclient.Sealed{}, fmt.Errorf("Encrypt: %w", err)
	}
	return sealed, nil
}

// openExactly decrypts within kube-apiserver's time and compares.
func openExactly(ctx context.Context, client *kmsclient.Client, sealed kmsclient.Sealed) error {
	ctx, cancel := context.WithTimeout(ctx, CallTimeout)
	defer cancel()
	plaintext, err := client.Open(ctx, "check", sealed)
	if err != nil {
		return fmt.Errorf("Decrypt: %w", err)
	}
	if string(plaintext) != string(sealed.Plaintext) {
		return fmt.Errorf("Decrypt: OK with %d wrong bytes", len(plaintext))
	}
	return nil
}

// concurrently runs `body` n times at once and joins what went wrong.
func concurrently(n int, body func(i int) error) error {
	problems := make([]error, n)
	var group sync.WaitGroup
	for i := range n {
		group.Go(func() { problems[i] = body(i) })
	}
	group.Wait()
	return summary(problems)
}

// summary keeps the first problem and the number of all.
func summary(problems []error) error {
	failed := 0
	var first error
	for _, problem := range problems {
		if problem == nil {
			continue
		}
		if failed++; first == nil {
			first = problem
		}
	}
	if failed == 0 {
		return nil
	}
	return fmt.Errorf("%d of %d: %w", failed, len(problems), first)
}
