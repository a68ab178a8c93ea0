package checks

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"signet/tests/conformance/internal/kmsclient"
)

// Mutated (case 26): of `inputs` tuples that somebody who writes to etcd made out of genuine ones, none opens,
// however well he knows the format; the genuine ones still do. `report` is told how many each code refused.
func Mutated(originals []kmsclient.Sealed, inputs int, report func(refusals map[codes.Code]int)) Check {
	const callers, calls = 4, 8 // connections, and calls at a time on each
	return func(ctx context.Context, target Target) error {
		var mutex sync.Mutex
		refusals := map[codes.Code]int{}
		err := concurrently(callers, func(caller int) error {
			return withClient(target, func(client *kmsclient.Client) error {
				return concurrently(calls, func(call int) error {
					m := mutator{originals, rand.New(rand.NewPCG(uint64(caller), uint64(call)))}
					counts := map[codes.Code]int{}
					for i := caller*calls + call; i < inputs; i += callers * calls {
						sealed := m.next()
						code, err := refusedTuple(ctx, client, sealed)
						if err != nil {
							return fmt.Errorf("input %d: %w", i, err)
						}
						counts[code]++
					}
					mutex.Lock()
					defer mutex.Unlock()
					for code, count := range counts {
						refusals[code] += count
					}
					return nil
				})
			})
		})
		if err != nil {
			return err
		}
		report(refusals)
		return Opens(originals)(ctx, target)
	}
}

// refusedTuple wants an error without the plaintext in it. RESOURCE_EXHAUSTED too: signetd bounds what bad records
// may cost its KMS.
func refusedTuple(ctx context.Context, client *kmsclient.Client, sealed kmsclient.Sealed) (codes.Code, error) {
	ctx, cancel := context.WithTimeout(ctx, CallTimeout)
	defer cancel()
	plaintext, err := client.Open(ctx, "check", sealed)
	if err == nil && bytes.Equal(plaintext, sealed.Plaintext) {
		return codes.OK, fmt.Errorf("a changed tuple opens")
	}
	if err == nil {
		return codes.OK, fmt.Errorf("OK with %d wrong bytes", len(plaintext))
	}
	return status.Code(err), Refused(err, append([]codes.Code{codes.ResourceExhausted}, BadTuple...), sealed.Plaintext)
}

// mutator makes tuples that differ from every original.
type mutator struct {
	originals []kmsclient.Sealed
	random    *rand.Rand
}

func (m *mutator) next() kmsclient.Sealed {
	for {
		sealed := m.pick()
		original := sealed
		switch m.random.IntN(9) {
		case 0:
			sealed.Ciphertext = m.changed(sealed.Ciphertext)
		case 1:
			sealed.Ciphertext = m.resized(sealed.Ciphertext)
		case 2:
			sealed.KeyID = string(m.changed([]byte(sealed.KeyID)))
		case 3:
			m.changeAnnotation(&sealed, m.changed)
		case 4:
			m.changeAnnotation(&sealed, m.resized)
		case 5: // a changed record that the ciphertext names
			m.changeAnnotation(&sealed, m.changed)
			nameRecord(&sealed)
		case 6: // a changed key_id wherever it stands
			keyID := string(m.changed([]byte(sealed.KeyID)))
			m.changeAnnotation(&sealed, func(record []byte) []byte {
				return bytes.ReplaceAll(record, []byte(sealed.KeyID), []byte(keyID))
			})
			sealed.KeyID = keyID
			nameRecord(&sealed)
		case 7:
			other := m.pick()
			cut := m.random.IntN(min(len(sealed.Ciphertext), len(other.Ciphertext)))
			sealed.Ciphertext = slices.Concat(sealed.Ciphertext[:cut], other.Ciphertext[cut:])
		case 8:
			other := m.pick()
			sealed.Annotations, sealed.KeyID = other.Annotations, other.KeyID
			if m.random.IntN(2) == 0 {
				nameRecord(&sealed)
			}
		}
		if strings.ToValidUTF8(sealed.KeyID, "") == sealed.KeyID && !m.isGenuine(sealed) {
			sealed.Plaintext = original.Plaintext
			return sealed
		}
	}
}

func (m *mutator) pick() kmsclient.Sealed { return m.originals[m.random.IntN(len(m.originals))] }

func (m *mutator) isGenuine(sealed kmsclient.Sealed) bool {
	return slices.ContainsFunc(m.originals, func(original kmsclient.Sealed) bool {
		return bytes.Equal(original.Ciphertext, sealed.Ciphertext) && original.KeyID == sealed.KeyID &&
			maps.EqualFunc(original.Annotations, sealed.Annotations, bytes.Equal)
	})
}

// changed has one to three bytes that are others.
func (m *mutator) changed(original []byte) []byte {
	changed := bytes.Clone(original)
	for range 1 + m.random.IntN(3) {
		if len(changed) > 0 {
			changed[m.random.IntN(len(changed))] ^= byte(1 + m.random.IntN(255))
		}
	}
	return changed
}

// resized lacks a piece or has one more.
func (m *mutator) resized(original []byte) []byte {
	at := m.random.IntN(len(original))
	if m.random.IntN(2) == 0 {
		return slices.Concat(original[:at], original[min(len(original), at+1+m.random.IntN(8)):])
	}
	return slices.Concat(original[:at], RandomBytes(1+m.random.IntN(8)), original[at:])
}

func (m *mutator) changeAnnotation(sealed *kmsclient.Sealed, change func([]byte) []byte) {
	annotations := maps.Clone(sealed.Annotations)
	for key, value := range sealed.Annotations {
		if len(value) > 0 {
			annotations[key] = change(value)
		}
	}
	sealed.Annotations = annotations
}

// nameRecord lets the ciphertext name the record that it comes with, as signetd's envelope does: an attacker knows
// SHA-256 too.
func nameRecord(sealed *kmsclient.Sealed) {
	const recordAnnotation, idAt, idBytes = "kek.signet.internal", 4, 16
	record, found := sealed.Annotations[recordAnnotation]
	if !found || len(sealed.Ciphertext) < idAt+idBytes {
		return
	}
	id := sha256.Sum256(record)
	sealed.Ciphertext = slices.Concat(sealed.Ciphertext[:idAt], id[:idBytes], sealed.Ciphertext[idAt+idBytes:])
}
