package checks

import (
	"context"
	"fmt"
	"slices"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protowire"

	"signet/tests/conformance/internal/kmsclient"
)

const service = "/v2.KeyManagementService/"

// MethodPaths (case 1): the three methods under their exact paths, UNIMPLEMENTED for any other.
func MethodPaths(ctx context.Context, target Target) error {
	return withClient(target, func(client *kmsclient.Client) error {
		for _, method := range []string{"Status", "Encrypt", "Decrypt"} {
			if _, err := client.CallRaw(ctx, service+method, nil); status.Code(err) == codes.Unimplemented {
				return fmt.Errorf("%s%s: %w", service, method, err)
			}
		}
		for _, path := range []string{
			service + "Nothing", service + "status", "/v2alpha1.KeyManagementService/Status",
			"/v2.keymanagementservice/Status", "/Status",
		} {
			if _, err := client.CallRaw(ctx, path, nil); status.Code(err) != codes.Unimplemented {
				return fmt.Errorf("%s: %v, want UNIMPLEMENTED", path, err)
			}
		}
		return nil
	})
}

// FieldNumbers (case 2): requests written and answers read byte by byte, without the generated code.
func FieldNumbers(ctx context.Context, target Target) error {
	return withClient(target, func(client *kmsclient.Client) error {
		answer, err := callFields(ctx, client, "Status", nil, 1, 2, 3)
		if err != nil {
			return err
		}
		statusKeyID := string(answer[3][0])

		plaintext := RandomBytes(SeedBytes)
		request := kmsclient.AppendBytesField(nil, 1, plaintext)
		request = kmsclient.AppendBytesField(request, 2, []byte("uid"))
		if answer, err = callFields(ctx, client, "Encrypt", request, 1, 2, 3); err != nil {
			return err
		}
		ciphertext, keyID := answer[1][0], answer[2][0]
		annotations, err := answer.Map(3)
		if err != nil {
			return err
		}
		if string(keyID) != statusKeyID {
			return fmt.Errorf("Encrypt, field 2 is not the key_id: %q", keyID)
		}

		request = kmsclient.AppendBytesField(nil, 1, ciphertext)
		request = kmsclient.AppendBytesField(request, 2, []byte("uid"))
		request = kmsclient.AppendBytesField(request, 3, keyID)
		request = kmsclient.AppendMapField(request, 4, annotations)
		if answer, err = callFields(ctx, client, "Decrypt", request, 1); err != nil {
			return err
		}
		if string(answer[1][0]) != string(plaintext) {
			return fmt.Errorf("Decrypt, field 1 is not the plaintext")
		}
		return nil
	})
}

// callFields calls and demands that the answer has exactly the fields named.
func callFields(
	ctx context.Context, client *kmsclient.Client, method string, request []byte, want ...protowire.Number,
) (kmsclient.Fields, error) {
	response, err := client.CallRaw(ctx, service+method, request)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", method, err)
	}
	fields, err := kmsclient.ParseFields(response)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", method, err)
	}
	var got []protowire.Number
	for number := range fields {
		got = append(got, number)
	}
	if slices.Sort(got); !slices.Equal(got, want) {
		return nil, fmt.Errorf("%s: fields %v, want %v", method, got, want)
	}
	return fields, nil
}

// UnknownFields (case 3): an empty StatusRequest is no bytes at all, and fields of a later API are skipped.
func UnknownFields(ctx context.Context, target Target) error {
	return withClient(target, func(client *kmsclient.Client) error {
		if _, err := client.CallRaw(ctx, service+"Status", nil); err != nil {
			return fmt.Errorf("Status of no bytes: %w", err)
		}
		unknown := kmsclient.AppendBytesField(nil, 77, []byte("of a later version"))
		unknown = protowire.AppendVarint(protowire.AppendTag(unknown, 78, protowire.VarintType), 1<<60)
		if _, err := client.CallRaw(ctx, service+"Status", unknown); err != nil {
			return fmt.Errorf("Status with unknown fields: %w", err)
		}

		plaintext := RandomBytes(SeedBytes)
		request := kmsclient.AppendBytesField(slices.Clone(unknown), 1, plaintext)
		request = kmsclient.AppendBytesField(request, 2, []byte("uid"))
		response, err := client.CallRaw(ctx, service+"Encrypt", request)
		if err != nil {
			return fmt.Errorf("Encrypt with unknown fields: %w", err)
		}
		sealed, err := kmsclient.ParseFields(response)
		if err != nil {
			return err
		}
		annotations, err := sealed.Map(3)
		if err != nil {
			return err
		}
		request = kmsclient.AppendBytesField(slices.Clone(unknown), 1, slices.Concat(sealed[1]...))
		request = kmsclient.AppendBytesField(request, 2, []byte("uid"))
		request = kmsclient.AppendBytesField(request, 3, slices.Concat(sealed[2]...))
		request = kmsclient.AppendMapField(request, 4, annotations)
		if _, err := client.CallRaw(ctx, service+"Decrypt", request); err != nil {
			return fmt.Errorf("Decrypt with unknown fields: %w", err)
		}
		return nil
	})
}
