// Package stub is a small KMS v2 plugin in process, good or with one fault: the control that shows that the
// checks pass what is good and flag what is not.
package stub

import (
	"bytes"
	"context"
	"crypto/cipher"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	kmsapi "k8s.io/kms/apis/v2"
)

const (
	annotation        = "salt.stub.internal"
	maxPlaintextBytes = 916
	slowCall          = 50 * time.Millisecond
	// For how many calls a change of the key goes wrong. Calls, not time: however slowly they come, some are hit.
	// With four callers that ask for Status after every third Encrypt, one of them does so in between.
	callsAfterChange = 40
)

type plugin struct {
	kmsapi.UnimplementedKeyManagementServiceServer
	fault Fault

	mutex      sync.Mutex
	keys       map[string]cipher.AEAD
	generation int
	current    string
	previous   string
	announced  bool // a Status has named current
	used       bool // an Encrypt has used current
	lagging    int  // calls since then that named previous, or failed
	opened     map[string]bool

	turn        sync.Mutex // OneCallAtATime
	inFlight    atomic.Int64
	statusCalls atomic.Int64
	opens       atomic.Int64
	workers     chan struct{} // LosesCancelledWorkers
	die         func()
}

func newPlugin(fault Fault, die func()) (*plugin, error) {
	p := &plugin{
		fault: fault, keys: map[string]cipher.AEAD{}, opened: map[string]bool{}, die: die,
		workers: make(chan struct{}, 8),
	}
	return p, p.addKey()
}

func (p *plugin) addKey() error {
	aead, err := newKey()
	if err != nil {
		return err
	}
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if p.fault == ForgetsOldKeys {
		clear(p.keys)
	}
	p.generation++
	p.previous, p.announced, p.used, p.lagging = p.current, false, false, 0
	p.current = fmt.Sprintf("stub-v%d-8f3a1c0d9e7b2a44", p.generation)
	p.keys[p.current] = aead
	return nil
}

// keyFor is the key that a method uses or names: after a change, the old one where the fault says so.
func (p *plugin) keyFor(isStatus bool, calls int64) (string, cipher.AEAD) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	old := false
	switch p.fault {
	case KeyIDFlaps:
		old = isStatus && p.previous != "" && calls%10 == 9
	case EncryptLags:
		old = !isStatus && p.announced && p.isJustChanged()
	case EncryptLeads:
		old = isStatus && p.used && p.isJustChanged()
	}
	if old {
		return p.previous, p.keys[p.previous]
	}
	if isStatus {
		p.announced = true
	} else {
		p.used = true
	}
	return p.current, p.keys[p.current]
}

// isJustChanged counts the calls since a change; the mutex is held.
func (p *plugin) isJustChanged() bool {
	p.lagging++
	return p.previous != "" && p.lagging <= callsAfterChange
}

func (p *plugin) hasChanged() bool {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	return p.previous != ""
}

func (p *plugin) failsNow() bool {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	return p.fault == FailsAtAChange && p.isJustChanged()
}

// Status implements the service.
func (p *plugin) Status(ctx context.Context, request *kmsapi.StatusRequest) (*kmsapi.StatusResponse, error) {
	if err := p.refuseUnknownFields(unknownBytes(request)); err != nil {
		return nil, err
	}
	calls := p.statusCalls.Add(1)
	keyID, _ := p.keyFor(true, calls)
	response := &kmsapi.StatusResponse{Version: "v2", Healthz: "ok", KeyId: keyID}
	switch p.fault {
	case HealthzCapital:
		response.Healthz = "OK"
	case HealthzLater:
		if p.hasChanged() {
			response.Healthz = "not well"
		}
	case NoKeyID:
		response.KeyId = ""
	case OtherVersion:
		response.Version = "v3"
	case VersionFlips:
		if calls%1000 == 999 {
			response.Version = "v2beta1"
		}
	case StatusBehindCalls:
		// Until nothing comes for a while: callers in step would else leave gaps to slip through.
		for quiet := 0; quiet < 100 && ctx.Err() == nil; quiet++ {
			if p.inFlight.Load() > 0 {
				quiet = 0
			}
			time.Sleep(time.Millisecond)
		}
	}
	return response, nil
}

// Encrypt implements the service.
func (p *plugin) Encrypt(ctx context.Context, request *kmsapi.EncryptRequest) (*kmsapi.EncryptResponse, error) {
	defer p.begin(ctx)()
	if err := p.checkRequest(request.Uid, unknownBytes(request)); err != nil {
		return nil, err
	}
	if len(request.Plaintext) == 0 || len(request.Plaintext) > maxPlaintextBytes {
		if p.fault != TruncatesPlaintext || len(request.Plaintext) == 0 {
			if p.fault == LeaksPlaintextInError {
				return nil, status.Errorf(codes.InvalidArgument, "bad plaintext %x", request.Plaintext)
			}
			return nil, p.invalid("plaintext size")
		}
	}
	if p.failsNow() {
		return nil, p.coded(codes.Unavailable, "changing the key")
	}
	keyID, aead := p.keyFor(false, 0)
	plaintext := request.Plaintext
	if p.fault == TruncatesPlaintext {
		plaintext = plaintext[:min(len(plaintext), 32)]
	}
	salt := p.salt()
	response := &kmsapi.EncryptResponse{
		Ciphertext:  seal(aead, p.nonce(), plaintext, p.additionalData(keyID, salt)),
		KeyId:       keyID,
		Annotations: map[string][]byte{annotation: salt},
	}
	switch p.fault {
	case OtherKeyID:
		response.KeyId += "x"
	case LongCiphertext:
		response.Ciphertext = make([]byte, 1025)
	case AnnotationWithSlash:
		response.Annotations["stub.internal/salt"] = []byte{1}
	case FatAnnotation:
		response.Annotations["fat.stub.internal"] = make([]byte, 1024)
	case RepeatsCiphertext:
		response.Ciphertext = bytes.Repeat([]byte{7}, 60)
	case PlaintextInside:
		response.Ciphertext = append(response.Ciphertext, request.Plaintext...)
	}
	return response, nil
}

// Decrypt implements the service.
func (p *plugin) Decrypt(ctx context.Context, request *kmsapi.DecryptRequest) (*kmsapi.DecryptResponse, error) {
	defer p.begin(ctx)()
	if err := p.checkRequest(request.Uid, unknownBytes(request)); err != nil {
		return nil, err
	}
	ignored := p.fault == IgnoresAnnotations
	if !ignored && p.fault != IgnoresAddedOnes && len(request.Annotations) != 1 {
		return nil, p.invalid("number of annotations")
	}
	if len(request.Ciphertext) <= nonceBytes+tagBytes || len(request.Ciphertext) > 65536+108 {
		return nil, p.invalid("ciphertext size")
	}
	plaintext, err := p.open(request)
	switch {
	case errors.Is(err, errUnknownKey):
		return nil, p.coded(codes.NotFound, "unknown key_id")
	case err != nil && p.fault == NoAuthentication:
		return &kmsapi.DecryptResponse{Plaintext: make([]byte, 32)}, nil
	case err != nil:
		return nil, p.coded(codes.DataLoss, "authentication failed")
	}
	switch opens := p.opens.Add(1); {
	case p.fault == WrongPlaintext, p.fault == WrongPlaintextLater && opens%50 == 0:
		plaintext = bytes.Repeat([]byte{9}, len(plaintext))
	case p.fault == RefusesAtTheSecond && !p.first(request.Ciphertext):
		return nil, p.coded(codes.DataLoss, "opened before")
	}
	return &kmsapi.DecryptResponse{Plaintext: plaintext}, nil
}

// begin is at the head of Encrypt and Decrypt; what it returns ends the call.
func (p *plugin) begin(ctx context.Context) func() {
	p.inFlight.Add(1)
	switch p.fault {
	case OneCallAtATime:
		p.turn.Lock()
		time.Sleep(slowCall)
		p.turn.Unlock()
	case StatusBehindCalls:
		time.Sleep(slowCall)
	case LosesCancelledWorkers:
		p.workers <- struct{}{}
		time.Sleep(time.Millisecond)
		if ctx.Err() == nil {
			<-p.workers
		}
	}
	return func() { p.inFlight.Add(-1) }
}
