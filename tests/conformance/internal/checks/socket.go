package checks

import (
	"context"
	"fmt"
	"net"
	"strings"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	kmsapi "k8s.io/kms/apis/v2"

	"signet/tests/conformance/internal/kmsclient"
)

// Authorities (case 59): every release of kube-apiserver sends another :authority.
func Authorities(ctx context.Context, target Target) error {
	for _, authority := range []string{
		"localhost",   // 1.32 and later
		target.Socket, // 1.27, 1.28
		strings.ReplaceAll(target.Socket, "/", "%2F"), // 1.29 to 1.31
		"@signet-kms", // an abstract socket before 1.32
	} {
		err := withClient(target, func(client *kmsclient.Client) error {
			sealed, err := sealSeed(ctx, client)
			if err != nil {
				return err
			}
			return openExactly(ctx, client, sealed)
		}, grpc.WithAuthority(authority))
		if err != nil {
			return fmt.Errorf("authority %s: %w", authority, err)
		}
	}
	return nil
}

// ManyConnections (case 60): what one connection sealed opens on each of several that are up at the same time.
func ManyConnections(ctx context.Context, target Target) error {
	const connections = 16
	var clients []*kmsclient.Client
	defer func() {
		for _, client := range clients {
			client.Close()
		}
	}()
	var all []kmsclient.Sealed
	for i := range connections {
		client, err := kmsclient.Dial(target.Socket)
		if err != nil {
			return err
		}
		clients = append(clients, client)
		sealed, err := sealSeed(ctx, client)
		if err != nil {
			return fmt.Errorf("connection %d: %w", i+1, err)
		}
		all = append(all, sealed)
	}
	for i, client := range clients {
		for _, sealed := range all {
			if err := openExactly(ctx, client, sealed); err != nil {
				return fmt.Errorf("connection %d: %w", i+1, err)
			}
		}
	}
	return nil
}

// IdleConnection (case 62): a connection that says nothing for a while is neither ended nor told to go.
func IdleConnection(idle time.Duration) Check {
	return func(ctx context.Context, target Target) error {
		var dials atomic.Int64
		counting := grpc.WithContextDialer(func(context.Context, string) (net.Conn, error) {
			dials.Add(1)
			return net.DialUnix("unix", nil, &net.UnixAddr{Name: target.Socket, Net: "unix"})
		})
		return withClient(target, func(client *kmsclient.Client) error {
			sealed, err := sealSeed(ctx, client)
			if err != nil {
				return err
			}
			before := client.Conn().GetState()
			wait, cancel := context.WithTimeout(ctx, idle)
			defer cancel()
			if client.Conn().WaitForStateChange(wait, before) {
				return fmt.Errorf("the idle connection went from %s to %s", before, client.Conn().GetState())
			}
			if err := openExactly(ctx, client, sealed); err != nil {
				return err
			}
			if n := dials.Load(); n != 1 {
				return fmt.Errorf("%d connections where one would do", n)
			}
			return nil
		}, counting)
	}
}

// GarbageBeside (case 63): silence, half a preface, noise, HTTP/1.1 and broken frames on other connections do
// not touch a client that was there before, nor keep a new one out.
func GarbageBeside(ctx context.Context, target Target) error {
	const preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
	settings := "\x00\x00\x00\x04\x00\x00\x00\x00\x00"
	visitors := map[string]string{
		"silence":           "",
		"half a preface":    preface[:11],
		"one byte":          "\x16",
		"noise":             string(RandomBytes(4096)),
		"HTTP/1.1":          "POST /v2.KeyManagementService/Status HTTP/1.1\r\nHost: localhost\r\n\r\n",
		"TLS":               "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + string(RandomBytes(500)),
		"preface and noise": preface + string(RandomBytes(4096)),
		"a giant frame":     preface + settings + "\xff\xff\xff\x00\x00\x00\x00\x00\x01",
		"a frame cut short": preface + settings + "\x00\x40\x00\x01\x04\x00\x00\x00\x01abc",
		"headers of junk":   preface + settings + "\x00\x00\x04\x01\x05\x00\x00\x00\x01\xff\xff\xff\xff",
		"a reset of stream": preface + settings + "\x00\x00\x04\x03\x00\x00\x00\x00\x07\x00\x00\x00\x08",
	}
	return withClient(target, func(client *kmsclient.Client) error {
		sealed, err := sealSeed(ctx, client)
		if err != nil {
			return err
		}
		for what, bytes := range visitors {
			visitor, err := net.Dial("unix", target.Socket)
			if err != nil {
				return fmt.Errorf("%s: %w", what, err)
			}
			defer func() { _ = visitor.Close() }()
			_, _ = visitor.Write([]byte(bytes)) // to be hung up on meanwhile is the plugin's right
			if err := openExactly(ctx, client, sealed); err != nil {
				return fmt.Errorf("beside %s: %w", what, err)
			}
		}
		err = withClient(target, func(late *kmsclient.Client) error {
			ctx, cancel := context.WithTimeout(ctx, CallTimeout)
			defer cancel()
			_, err := late.Status(ctx, &kmsapi.StatusRequest{})
			return err
		})
		if err != nil {
			return fmt.Errorf("a new client beside all of them: %w", err)
		}
		return openExactly(ctx, client, sealed)
	})
}
