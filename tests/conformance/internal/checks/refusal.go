package checks

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// kube-apiserver copies a plugin's error text into HTTP bodies, events and health pages.
const maxErrorTextBytes = 256

// BadTuple are the codes for a tuple that is well formed and not genuine.
var BadTuple = []codes.Code{codes.InvalidArgument, codes.NotFound, codes.DataLoss, codes.FailedPrecondition}

// Refused returns nil when `err` is a proper refusal: one of the codes, a short single line, and nothing of
// `secrets` in any usual notation.
func Refused(err error, allowed []codes.Code, secrets ...[]byte) error {
	if err == nil {
		return errors.New("OK where an error is due")
	}
	code, text := status.Code(err), status.Convert(err).Message()
	if !slices.Contains(allowed, code) {
		return fmt.Errorf("code %s (%q), want one of %v", code, text, allowed)
	}
	if problem := errorTextProblem(text, secrets); problem != "" {
		return fmt.Errorf("code %s, but its text %s", code, problem)
	}
	return nil
}

func errorTextProblem(text string, secrets [][]byte) string {
	switch {
	case text == "":
		return "is empty"
	case len(text) > maxErrorTextBytes:
		return fmt.Sprintf("has %d bytes", len(text))
	case strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }):
		return fmt.Sprintf("is no single printable line: %q", text)
	}
	for _, secret := range secrets {
		if Contains(text, secret) {
			return "shows a secret"
		}
	}
	return ""
}

// Contains looks for `secret` in `text`: raw, hex, base64. A secret of less than 4 bytes is never found.
func Contains(text string, secret []byte) bool {
	if len(secret) < 4 {
		return false
	}
	lower := strings.ToLower(text)
	return strings.Contains(text, string(secret)) ||
		strings.Contains(lower, hex.EncodeToString(secret)) ||
		strings.Contains(text, strings.TrimRight(base64.StdEncoding.EncodeToString(secret), "=")) ||
		strings.Contains(text, strings.TrimRight(base64.URLEncoding.EncodeToString(secret), "="))
}
