package conformance

import (
	"os"
	"strconv"
	"strings"
	"testing"

	"signet/tests/conformance/internal/checks"
	"signet/tests/conformance/internal/daemon"
)

func TestCase11_EverySizeRoundTripsOrIsInvalidArgument(t *testing.T) {
	conforms(t, checks.PlaintextSizes)
}

func TestCase12_CiphertextFitsKubeAPIServer(t *testing.T) {
	conforms(t, checks.CiphertextSize)
}

func TestCase13_EncryptKeyIDEqualsStatusKeyID(t *testing.T) {
	d := daemon.NewStarted(t)
	ask(t, d, checks.KeyIDsAgree)
	d.Rotate()
	ask(t, d, checks.KeyIDsAgree)
}

// SIGNET_SAMPLE=1000000 is the long run.
func TestCase14_NoCiphertextComesTwice(t *testing.T) {
	sample := 100_000
	if text := os.Getenv("SIGNET_SAMPLE"); text != "" {
		var err error
		if sample, err = strconv.Atoi(text); err != nil {
			t.Fatal(err)
		}
	}
	conforms(t, checks.DistinctCiphertexts(sample))
}

func TestCase15_AnswerIsStorableAndWithinItsBudget(t *testing.T) {
	conforms(t, checks.StorableAnswer)
}

func TestCase16_NothingOfThePlaintextIsInTheAnswer(t *testing.T) {
	conforms(t, checks.NoPlaintextInside)
}

func TestCase17_HostileUIDsNeitherKillNorForgeTheLog(t *testing.T) {
	d := daemon.New(t)
	d.Set("log.level", "debug")
	d.Start()
	ask(t, d, checks.HostileUIDs)
	d.Stop()
	for line := range strings.Lines(d.Log()) {
		if strings.HasPrefix(line, checks.InjectedLine) {
			t.Errorf("a uid wrote a log line of its own: %q", line)
		}
		if strings.ContainsAny(strings.TrimSuffix(line, "\n"), "\x00\x01\x1b\x7f\r\u0085\u2028\u202e") {
			t.Errorf("a uid wrote control characters to the log: %q", line)
		}
	}
	if !strings.Contains(d.Log(), "injected-by-uid") {
		t.Error("the uid is in no log line: this test looked at nothing")
	}
}

func TestCase19_CallsGivenUpLeaveNothingBehind(t *testing.T) {
	d := daemon.NewStarted(t)
	ask(t, d, checks.CancelledCalls)
	expectNoCallsInFlight(t, d)
}
