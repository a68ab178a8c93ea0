package apiserver

import "k8s.io/apiserver/pkg/storage/value/encrypt/envelope/kmsv2"

// KeyIDHash is the hash under which kube-apiserver's metrics and logs show a key_id.
func KeyIDHash(keyID string) string { return kmsv2.GetHashIfNotEmpty(keyID) }
