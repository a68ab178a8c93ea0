package checks

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"sync"

	"google.golang.org/grpc/codes"
	kmsapi "k8s.io/kms/apis/v2"

	"signet/tests/conformance/internal/kmsclient"
)

// PlaintextSizes (case 11): every size round-trips or is refused as INVALID_ARGUMENT; a seed must not be.
func PlaintextSizes(ctx context.Context, target Target) error {
	return withClient(target, func(client *kmsclient.Client) error {
		for _, size := range []int{0, 1, 4, 16, 31, SeedBytes, 33, 64, 916, 917, 4096, 65536, 65537} {
			plaintext := RandomBytes(size)
			sealed, err := client.Seal(ctx, "check", plaintext)
			if err == nil {
				err = openExactly(ctx, client, sealed)
			} else if size != SeedBytes {
				err = Refused(err, []codes.Code{codes.InvalidArgument}, plaintext)
			}
			if err != nil {
				return fmt.Errorf("%d bytes: %w", size, err)
			}
		}
		return nil
	})
}

// CiphertextSize (case 12): kube-apiserver takes 1 to 1,024 bytes.
func CiphertextSize(ctx context.Context, target Target) error {
	return withClient(target, func(client *kmsclient.Client) error {
		sealed, err := sealSeed(ctx, client)
		if err != nil {
			return err
		}
		if len(sealed.Ciphertext) == 0 || len(sealed.Ciphertext) > 1024 {
			return fmt.Errorf("ciphertext of %d bytes", len(sealed.Ciphertext))
		}
		return nil
	})
}

// KeyIDsAgree (case 13): Encrypt's key_id is Status's, byte for byte, in interleaved calls.
func KeyIDsAgree(ctx context.Context, target Target) error {
	const calls = 1000
	return withClient(target, func(client *kmsclient.Client) error {
		for i := range calls {
			response, err := client.Status(ctx, &kmsapi.StatusRequest{})
			if err != nil {
				return fmt.Errorf("Status %d: %w", i, err)
			}
			sealed, err := sealSeed(ctx, client)
			if err != nil {
				return fmt.Errorf("call %d: %w", i, err)
			}
			if response.KeyId != sealed.KeyID {
				return fmt.Errorf("call %d: Status %q, Encrypt %q", i, response.KeyId, sealed.KeyID)
			}
		}
		return nil
	})
}

// DistinctCiphertexts (case 14): no two Encrypt calls give the same ciphertext, whether their plaintexts are the
// same or not. It is kube-apiserver's cache key.
func DistinctCiphertexts(sample int) Check {
	return func(ctx context.Context, target Target) error {
		const callers = 32
		return withClient(target, func(client *kmsclient.Client) error {
			same := RandomBytes(SeedBytes)
			var mutex sync.Mutex
			seen := make(map[[sha256.Size]byte]struct{}, sample)
			return concurrently(callers, func(caller int) error {
				for i := caller; i < sample; i += callers {
					plaintext := same
					if caller%2 == 0 {
						plaintext = RandomBytes(SeedBytes)
					}
					sealed, err := client.Seal(ctx, "check", plaintext)
					if err != nil {
						return err
					}
					digest := sha256.Sum256(sealed.Ciphertext)
					mutex.Lock()
					_, repeated := seen[digest]
					seen[digest] = struct{}{}
					mutex.Unlock()
					if repeated {
						return fmt.Errorf("ciphertext of call %d came before", i)
					}
				}
				return nil
			})
		})
	}
}

// NoPlaintextInside (case 16): no eight bytes in a row of the plaintext are in what Encrypt returns.
func NoPlaintextInside(ctx context.Context, target Target) error {
	const window = 8
	return withClient(target, func(client *kmsclient.Client) error {
		sealed, err := sealSeed(ctx, client)
		if err != nil {
			return err
		}
		stored := append([]byte(sealed.KeyID), sealed.Ciphertext...)
		for key, value := range sealed.Annotations {
			stored = append(append(stored, key...), value...)
		}
		for i := range len(sealed.Plaintext) - window + 1 {
			if bytes.Contains(stored, sealed.Plaintext[i:i+window]) {
				return fmt.Errorf("bytes %d to %d of the plaintext are in the answer", i, i+window)
			}
		}
		return nil
	})
}
