package apiserver

import (
	"context"
	"sync"
	"time"

	"k8s.io/apiserver/pkg/storage/value/encrypt/envelope/kmsv2"
	kmsservice "k8s.io/kms/pkg/service"
)

// Bridge leads out of a testing/synctest bubble: kube-apiserver's polls and expiries run on the bubble's clock,
// while gRPC and the plugin live in real time. Its channels are made outside and so belong to no bubble: waiting
// on them does not let the bubble's clock run.
type Bridge struct {
	calls   chan func()
	results chan chan struct{}
	context context.Context // of the clients, made outside as well
	cancel  context.CancelFunc
	carrier sync.WaitGroup
	restore func()
}

// OpenBridge is called outside the bubble. `recorder` may be nil. Process-wide, like Record.
func OpenBridge(recorder *Recorder) *Bridge {
	const concurrentCalls = 64
	ctx, cancel := context.WithCancel(context.Background())
	b := &Bridge{
		calls: make(chan func()), results: make(chan chan struct{}, concurrentCalls), context: ctx, cancel: cancel,
	}
	for range concurrentCalls {
		b.results <- make(chan struct{}, 1)
	}
	b.carrier.Go(func() {
		for call := range b.calls {
			go call()
		}
	})
	b.restore = replaceFactory(b.newService(recorder))
	return b
}

// Close is called outside the bubble, after its end.
func (b *Bridge) Close() {
	b.restore()
	close(b.calls)
	b.carrier.Wait()
	b.cancel()
}

// Outside runs `call` on a goroutine of the outer world and waits for it: for what needs real time, like the
// start of a program.
func (b *Bridge) Outside(call func()) {
	result := <-b.results
	b.calls <- func() {
		defer func() { result <- struct{}{} }() // even if a failing test ends the goroutine
		call()
	}
	<-result
	b.results <- result
}

func (b *Bridge) newService(recorder *Recorder) serviceFactory {
	return func(_ context.Context, endpoint, name string, timeout time.Duration) (kmsservice.Service, error) {
		var service kmsservice.Service
		var err error
		b.Outside(func() { service, err = kmsv2.NewGRPCService(b.context, endpoint, name, timeout) })
		if err != nil {
			return nil, err
		}
		if recorder != nil {
			service = &recordedService{next: service, recorder: recorder}
		}
		return &bridgedService{next: service, bridge: b}, nil
	}
}

// bridgedService passes no context on: the bubble's must not leave it.
type bridgedService struct {
	next   kmsservice.Service
	bridge *Bridge
}

func (s *bridgedService) Status(context.Context) (response *kmsservice.StatusResponse, err error) {
	s.bridge.Outside(func() { response, err = s.next.Status(s.bridge.context) })
	return response, err
}

func (s *bridgedService) Encrypt(
	_ context.Context, uid string, data []byte,
) (response *kmsservice.EncryptResponse, err error) {
	s.bridge.Outside(func() { response, err = s.next.Encrypt(s.bridge.context, uid, data) })
	return response, err
}

func (s *bridgedService) Decrypt(
	_ context.Context, uid string, request *kmsservice.DecryptRequest,
) (plaintext []byte, err error) {
	s.bridge.Outside(func() { plaintext, err = s.next.Decrypt(s.bridge.context, uid, request) })
	return plaintext, err
}
