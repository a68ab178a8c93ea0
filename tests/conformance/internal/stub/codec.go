package stub

import (
	"fmt"

	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/proto"
	kmsapi "k8s.io/kms/apis/v2"

	"signet/tests/conformance/internal/kmsclient"
)

// swappingCodec writes an EncryptResponse with the field numbers of a DecryptRequest: key_id 3, annotations 4.
type swappingCodec struct{}

func (swappingCodec) Marshal(v any) (mem.BufferSlice, error) {
	message, ok := v.(proto.Message)
	if !ok {
		return nil, fmt.Errorf("%T is no message", v)
	}
	if response, isEncrypt := v.(*kmsapi.EncryptResponse); isEncrypt {
		wire := kmsclient.AppendBytesField(nil, 1, response.Ciphertext)
		wire = kmsclient.AppendBytesField(wire, 3, []byte(response.KeyId))
		wire = kmsclient.AppendMapField(wire, 4, response.Annotations)
		return mem.BufferSlice{mem.SliceBuffer(wire)}, nil
	}
	wire, err := proto.Marshal(message)
	return mem.BufferSlice{mem.SliceBuffer(wire)}, err
}

func (swappingCodec) Unmarshal(data mem.BufferSlice, v any) error {
	message, ok := v.(proto.Message)
	if !ok {
		return fmt.Errorf("%T is no message", v)
	}
	return proto.Unmarshal(data.Materialize(), message)
}

func (swappingCodec) Name() string { return "proto" }
