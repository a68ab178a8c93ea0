//go:build !apiserver_before_0_35

package apiserver

import (
	"time"

	"k8s.io/apiserver/pkg/storage/value/encrypt/envelope/kmsv2"
)

// SetClock sets what kube-apiserver takes for now when it decides whether the seed of a provider is too old to
// write with.
func SetClock(provider string, now func() time.Time) (restore func()) {
	return kmsv2.SetNowFuncForTests(provider, now)
}
