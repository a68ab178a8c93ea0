package apiserver

import (
	"time"

	"k8s.io/apiserver/pkg/storage/value/encrypt/envelope/kmsv2"
)

// SetClock sets what kube-apiserver takes for now when it decides whether the seed of a provider is too old to
// write with. The hook has this form from 0.35 on; older releases need another file in place of this one.
func SetClock(provider string, now func() time.Time) (restore func()) {
	return kmsv2.SetNowFuncForTests(provider, now)
}

// KeyIDHash is the hash under which kube-apiserver's metrics and logs show a key_id.
func KeyIDHash(keyID string) string { return kmsv2.GetHashIfNotEmpty(keyID) }
