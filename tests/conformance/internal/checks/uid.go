package checks

import (
	"context"
	"fmt"
	"strings"

	"google.golang.org/grpc/codes"

	"signet/tests/conformance/internal/kmsclient"
)

// InjectedLine is what HostileUIDs tries to get into a log as a line of its own.
const InjectedLine = "level=info msg=injected-by-uid"

// HostileUIDs (case 17): an empty uid is refused; long, binary and malformed ones neither kill the plugin nor
// come back in an error text.
func HostileUIDs(ctx context.Context, target Target) error {
	return withClient(target, func(client *kmsclient.Client) error {
		good, err := sealSeed(ctx, client)
		if err != nil {
			return err
		}
		_, err = client.Seal(ctx, "", good.Plaintext)
		if err := Refused(err, []codes.Code{codes.InvalidArgument}, good.Plaintext); err != nil {
			return fmt.Errorf("Encrypt with an empty uid: %w", err)
		}
		_, err = client.Open(ctx, "", good)
		if err := Refused(err, []codes.Code{codes.InvalidArgument}, good.Plaintext); err != nil {
			return fmt.Errorf("Decrypt with an empty uid: %w", err)
		}

		for name, uid := range map[string]string{
			"1 MiB":              strings.Repeat("u", 1<<20),
			"4,000 bytes":        strings.Repeat("u", 4000),
			"line breaks":        "uid\n" + InjectedLine + "\r\n" + InjectedLine,
			"control characters": "\x00\x01\x1b[31muid\x7f\u0085\u2028\u202e",
			"quotes and braces":  `"}{'"\` + `" uid=`,
		} {
			sealError, openError := sealAndOpen(ctx, client, uid, good)
			for _, err := range []error{sealError, openError} {
				if err == nil {
					continue
				}
				codes := []codes.Code{codes.InvalidArgument, codes.ResourceExhausted}
				if err := Refused(err, codes, []byte(InjectedLine)); err != nil {
					return fmt.Errorf("uid of %s: %w", name, err)
				}
			}
			if err := openExactly(ctx, client, good); err != nil {
				return fmt.Errorf("after a uid of %s: %w", name, err)
			}
		}
		return invalidUTF8(ctx, client, good)
	})
}

func sealAndOpen(
	ctx context.Context, client *kmsclient.Client, uid string, good kmsclient.Sealed,
) (sealError, openError error) {
	ctx, cancel := context.WithTimeout(ctx, CallTimeout)
	defer cancel()
	_, sealError = client.Seal(ctx, uid, good.Plaintext)
	_, openError = client.Open(ctx, uid, good)
	return sealError, openError
}

// invalidUTF8 sends what no generated client can: gRPC refuses it while parsing, with a code of its own.
func invalidUTF8(ctx context.Context, client *kmsclient.Client, good kmsclient.Sealed) error {
	request := kmsclient.AppendBytesField(nil, 1, good.Plaintext)
	request = kmsclient.AppendBytesField(request, 2, []byte("uid \xff\xfe\xc0\x80"))
	if _, err := client.CallRaw(ctx, service+"Encrypt", request); err == nil {
		return fmt.Errorf("a uid of invalid UTF-8: OK where an error is due")
	}
	if err := openExactly(ctx, client, good); err != nil {
		return fmt.Errorf("after a uid of invalid UTF-8: %w", err)
	}
	return nil
}
