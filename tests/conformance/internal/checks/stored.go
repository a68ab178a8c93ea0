package checks

import (
	"context"
	"fmt"

	"k8s.io/apiserver/pkg/storage/value/encrypt/envelope/kmsv2"
	kmstypes "k8s.io/apiserver/pkg/storage/value/encrypt/envelope/kmsv2/v2"

	"signet/tests/conformance/internal/kmsclient"
)

// StorableAnswer (cases 12 and 15): kube-apiserver's own validator accepts what Encrypt returns for a seed, and
// it stays within the budget per object.
func StorableAnswer(ctx context.Context, target Target) error {
	return withClient(target, func(client *kmsclient.Client) error {
		sealed, err := sealSeed(ctx, client)
		if err != nil {
			return err
		}
		object := &kmstypes.EncryptedObject{
			EncryptedData:          []byte{0}, // the validator wants some
			KeyID:                  sealed.KeyID,
			EncryptedDEKSource:     sealed.Ciphertext,
			Annotations:            sealed.Annotations,
			EncryptedDEKSourceType: kmstypes.EncryptedDEKSourceType_HKDF_SHA256_XNONCE_AES_GCM_SEED,
		}
		if err := kmsv2.ValidateEncryptedObject(object); err != nil {
			return err
		}
		if size := ObjectBytes(sealed.KeyID, sealed.Ciphertext, sealed.Annotations); size > target.MaxObjectBytes {
			return fmt.Errorf("%d bytes per object, the budget is %d", size, target.MaxObjectBytes)
		}
		return nil
	})
}

// ObjectBytes is what a plugin adds to every object in etcd.
func ObjectBytes(keyID string, ciphertext []byte, annotations map[string][]byte) int {
	size := len(keyID) + len(ciphertext)
	for key, value := range annotations {
		size += len(key) + len(value)
	}
	return size
}
