package checks

import (
	"context"
	"fmt"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"signet/tests/conformance/internal/kmsclient"
)

// CancelledCalls (case 19): callers that hang up or run out of time, at every moment of a call, cost the plugin
// nothing: all later calls are served in time.
func CancelledCalls(ctx context.Context, target Target) error {
	const callers, rounds, served = 64, 40, 64
	return withClient(target, func(client *kmsclient.Client) error {
		sealed, err := sealSeed(ctx, client)
		if err != nil {
			return err
		}
		gone := 0
		outcomes := make([]int, callers)
		err = concurrently(callers, func(caller int) error {
			for round := range rounds {
				// From before the request has left to well after the answer.
				patience := time.Duration(caller*rounds+round) * time.Microsecond
				ctx, cancel := context.WithTimeout(ctx, patience)
				var err error
				if caller%2 == 0 {
					_, err = client.Seal(ctx, "check", sealed.Plaintext)
				} else {
					_, err = client.Open(ctx, "check", sealed)
				}
				cancel()
				switch status.Code(err) {
				case codes.OK:
				case codes.DeadlineExceeded, codes.Canceled:
					outcomes[caller]++
				default:
					return fmt.Errorf("a call of %v: %w", patience, err)
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		for _, n := range outcomes {
			gone += n
		}
		if gone == 0 {
			return fmt.Errorf("none of %d calls was given up", callers*rounds)
		}
		return concurrently(served, func(int) error {
			sealed, err := sealSeed(ctx, client)
			if err != nil {
				return fmt.Errorf("after %d calls given up: %w", gone, err)
			}
			return openExactly(ctx, client, sealed)
		})
	})
}
