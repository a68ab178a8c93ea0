package stub

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	kmsapi "k8s.io/kms/apis/v2"
)

const preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

// Server serves one Plugin on a socket path until Stop.
type Server struct {
	plugin *plugin
	server *grpc.Server
	done   sync.WaitGroup
}

// Start listens at once.
func Start(socket string, fault Fault) (*Server, error) {
	s := &Server{}
	var err error
	// A dead plugin answers nothing more; it does not wait for the call that killed it.
	if s.plugin, err = newPlugin(fault, func() { go s.server.Stop() }); err != nil {
		return nil, err
	}
	return s, s.listen(socket, fault)
}

// Restart listens again after Stop, with the keys that it had.
func (s *Server) Restart(socket string) error { return s.listen(socket, s.plugin.fault) }

func (s *Server) listen(socket string, fault Fault) error {
	listener, err := net.Listen("unix", socket)
	if err != nil {
		return fmt.Errorf("stub: %w", err)
	}
	s.server = grpc.NewServer(options(fault)...)
	kmsapi.RegisterKeyManagementServiceServer(s.server, s.plugin)
	faulty := &faultyListener{Listener: listener, fault: fault, die: func() { go s.server.Stop() }}
	s.done.Go(func() { _ = s.server.Serve(faulty) })
	return nil
}

// Stop ends the server and its connections.
func (s *Server) Stop() {
	s.server.Stop()
	s.done.Wait()
}

// Rotate makes a new key current; the old ones still open.
func (s *Server) Rotate() error { return s.plugin.addKey() }

func options(fault Fault) []grpc.ServerOption {
	options := []grpc.ServerOption{grpc.MaxRecvMsgSize(1 << 20)}
	switch fault {
	case UnknownMethodIsUnknown:
		options = append(options, grpc.UnknownServiceHandler(func(any, grpc.ServerStream) error {
			return status.Error(codes.Unknown, "what?")
		}))
	case SwappedFieldNumbers:
		options = append(options, grpc.ForceServerCodec(swappingCodec{}))
	case ClosesIdle:
		options = append(options, grpc.KeepaliveParams(keepalive.ServerParameters{
			MaxConnectionIdle: 200 * time.Millisecond,
		}))
	case StrictAuthority:
		options = append(options, grpc.UnaryInterceptor(requireLocalhost))
	}
	return options
}

func requireLocalhost(ctx context.Context, request any, _ *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
	headers, _ := metadata.FromIncomingContext(ctx)
	if authority := headers.Get(":authority"); len(authority) != 1 || authority[0] != "localhost" {
		return nil, status.Error(codes.PermissionDenied, "authority")
	}
	return next(ctx, request)
}

// faultyListener has the faults that lie below gRPC.
type faultyListener struct {
	net.Listener
	fault    Fault
	die      func()
	accepted atomic.Int64
}

func (l *faultyListener) Accept() (net.Conn, error) {
	for {
		conn, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		switch l.fault {
		case OneConnection:
			if l.accepted.Add(1) > 1 {
				_ = conn.Close()
				continue
			}
		case BlockedBySilence:
			if conn = withPreface(conn, func() {}); conn == nil {
				continue
			}
		case DiesOnGarbage:
			return &pickyConn{Conn: conn, die: l.die}, nil
		}
		return conn, nil
	}
}

// pickyConn looks at the first bytes that are read and takes the server down if they are not HTTP/2's.
type pickyConn struct {
	net.Conn
	die  func()
	once sync.Once
}

func (c *pickyConn) Read(buffer []byte) (int, error) {
	n, err := c.Conn.Read(buffer)
	c.once.Do(func() {
		if !bytes.HasPrefix([]byte(preface), buffer[:min(n, len(preface))]) {
			c.die()
		}
	})
	return n, err
}

type prefixedConn struct {
	net.Conn
	reader io.Reader
}

func (c *prefixedConn) Read(buffer []byte) (int, error) { return c.reader.Read(buffer) }

// withPreface reads the preface before the connection is handed over; nil when something else came.
func withPreface(conn net.Conn, refused func()) net.Conn {
	head := make([]byte, len(preface))
	if _, err := io.ReadFull(conn, head); err != nil || string(head) != preface {
		refused()
		_ = conn.Close()
		return nil
	}
	return &prefixedConn{Conn: conn, reader: io.MultiReader(bytes.NewReader(head), conn)}
}
