package conformance

import (
	"context"
	"testing"

	"google.golang.org/grpc/codes"
	kmsapi "k8s.io/kms/apis/v2"

	"signet/tests/conformance/internal/apiserver"
	"signet/tests/conformance/internal/checks"
	"signet/tests/conformance/internal/daemon"
	"signet/tests/conformance/internal/kmsclient"
)

func TestCase01_MethodPathsAreExact(t *testing.T) {
	conforms(t, checks.MethodPaths)
}

func TestCase02_FieldNumbersAreTheContracts(t *testing.T) {
	conforms(t, checks.FieldNumbers)
}

func TestCase03_EmptyStatusRequestAndUnknownFieldsAreAccepted(t *testing.T) {
	conforms(t, checks.UnknownFields)
}

func TestCase04_StatusIsV2AndOkWithAKeyID(t *testing.T) {
	d := daemon.NewStarted(t)
	ask(t, d, checks.HealthyStatus)
	expectVersion(t, d, "v2")
}

func TestCase05_VersionIsConstantOverTenThousandCallsAndRestarts(t *testing.T) {
	d := daemon.NewStarted(t)
	ask(t, d, checks.ConstantVersion(10_000))
	d.Restart()
	expectVersion(t, d, "v2")
	d.Rotate()
	expectVersion(t, d, "v2")
}

func TestCase05_VersionIsASettingAndAPIServerTakesBoth(t *testing.T) {
	for _, version := range []string{"v2", "v2beta1"} {
		t.Run(version, func(t *testing.T) {
			d := daemon.New(t)
			d.Set("status_version", version)
			d.Start()
			expectVersion(t, d, version)
			server := newAPIServer(t, apiserver.Provider{Name: newProviderName(), Socket: d.Socket()})
			if err := server.Check(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
}

func expectVersion(t *testing.T, d *daemon.Daemon, want string) {
	t.Helper()
	response, err := d.Dial().Status(t.Context(), &kmsapi.StatusRequest{})
	if err != nil {
		t.Fatal(err)
	}
	if response.Version != want {
		t.Errorf("version %q, want %q", response.Version, want)
	}
}

func TestCase06_HealthzIsExactlyOkWhileEncryptWorks(t *testing.T) {
	d := daemon.NewStarted(t)
	ask(t, d, checks.HealthyStatus)
	server := newAPIServer(t, apiserver.Provider{Name: newProviderName(), Socket: d.Socket()})
	if err := server.Check(t.Context()); err != nil {
		t.Errorf("kube-apiserver: %v", err)
	}
}

func TestCase06_UnhealthyTextIsOneLineWithoutSecrets(t *testing.T) {
	d := disabledDaemon(t)
	_, err := statusInTime(t, d.Dial())
	if err := checks.Refused(err, cannotEncrypt, []byte(d.Path("keyring"))); err != nil {
		t.Error(err)
	}
}

func TestCase09_StatusAnswersBesideAHundredCallers(t *testing.T) {
	conforms(t, checks.StatusUnderLoad)
}

func TestCase10_StatusAnswersInTimeWhileTheProviderCannot(t *testing.T) {
	d := disabledDaemon(t)
	client := d.Dial()
	for i := range 100 {
		_, err := statusInTime(t, client)
		if err := checks.Refused(err, cannotEncrypt); err != nil {
			t.Fatalf("Status %d: %v", i, err)
		}
	}
}

func TestCase18_EncryptAndStatusFailTogetherWhileTheWriteKeyIsDisabled(t *testing.T) {
	d := disabledDaemon(t)
	client := d.Dial()
	for range 20 {
		_, statusError := statusInTime(t, client)
		if err := checks.Refused(statusError, cannotEncrypt); err != nil {
			t.Errorf("Status: %v", err)
		}
		plaintext := checks.RandomBytes(checks.SeedBytes)
		ctx, cancel := context.WithTimeout(t.Context(), checks.CallTimeout)
		_, encryptError := client.Seal(ctx, "uid", plaintext)
		cancel()
		if err := checks.Refused(encryptError, cannotEncrypt, plaintext); err != nil {
			t.Errorf("Encrypt: %v", err)
		}
	}
	d.MustCtl("keyring", "enable", "1", "--config", d.ConfigPath())
	d.Restart()
	ask(t, d, checks.RoundTrip)
}

// cannotEncrypt are the codes of a plugin that must not be written with now.
var cannotEncrypt = []codes.Code{codes.Unavailable, codes.FailedPrecondition, codes.PermissionDenied}

// disabledDaemon serves, but its only key is disabled.
func disabledDaemon(t *testing.T) *daemon.Daemon {
	t.Helper()
	d := daemon.New(t)
	d.MustCtl("keyring", "disable", "1", "--config", d.ConfigPath())
	d.Launch()
	d.WaitUntilServing()
	return d
}

func statusInTime(t *testing.T, client *kmsclient.Client) (*kmsapi.StatusResponse, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), checks.CallTimeout)
	defer cancel()
	return client.Status(ctx, &kmsapi.StatusRequest{})
}
