package checks

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"slices"

	"google.golang.org/grpc/codes"

	"signet/tests/conformance/internal/kmsclient"
)

// forged sends what must be refused and says which forgery was not.
func forged(
	ctx context.Context, client *kmsclient.Client, what string, sealed kmsclient.Sealed, allowed []codes.Code,
) error {
	ctx, cancel := context.WithTimeout(ctx, CallTimeout)
	defer cancel()
	_, err := client.Open(ctx, "check", sealed)
	if err := Refused(err, allowed, sealed.Plaintext); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

// UnknownKeyID (case 21): a key_id that was never announced is refused, whatever the rest says.
func UnknownKeyID(ctx context.Context, target Target) error {
	return withClient(target, func(client *kmsclient.Client) error {
		sealed, err := sealSeed(ctx, client)
		if err != nil {
			return err
		}
		genuine := sealed.KeyID
		for _, keyID := range []string{
			"", "x", genuine + "x", genuine[:len(genuine)-1], " " + genuine, genuine + "\x00",
			"local-v99-0000000000000000", string(bytes.Repeat([]byte("k"), 1024)),
		} {
			sealed.KeyID = keyID
			if err := forged(ctx, client, fmt.Sprintf("key_id %.40q", keyID), sealed, BadTuple); err != nil {
				return err
			}
		}
		return nil
	})
}

// ExchangedParts (case 22): of two objects of different keys, no mixture of their parts opens.
func ExchangedParts(a, b kmsclient.Sealed) Check {
	return func(ctx context.Context, target Target) error {
		if a.KeyID == b.KeyID {
			return fmt.Errorf("both objects have the key_id %s", a.KeyID)
		}
		return withClient(target, func(client *kmsclient.Client) error {
			for mixture := 1; mixture < 7; mixture++ {
				sealed := a
				if mixture&1 != 0 {
					sealed.Ciphertext = b.Ciphertext
				}
				if mixture&2 != 0 {
					sealed.KeyID = b.KeyID
				}
				if mixture&4 != 0 {
					sealed.Annotations = b.Annotations
				}
				what := fmt.Sprintf("mixture %03b (annotations, key_id, ciphertext)", mixture)
				if err := forged(ctx, client, what, sealed, BadTuple); err != nil {
					return err
				}
			}
			return Opens([]kmsclient.Sealed{a, b})(ctx, target)
		})
	}
}

// FlippedBits (case 23): every single bit of the ciphertext is authenticated.
func FlippedBits(ctx context.Context, target Target) error {
	return withClient(target, func(client *kmsclient.Client) error {
		sealed, err := sealSeed(ctx, client)
		if err != nil {
			return err
		}
		genuine := sealed.Ciphertext
		for bit := range len(genuine) * 8 {
			sealed.Ciphertext = flip(genuine, bit)
			if err := forged(ctx, client, fmt.Sprintf("bit %d", bit), sealed, BadTuple); err != nil {
				return err
			}
		}
		sealed.Ciphertext = genuine
		return openExactly(ctx, client, sealed)
	})
}

// ChangedAnnotations (case 24): removed, added, renamed, or with any single bit changed.
func ChangedAnnotations(ctx context.Context, target Target) error {
	return withClient(target, func(client *kmsclient.Client) error {
		sealed, err := sealSeed(ctx, client)
		if err != nil {
			return err
		}
		genuine := sealed.Annotations
		change := func(what string, edit func(annotations map[string][]byte)) error {
			annotations := maps.Clone(genuine)
			edit(annotations)
			sealed.Annotations = annotations
			return forged(ctx, client, what, sealed, BadTuple)
		}
		for _, key := range slices.Sorted(maps.Keys(genuine)) {
			edits := map[string]func(map[string][]byte){
				"removed": func(m map[string][]byte) { delete(m, key) },
				"added":   func(m map[string][]byte) { m["added.example.com"] = []byte("1") },
				"doubled": func(m map[string][]byte) { m["x"+key] = m[key] },
				"renamed": func(m map[string][]byte) { m["x"+key] = m[key]; delete(m, key) },
				"emptied": func(m map[string][]byte) { m[key] = nil },
				"longer":  func(m map[string][]byte) { m[key] = append(bytes.Clone(m[key]), 0) },
				"shorter": func(m map[string][]byte) { m[key] = m[key][:len(m[key])-1] },
				"32 KiB":  func(m map[string][]byte) { m[key] = make([]byte, 32<<10) },
			}
			for what, edit := range edits {
				if err := change(key+" "+what, edit); err != nil {
					return err
				}
			}
			for bit := range len(genuine[key]) * 8 {
				what := fmt.Sprintf("%s, bit %d", key, bit)
				if err := change(what, func(m map[string][]byte) { m[key] = flip(m[key], bit) }); err != nil {
					return err
				}
			}
		}
		sealed.Annotations = genuine
		return openExactly(ctx, client, sealed)
	})
}

// BadLengths (case 25): truncated, empty, tiny, over-long ciphertexts. Above its message cap gRPC answers by
// itself.
func BadLengths(ctx context.Context, target Target) error {
	return withClient(target, func(client *kmsclient.Client) error {
		sealed, err := sealSeed(ctx, client)
		if err != nil {
			return err
		}
		genuine := sealed.Ciphertext
		malformed := []codes.Code{codes.InvalidArgument}
		for length := range len(genuine) {
			// A cut inside the payload leaves a well-formed ciphertext that is not genuine.
			allowed := malformed
			if length > len(genuine)-SeedBytes {
				allowed = BadTuple
			}
			sealed.Ciphertext = genuine[:length]
			if err := forged(ctx, client, fmt.Sprintf("cut to %d bytes", length), sealed, allowed); err != nil {
				return err
			}
		}
		for _, length := range []int{1025, 4096, 65536 + 108, 65536 + 109, 1 << 20, 4<<20 - 1024, 4 << 20, 5 << 20} {
			for what, ciphertext := range map[string][]byte{
				"random":  RandomBytes(length),
				"genuine": append(bytes.Clone(genuine), make([]byte, length-len(genuine))...),
			} {
				sealed.Ciphertext = ciphertext
				allowed := []codes.Code{codes.InvalidArgument, codes.ResourceExhausted}
				if length <= 65536+108 {
					allowed = BadTuple
				}
				what = fmt.Sprintf("%s, %d bytes", what, length)
				if err := forged(ctx, client, what, sealed, allowed); err != nil {
					return err
				}
			}
		}
		sealed.Ciphertext = genuine
		return openExactly(ctx, client, sealed)
	})
}

func flip(b []byte, bit int) []byte {
	flipped := bytes.Clone(b)
	flipped[bit/8] ^= 1 << (bit % 8)
	return flipped
}
