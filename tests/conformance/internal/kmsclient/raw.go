package kmsclient

import (
	"context"
	"fmt"

	"google.golang.org/grpc"
)

// RawCodec hands message bytes through untouched, so that a test writes and reads the wire itself.
type RawCodec struct{}

// Marshal implements encoding.Codec.
func (RawCodec) Marshal(v any) ([]byte, error) {
	message, ok := v.(*[]byte)
	if !ok {
		return nil, fmt.Errorf("raw codec: %T is not *[]byte", v)
	}
	return *message, nil
}

// Unmarshal implements encoding.Codec.
func (RawCodec) Unmarshal(data []byte, v any) error {
	message, ok := v.(*[]byte)
	if !ok {
		return fmt.Errorf("raw codec: %T is not *[]byte", v)
	}
	*message = append([]byte(nil), data...)
	return nil
}

// Name implements encoding.Codec: the server sees an ordinary protobuf message.
func (RawCodec) Name() string { return "proto" }

// CallRaw sends `request` as the message of `method` ("/v2.KeyManagementService/Status") and returns the bytes
// of the answer.
func (c *Client) CallRaw(ctx context.Context, method string, request []byte) ([]byte, error) {
	var response []byte
	err := c.conn.Invoke(ctx, method, &request, &response, grpc.ForceCodec(RawCodec{}))
	return response, err
}
