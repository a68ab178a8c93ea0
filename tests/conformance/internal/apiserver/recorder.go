package apiserver

import (
	"context"
	"sync"
	"time"

	"k8s.io/apiserver/pkg/server/options/encryptionconfig"
	"k8s.io/apiserver/pkg/storage/value/encrypt/envelope/kmsv2"
	kmsservice "k8s.io/kms/pkg/service"
)

// Counts are calls that kube-apiserver made, by method.
type Counts struct{ Status, Encrypt, Decrypt int }

// Recorder stands between kube-apiserver and its gRPC client: it counts, and a test may make it answer Status
// by itself. Safe for concurrent use.
type Recorder struct {
	mutex      sync.Mutex
	counts     Counts
	failStatus error
}

// Record puts a new Recorder in front of every client that is made until the returned function is called.
// Process-wide: not for parallel tests.
func Record() (*Recorder, func()) {
	recorder := &Recorder{}
	return recorder, replaceFactory(func(
		ctx context.Context, endpoint, name string, timeout time.Duration,
	) (kmsservice.Service, error) {
		service, err := kmsv2.NewGRPCService(ctx, endpoint, name, timeout)
		if err != nil {
			return nil, err
		}
		return &recordedService{next: service, recorder: recorder}, nil
	})
}

type serviceFactory = func(context.Context, string, string, time.Duration) (kmsservice.Service, error)

func replaceFactory(factory serviceFactory) (restore func()) {
	before := encryptionconfig.EnvelopeKMSv2ServiceFactory
	encryptionconfig.EnvelopeKMSv2ServiceFactory = factory
	return func() { encryptionconfig.EnvelopeKMSv2ServiceFactory = before }
}

// Counts is a snapshot.
func (r *Recorder) Counts() Counts {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	return r.counts
}

// Since is what was counted after `before`.
func (r *Recorder) Since(before Counts) Counts {
	now := r.Counts()
	return Counts{
		Status:  now.Status - before.Status,
		Encrypt: now.Encrypt - before.Encrypt,
		Decrypt: now.Decrypt - before.Decrypt,
	}
}

// FailStatus makes Status fail without asking the plugin; nil ends that.
func (r *Recorder) FailStatus(err error) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.failStatus = err
}

type recordedService struct {
	next     kmsservice.Service
	recorder *Recorder
}

func (s *recordedService) count(method func(*Counts) *int) error {
	s.recorder.mutex.Lock()
	defer s.recorder.mutex.Unlock()
	*method(&s.recorder.counts)++
	return s.recorder.failStatus
}

func (s *recordedService) Status(ctx context.Context) (*kmsservice.StatusResponse, error) {
	if err := s.count(func(c *Counts) *int { return &c.Status }); err != nil {
		return nil, err
	}
	return s.next.Status(ctx)
}

func (s *recordedService) Encrypt(
	ctx context.Context, uid string, data []byte,
) (*kmsservice.EncryptResponse, error) {
	_ = s.count(func(c *Counts) *int { return &c.Encrypt })
	return s.next.Encrypt(ctx, uid, data)
}

func (s *recordedService) Decrypt(
	ctx context.Context, uid string, request *kmsservice.DecryptRequest,
) ([]byte, error) {
	_ = s.count(func(c *Counts) *int { return &c.Decrypt })
	return s.next.Decrypt(ctx, uid, request)
}
