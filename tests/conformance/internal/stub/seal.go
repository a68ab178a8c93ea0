package stub

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"errors"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	kmsapi "k8s.io/kms/apis/v2"
)

const (
	nonceBytes = 12
	tagBytes   = 16
	saltBytes  = 16
)

var errUnknownKey = errors.New("unknown key_id")

func newKey() (cipher.AEAD, error) {
	key := make([]byte, 32)
	_, _ = rand.Read(key)
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

func seal(aead cipher.AEAD, nonce, plaintext, additionalData []byte) []byte {
	return aead.Seal(nonce, nonce, plaintext, additionalData)
}

func (p *plugin) nonce() []byte {
	nonce := make([]byte, nonceBytes)
	if p.fault != Deterministic {
		_, _ = rand.Read(nonce)
	}
	return nonce
}

func (p *plugin) salt() []byte {
	salt := make([]byte, saltBytes)
	if p.fault != Deterministic {
		_, _ = rand.Read(salt)
	}
	return salt
}

func (p *plugin) additionalData(keyID string, salt []byte) []byte {
	if p.fault == TriesOtherKeys {
		keyID = ""
	}
	if p.fault == IgnoresAnnotations {
		salt = nil
	}
	return append(append([]byte(keyID), 0), salt...)
}

func (p *plugin) open(request *kmsapi.DecryptRequest) ([]byte, error) {
	p.mutex.Lock()
	candidates := []cipher.AEAD{p.keys[request.KeyId]}
	if p.fault == TriesOtherKeys {
		candidates = nil
		for _, aead := range p.keys {
			candidates = append(candidates, aead)
		}
	}
	p.mutex.Unlock()
	if candidates[0] == nil {
		return nil, errUnknownKey
	}
	additionalData := p.additionalData(request.KeyId, request.Annotations[annotation])
	var plaintext []byte
	var err error
	for _, aead := range candidates {
		plaintext, err = aead.Open(nil, request.Ciphertext[:nonceBytes], request.Ciphertext[nonceBytes:],
			additionalData)
		if err == nil {
			return plaintext, nil
		}
	}
	return nil, err
}

// first says whether this ciphertext was never opened before.
func (p *plugin) first(ciphertext []byte) bool {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	before := p.opened[string(ciphertext)]
	p.opened[string(ciphertext)] = true
	return !before
}

func (p *plugin) refuseUnknownFields(unknownBytes int) error {
	if p.fault == RefusesUnknownFields && unknownBytes > 0 {
		return p.invalid("unknown fields")
	}
	return nil
}

func (p *plugin) checkRequest(uid string, unknownBytes int) error {
	if uid == "" && p.fault != AcceptsEmptyUID {
		return p.invalid("empty uid")
	}
	if len(uid) > 1000 && p.fault == DiesOnLongUID {
		p.die()
	}
	return p.refuseUnknownFields(unknownBytes)
}

func (p *plugin) invalid(text string) error { return p.coded(codes.InvalidArgument, text) }

func (p *plugin) coded(code codes.Code, text string) error {
	switch p.fault {
	case ErrorsAreUnknown:
		return errors.New(text)
	case BadInputIsInternal:
		code = codes.Internal
	case MultiLineErrors:
		text += "\nin plugin.go"
	}
	return status.Error(code, text)
}
