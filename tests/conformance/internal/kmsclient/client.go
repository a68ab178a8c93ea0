// Package kmsclient talks to a KMS v2 socket the way kube-apiserver's client does, but lets a test choose what
// kube-apiserver fixes: the authority, the bytes of a message, the moment a call is given up.
package kmsclient

import (
	"context"
	"fmt"
	"net"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	kmsapi "k8s.io/kms/apis/v2"
)

// Client is one connection. Safe for concurrent use.
type Client struct {
	kmsapi.KeyManagementServiceClient
	conn *grpc.ClientConn
}

// Dial connects lazily to a socket path, or to the abstract socket "@name". Calls wait for the connection, as
// kube-apiserver's do, unless an option says otherwise. Extra options come after the defaults and win.
func Dial(socket string, extra ...grpc.DialOption) (*Client, error) {
	options := []grpc.DialOption{
		grpc.WithAuthority("localhost"),
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.WaitForReady(true)),
		// A connection that a test leaves idle is for the server to end, not for this client.
		grpc.WithIdleTimeout(0),
		grpc.WithContextDialer(func(context.Context, string) (net.Conn, error) {
			return net.DialUnix("unix", nil, &net.UnixAddr{Name: socket, Net: "unix"})
		}),
	}
	// As kube-apiserver does. NewClient, its successor, is missing from the gRPC of the oldest releases.
	conn, err := grpc.Dial(socket, append(options, extra...)...)
	if err != nil {
		return nil, fmt.Errorf("dial %s: %w", socket, err)
	}
	return &Client{KeyManagementServiceClient: kmsapi.NewKeyManagementServiceClient(conn), conn: conn}, nil
}

// Close ends the connection; calls in flight fail with CANCELLED.
func (c *Client) Close() { _ = c.conn.Close() }

// Conn is for what the generated client cannot say.
func (c *Client) Conn() *grpc.ClientConn { return c.conn }

// Sealed is what Encrypt returned, with the plaintext that it must give back.
type Sealed struct {
	Plaintext   []byte
	Ciphertext  []byte
	KeyID       string
	Annotations map[string][]byte
}

// Seal encrypts one plaintext.
func (c *Client) Seal(ctx context.Context, uid string, plaintext []byte) (Sealed, error) {
	response, err := c.Encrypt(ctx, &kmsapi.EncryptRequest{Plaintext: plaintext, Uid: uid})
	if err != nil {
		return Sealed{}, err
	}
	return Sealed{
		Plaintext:   plaintext,
		Ciphertext:  response.Ciphertext,
		KeyID:       response.KeyId,
		Annotations: response.Annotations,
	}, nil
}

// Open decrypts; the plaintext of `sealed` is not looked at.
func (c *Client) Open(ctx context.Context, uid string, sealed Sealed) ([]byte, error) {
	response, err := c.Decrypt(ctx, &kmsapi.DecryptRequest{
		Ciphertext:  sealed.Ciphertext,
		Uid:         uid,
		KeyId:       sealed.KeyID,
		Annotations: sealed.Annotations,
	})
	if err != nil {
		return nil, err
	}
	return response.Plaintext, nil
}
