package stub

import (
	"fmt"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/protoadapt"
	kmsapi "k8s.io/kms/apis/v2"

	"signet/tests/conformance/internal/kmsclient"
)

// swappingCodec writes an EncryptResponse with the field numbers of a DecryptRequest: key_id 3, annotations 4.
type swappingCodec struct{}

func (swappingCodec) Marshal(v any) ([]byte, error) {
	if response, isEncrypt := v.(*kmsapi.EncryptResponse); isEncrypt {
		wire := kmsclient.AppendBytesField(nil, 1, response.Ciphertext)
		wire = kmsclient.AppendBytesField(wire, 3, []byte(response.KeyId))
		return kmsclient.AppendMapField(wire, 4, response.Annotations), nil
	}
	message, err := reflected(v)
	if err != nil {
		return nil, err
	}
	return proto.Marshal(message)
}

func (swappingCodec) Unmarshal(data []byte, v any) error {
	message, err := reflected(v)
	if err != nil {
		return err
	}
	return proto.Unmarshal(data, message)
}

func (swappingCodec) Name() string { return "proto" }

// reflected is a message whatever generated it: before 0.34 that was gogo.
func reflected(v any) (proto.Message, error) {
	message, ok := v.(protoadapt.MessageV1)
	if !ok {
		return nil, fmt.Errorf("%T is no message", v)
	}
	return protoadapt.MessageV2Of(message), nil
}

// unknownBytes is the length of the fields that the message's schema does not have.
func unknownBytes(message protoadapt.MessageV1) int {
	return len(protoadapt.MessageV2Of(message).ProtoReflect().GetUnknown())
}
