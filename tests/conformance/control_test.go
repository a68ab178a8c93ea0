package conformance

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"

	"signet/tests/conformance/internal/apiserver"
	"signet/tests/conformance/internal/checks"
	"signet/tests/conformance/internal/kmsclient"
	"signet/tests/conformance/internal/stub"
)

type sealed = kmsclient.Sealed

// A control is a check with the faults that it must flag. With the good stub every check must pass.
type control struct {
	check  func(server *stub.Server, target checks.Target) checks.Check
	faults []stub.Fault
}

func plain(check checks.Check) func(*stub.Server, checks.Target) checks.Check {
	return func(*stub.Server, checks.Target) checks.Check { return check }
}

// acrossKeys seals some objects, rotates, seals some more, and hands all of them to the check.
func acrossKeys(make func(all []sealed) checks.Check) func(*stub.Server, checks.Target) checks.Check {
	return func(server *stub.Server, target checks.Target) checks.Check {
		return func(ctx context.Context, _ checks.Target) error {
			before, err := checks.SealMany(ctx, target, 30)
			if err != nil {
				return err
			}
			if err := server.Rotate(); err != nil {
				return err
			}
			after, err := checks.SealMany(ctx, target, 30)
			if err != nil {
				return err
			}
			return make(append(before, after...))(ctx, target)
		}
	}
}

func changingKey(server *stub.Server, _ checks.Target) checks.Check {
	return checks.SmoothRotation(server.Rotate, 2000)
}

func exchanged(all []sealed) checks.Check { return checks.ExchangedParts(all[0], all[len(all)-1]) }

func mutated(all []sealed) checks.Check {
	return checks.Mutated(all, 2000, func(map[codes.Code]int) {})
}

func atOnce(all []sealed) checks.Check { return checks.OpensAtOnce(append(all, all...), 100) }

func controls() map[string]control {
	return map[string]control{
		"MethodPaths":   {plain(checks.MethodPaths), []stub.Fault{stub.UnknownMethodIsUnknown}},
		"FieldNumbers":  {plain(checks.FieldNumbers), []stub.Fault{stub.SwappedFieldNumbers, stub.WrongPlaintext}},
		"UnknownFields": {plain(checks.UnknownFields), []stub.Fault{stub.RefusesUnknownFields}},
		"HealthyStatus": {plain(checks.HealthyStatus), []stub.Fault{stub.HealthzCapital, stub.NoKeyID, stub.OtherVersion}},
		"ConstantVersion": {
			plain(checks.ConstantVersion(10_000)), []stub.Fault{stub.VersionFlips},
		},
		"StatusUnderLoad": {plain(checks.StatusUnderLoad), []stub.Fault{stub.StatusBehindCalls}},
		"PlaintextSizes": {plain(checks.PlaintextSizes), []stub.Fault{
			stub.TruncatesPlaintext, stub.ErrorsAreUnknown, stub.BadInputIsInternal, stub.LeaksPlaintextInError,
			stub.MultiLineErrors,
		}},
		"CiphertextSize": {plain(checks.CiphertextSize), []stub.Fault{stub.LongCiphertext}},
		"KeyIDsAgree":    {plain(checks.KeyIDsAgree), []stub.Fault{stub.OtherKeyID}},
		"DistinctCiphertexts": {
			plain(checks.DistinctCiphertexts(2000)), []stub.Fault{stub.Deterministic, stub.RepeatsCiphertext},
		},
		"StorableAnswer": {plain(checks.StorableAnswer), []stub.Fault{
			stub.AnnotationWithSlash, stub.FatAnnotation, stub.LongCiphertext,
		}},
		"NoPlaintextInside": {plain(checks.NoPlaintextInside), []stub.Fault{stub.PlaintextInside}},
		"HostileUIDs":       {plain(checks.HostileUIDs), []stub.Fault{stub.AcceptsEmptyUID, stub.DiesOnLongUID}},
		"CancelledCalls":    {plain(checks.CancelledCalls), []stub.Fault{stub.LosesCancelledWorkers}},
		"RoundTrip": {plain(checks.RoundTrip), []stub.Fault{
			stub.WrongPlaintext, stub.WrongPlaintextLater, stub.RefusesAtTheSecond,
		}},
		"UnknownKeyID": {plain(checks.UnknownKeyID), []stub.Fault{
			stub.TriesOtherKeys, stub.ErrorsAreUnknown, stub.MultiLineErrors,
		}},
		"ExchangedParts": {acrossKeys(exchanged), []stub.Fault{stub.TriesOtherKeys, stub.NoAuthentication}},
		"FlippedBits":    {plain(checks.FlippedBits), []stub.Fault{stub.NoAuthentication, stub.ErrorsAreUnknown}},
		"ChangedAnnotations": {plain(checks.ChangedAnnotations), []stub.Fault{
			stub.IgnoresAnnotations, stub.IgnoresAddedOnes, stub.NoAuthentication,
		}},
		"BadLengths": {plain(checks.BadLengths), []stub.Fault{stub.BadInputIsInternal, stub.NoAuthentication}},
		"Mutated": {acrossKeys(mutated), []stub.Fault{
			stub.NoAuthentication, stub.IgnoresAnnotations, stub.TriesOtherKeys, stub.WrongPlaintextLater,
		}},
		"SmoothRotation": {changingKey, []stub.Fault{
			stub.KeyIDFlaps, stub.EncryptLags, stub.EncryptLeads, stub.FailsAtAChange, stub.OtherKeyID,
			stub.WrongPlaintextLater,
		}},
		"Opens":             {acrossKeys(checks.Opens), []stub.Fault{stub.ForgetsOldKeys, stub.WrongPlaintextLater}},
		"OpensAtOnce":       {acrossKeys(atOnce), []stub.Fault{stub.ForgetsOldKeys, stub.OneCallAtATime}},
		"ConcurrentClients": {plain(checks.ConcurrentClients), []stub.Fault{stub.OneCallAtATime, stub.OneConnection}},
		"Authorities":       {plain(checks.Authorities), []stub.Fault{stub.StrictAuthority}},
		"ManyConnections":   {plain(checks.ManyConnections), []stub.Fault{stub.OneConnection}},
		"IdleConnection":    {plain(checks.IdleConnection(time.Second)), []stub.Fault{stub.ClosesIdle}},
		"GarbageBeside":     {plain(checks.GarbageBeside), []stub.Fault{stub.DiesOnGarbage, stub.BlockedBySilence}},
	}
}

// ask lets the check question a stub with the fault.
func (c control) ask(t *testing.T, fault stub.Fault) error {
	t.Helper()
	folder, err := os.MkdirTemp("/tmp", "sgn")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = os.RemoveAll(folder) }()
	target := checks.Target{Socket: filepath.Join(folder, "kms.sock"), MaxObjectBytes: 320}
	server, err := stub.Start(target.Socket, fault)
	if err != nil {
		t.Fatal(err)
	}
	defer server.Stop()
	// What hangs is flagged too.
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	return c.check(server, target)(ctx, target)
}

func TestControlEveryCheckPassesTheGoodPlugin(t *testing.T) {
	for name, control := range controls() {
		t.Run(name, func(t *testing.T) {
			if err := control.ask(t, stub.None); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestControlEveryCheckFlagsItsFaults(t *testing.T) {
	for name, control := range controls() {
		if len(control.faults) == 0 {
			t.Errorf("%s: nothing shows that it can fail", name)
		}
		for _, fault := range control.faults {
			t.Run(name+"/"+string(fault), func(t *testing.T) {
				t.Parallel() // most of them wait for a deadline
				err := control.ask(t, fault)
				if err == nil {
					t.Errorf("passes a plugin with the fault %q", fault)
				}
				t.Log(err)
			})
		}
	}
}

// exercise is what the tests demand of kube-apiserver and a plugin together, in short: healthy, writes, and
// reads in a second instance with an empty cache.
func exercise(t *testing.T, socket string) error {
	t.Helper()
	provider := apiserver.Provider{Name: newProviderName(), Socket: socket}
	server := newAPIServer(t, provider)
	if err := server.Check(t.Context()); err != nil {
		return err
	}
	const key, data = "/registry/secrets/default/control", "control"
	stored, err := server.Write(t.Context(), key, []byte(data))
	if err != nil {
		return err
	}
	got, stale, err := newAPIServer(t, provider).Read(t.Context(), key, stored)
	if err != nil {
		return err
	}
	if string(got) != data || stale {
		return fmt.Errorf("read %q, stale %v", got, stale)
	}
	return nil
}

func TestControlAPIServerPassesTheGoodPluginAndFlagsBadOnes(t *testing.T) {
	faults := map[stub.Fault]string{ // and what kube-apiserver says about it
		stub.None:                "",
		stub.OtherKeyID:          "failed to rotate DEK",
		stub.HealthzCapital:      "unexpected healthz status",
		stub.OtherVersion:        "expected KMSv2 API version v2",
		stub.NoKeyID:             "keyID is empty",
		stub.LongCiphertext:      "exceeds the max size of 1024",
		stub.AnnotationWithSlash: "failed to validate annotations",
		stub.WrongPlaintext:      "message authentication failed",
	}
	for fault, want := range faults {
		t.Run(string(fault), func(t *testing.T) {
			folder, err := os.MkdirTemp("/tmp", "sgn")
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = os.RemoveAll(folder) }()
			socket := filepath.Join(folder, "kms.sock")
			server, err := stub.Start(socket, fault)
			if err != nil {
				t.Fatal(err)
			}
			defer server.Stop()
			err = exercise(t, socket)
			switch {
			case want == "" && err != nil:
				t.Error(err)
			case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
				t.Errorf("%v, want %q", err, want)
			}
		})
	}
}
