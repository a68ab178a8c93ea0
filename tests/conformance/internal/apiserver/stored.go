package apiserver

import (
	"bytes"
	"errors"
	"fmt"

	"signet/tests/conformance/internal/kmsclient"
)

// Stored is a value as it lies in etcd, taken apart by its bytes: an oracle that shares no code with
// kube-apiserver's.
type Stored struct {
	Provider           string
	EncryptedData      []byte
	KeyID              string
	EncryptedDEKSource []byte
	Annotations        map[string][]byte
	SourceType         []byte // varint as on the wire; 1 is a seed
}

// ParseStored reads "k8s:enc:kms:v2:<provider>:" and the message behind it.
func ParseStored(stored []byte) (Stored, error) {
	rest, found := bytes.CutPrefix(stored, []byte("k8s:enc:kms:v2:"))
	if !found {
		return Stored{}, errors.New("no KMS v2 prefix")
	}
	name, message, found := bytes.Cut(rest, []byte(":"))
	if !found {
		return Stored{}, errors.New("no provider name")
	}
	fields, err := kmsclient.ParseFields(message)
	if err != nil {
		return Stored{}, err
	}
	parsed := Stored{Provider: string(name)}
	if parsed.EncryptedData, err = fields.One(1); err != nil {
		return Stored{}, fmt.Errorf("encryptedData: %w", err)
	}
	keyID, err := fields.One(2)
	if err != nil {
		return Stored{}, fmt.Errorf("keyID: %w", err)
	}
	parsed.KeyID = string(keyID)
	if parsed.EncryptedDEKSource, err = fields.One(3); err != nil {
		return Stored{}, fmt.Errorf("encryptedDEKSource: %w", err)
	}
	if parsed.Annotations, err = fields.Map(4); err != nil {
		return Stored{}, fmt.Errorf("annotations: %w", err)
	}
	if parsed.SourceType, err = fields.One(5); err != nil {
		return Stored{}, fmt.Errorf("encryptedDEKSourceType: %w", err)
	}
	return parsed, nil
}
