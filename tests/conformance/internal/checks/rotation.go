package checks

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	kmsapi "k8s.io/kms/apis/v2"

	"signet/tests/conformance/internal/keyids"
	"signet/tests/conformance/internal/kmsclient"
)

// How long a plugin may take to announce what `rotate` has done.
const announcementPatience = 30 * time.Second

// SmoothRotation (cases 33, 34, 73): while the key changes, `calls` Encrypts and more run beside a Status every
// 10 ms. No call fails, what was sealed opens, and the key_ids go one way: keyids.Log.Problem.
func SmoothRotation(rotate func() error, calls int64) Check {
	return func(ctx context.Context, target Target) error {
		watch, err := keyids.Start(target.Socket)
		if err != nil {
			return err
		}
		stop := sync.OnceFunc(watch.Stop)
		defer stop()
		var sealed atomic.Int64
		enough := make(chan struct{})
		working, failed := context.WithCancel(ctx)
		defer failed()
		var callers sync.WaitGroup
		var callError error
		callers.Go(func() {
			callError = concurrently(4, func(int) error {
				return withClient(target, func(client *kmsclient.Client) error {
					err := encryptUntil(ctx, enough, client, &watch.Log, &sealed)
					if err != nil {
						failed()
					}
					return err
				})
			})
		})
		err = rotateBeside(working, rotate, &watch.Log, &sealed, calls)
		close(enough)
		callers.Wait()
		err = errors.Join(err, callError)
		stop()
		return errors.Join(err, watch.Failed(), watch.Problem())
	}
}

// rotateBeside rotates once half of the calls are made, and returns when the other half is made under the key
// that Status came to announce. The end of `ctx` ends it before.
func rotateBeside(
	ctx context.Context, rotate func() error, log *keyids.Log, sealed *atomic.Int64, calls int64,
) error {
	until := func(what string, condition func() bool) error {
		for deadline := time.Now().Add(announcementPatience); !condition(); time.Sleep(time.Millisecond) {
			if time.Now().After(deadline) || ctx.Err() != nil {
				return fmt.Errorf("waited in vain until %s", what)
			}
		}
		return nil
	}
	if err := until("calls were made", func() bool { return sealed.Load() >= calls/2 }); err != nil {
		return err
	}
	before := len(log.Announced())
	if err := rotate(); err != nil {
		return err
	}
	if err := until("Status announced a new key_id", func() bool { return len(log.Announced()) > before }); err != nil {
		return err
	}
	enough := sealed.Load() + calls/2
	return until("as many more were made", func() bool { return sealed.Load() >= enough })
}

func encryptUntil(
	ctx context.Context, enough chan struct{}, client *kmsclient.Client, log *keyids.Log, sealed *atomic.Int64,
) error {
	const openedEvery, statusEvery = 10, 3
	for i := 0; ; i++ {
		select {
		case <-enough:
			return nil
		default:
		}
		began := time.Now()
		one, err := sealSeed(ctx, client)
		if err != nil {
			return err
		}
		log.Add("Encrypt", one.KeyID, began)
		sealed.Add(1)
		if i%openedEvery == 0 {
			if err := openExactly(ctx, client, one); err != nil {
				return err
			}
		}
		if i%statusEvery == 0 {
			began = time.Now()
			call, cancel := context.WithTimeout(ctx, CallTimeout)
			response, err := client.Status(call, &kmsapi.StatusRequest{})
			cancel()
			if err != nil {
				return fmt.Errorf("Status: %w", err)
			}
			log.Add("Status", response.GetKeyId(), began)
		}
	}
}
