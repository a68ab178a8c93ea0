//go:build apiserver_before_0_35

package apiserver

import (
	"time"

	"k8s.io/apiserver/pkg/storage/value/encrypt/envelope/kmsv2"
)

// SetClock sets what kube-apiserver takes for now when it decides whether the seed of a provider is too old to
// write with. Before 0.35 there is one clock for all providers.
func SetClock(_ string, now func() time.Time) (restore func()) {
	before := kmsv2.NowFunc
	kmsv2.NowFunc = now
	return func() { kmsv2.NowFunc = before }
}
