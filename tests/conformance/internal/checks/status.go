package checks

import (
	"context"
	"fmt"
	"sync"
	"unicode/utf8"

	kmsapi "k8s.io/kms/apis/v2"

	"signet/tests/conformance/internal/kmsclient"
)

// HealthyStatus (cases 4 and 6): a known version, exactly "ok", a valid key_id.
func HealthyStatus(ctx context.Context, target Target) error {
	return withClient(target, func(client *kmsclient.Client) error {
		ctx, cancel := context.WithTimeout(ctx, CallTimeout)
		defer cancel()
		response, err := client.Status(ctx, &kmsapi.StatusRequest{})
		if err != nil {
			return err
		}
		switch {
		case response.Version != "v2" && response.Version != "v2beta1":
			return fmt.Errorf("version %q", response.Version)
		case response.Healthz != "ok":
			return fmt.Errorf("healthz %q", response.Healthz)
		case len(response.KeyId) == 0 || len(response.KeyId) > 1024 || !utf8.ValidString(response.KeyId):
			return fmt.Errorf("key_id of %d bytes: %q", len(response.KeyId), response.KeyId)
		}
		return nil
	})
}

// ConstantVersion (case 5): kube-apiserver remembers the first version and refuses any other for ever.
func ConstantVersion(calls int) Check {
	return func(ctx context.Context, target Target) error {
		return withClient(target, func(client *kmsclient.Client) error {
			first := ""
			for i := range calls {
				response, err := client.Status(ctx, &kmsapi.StatusRequest{})
				if err != nil {
					return fmt.Errorf("call %d: %w", i, err)
				}
				if first == "" {
					first = response.Version
				}
				if response.Version != first {
					return fmt.Errorf("call %d: version %q, was %q", i, response.Version, first)
				}
			}
			return nil
		})
	}
}

// StatusUnderLoad (case 9): Status answers while a hundred callers encrypt and decrypt without a pause.
func StatusUnderLoad(ctx context.Context, target Target) error {
	const callers, calls = 100, 200
	return withClient(target, func(client *kmsclient.Client) error {
		sealed, err := sealSeed(ctx, client)
		if err != nil {
			return err
		}
		loadContext, stopLoad := context.WithCancel(ctx)
		defer stopLoad()
		var load sync.WaitGroup
		problems := make([]error, callers)
		for i := range callers {
			load.Go(func() {
				for loadContext.Err() == nil && problems[i] == nil {
					if i%2 == 0 {
						_, problems[i] = sealSeed(ctx, client)
					} else {
						problems[i] = openExactly(ctx, client, sealed)
					}
				}
			})
		}
		statusError := withClient(target, func(prober *kmsclient.Client) error {
			for i := range calls {
				ctx, cancel := context.WithTimeout(ctx, CallTimeout)
				response, err := prober.Status(ctx, &kmsapi.StatusRequest{})
				cancel()
				if err != nil {
					return fmt.Errorf("Status %d under load: %w", i, err)
				}
				if response.KeyId != sealed.KeyID {
					return fmt.Errorf("Status %d under load: key_id %q, was %q", i, response.KeyId, sealed.KeyID)
				}
			}
			return nil
		})
		stopLoad()
		load.Wait()
		if statusError != nil {
			return statusError
		}
		return summary(problems)
	})
}
