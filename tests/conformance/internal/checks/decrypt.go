package checks

import (
	"context"
	"fmt"

	"signet/tests/conformance/internal/kmsclient"
)

// RoundTrip (case 20): Decrypt is the inverse of Encrypt, as often as it is asked and over connections.
func RoundTrip(ctx context.Context, target Target) error {
	const objects, times = 100, 3
	var all []kmsclient.Sealed
	err := withClient(target, func(client *kmsclient.Client) error {
		for range objects {
			sealed, err := sealSeed(ctx, client)
			if err != nil {
				return err
			}
			all = append(all, sealed)
		}
		return nil
	})
	if err != nil {
		return err
	}
	for range times {
		if err := Opens(all)(ctx, target); err != nil {
			return err
		}
	}
	return nil
}

// Opens (cases 27, 28, 46): these, sealed before or elsewhere, decrypt now and here.
func Opens(all []kmsclient.Sealed) Check {
	return func(ctx context.Context, target Target) error {
		return withClient(target, func(client *kmsclient.Client) error {
			for i, sealed := range all {
				if err := openExactly(ctx, client, sealed); err != nil {
					return fmt.Errorf("object %d of %d, key_id %s: %w", i+1, len(all), sealed.KeyID, err)
				}
			}
			return nil
		})
	}
}

// OpensAtOnce (cases 29 and 58): the same, `callers` at a time, each answer within kube-apiserver's time.
func OpensAtOnce(all []kmsclient.Sealed, callers int) Check {
	return func(ctx context.Context, target Target) error {
		return withClient(target, func(client *kmsclient.Client) error {
			return concurrently(callers, func(caller int) error {
				for i := caller; i < len(all); i += callers {
					if err := openExactly(ctx, client, all[i]); err != nil {
						return fmt.Errorf("object %d of %d: %w", i+1, len(all), err)
					}
				}
				return nil
			})
		})
	}
}

// SealMany makes objects for the checks above.
func SealMany(ctx context.Context, target Target, n int) ([]kmsclient.Sealed, error) {
	all := make([]kmsclient.Sealed, n)
	err := withClient(target, func(client *kmsclient.Client) error {
		var err error
		for i := range all {
			if all[i], err = sealSeed(ctx, client); err != nil {
				return fmt.Errorf("object %d: %w", i+1, err)
			}
		}
		return nil
	})
	return all, err
}

// ConcurrentClients (case 58): a hundred clients, a connection for every two of them, encrypt and decrypt.
func ConcurrentClients(ctx context.Context, target Target) error {
	const connections, perConnection, calls = 50, 2, 20
	return concurrently(connections, func(int) error {
		return withClient(target, func(client *kmsclient.Client) error {
			return concurrently(perConnection, func(int) error {
				for range calls {
					sealed, err := sealSeed(ctx, client)
					if err != nil {
						return err
					}
					if err := openExactly(ctx, client, sealed); err != nil {
						return err
					}
				}
				return nil
			})
		})
	})
}
