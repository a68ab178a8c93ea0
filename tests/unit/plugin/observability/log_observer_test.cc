#include "plugin/observability/log_observer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "tests/testing/fake_clock.h"

namespace signet {
namespace {

using ::signet::testing::FakeClock;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class LogObserverTest : public ::testing::Test {
 protected:
  void Call(absl::string_view api, const absl::Status& status, absl::string_view uid = "uid-1",
            absl::string_view key_id = "1") {
    observer().OnCall(RpcCall{api, "Decrypt", status, absl::Milliseconds(2), uid, key_id, [] {
                                return PeerCredentials{42, 1000, 1000};
                              }});
  }
  LogObserver& observer() { return minimum_ == LogSeverity::kDebug ? debug_observer_ : info_observer_; }
  std::string Output() const { return out_.str(); }
  size_t Lines() const {
    const std::string text = out_.str();
    return static_cast<size_t>(std::count(text.begin(), text.end(), '\n'));
  }

  LogSeverity minimum_ = LogSeverity::kInfo;
  FakeClock clock_;
  std::ostringstream out_;
  Log info_log_{{LogSeverity::kInfo, false}, clock_, out_};
  Log debug_log_{{LogSeverity::kDebug, false}, clock_, out_};
  LogObserver info_observer_{info_log_, clock_};
  LogObserver debug_observer_{debug_log_, clock_};
};

// The hash that kube-apiserver's metrics show for key_id "1".
TEST_F(LogObserverTest, ACallNamesUidMethodCodePeerAndTheHashThatKubeApiserverShows) {
  minimum_ = LogSeverity::kDebug;
  Call("kms", absl::OkStatus());
  EXPECT_THAT(
      Output(),
      AllOf(
          HasSubstr(" debug call "), HasSubstr("uid=uid-1"), HasSubstr("method=Decrypt"),
          HasSubstr("code=OK"), HasSubstr("duration_ms=2"), HasSubstr("peer_uid=1000"),
          HasSubstr("peer_pid=42"),
          HasSubstr("key_id_hash=sha256:6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b")));
}

TEST_F(LogObserverTest, ASuccessfulCallIsNoInfoLine) {
  Call("kms", absl::OkStatus());
  EXPECT_THAT(Output(), IsEmpty());
}

TEST_F(LogObserverTest, AFailedCallSaysWhy) {
  Call("kms", absl::DataLossError("authentication failed"));
  EXPECT_THAT(Output(), AllOf(HasSubstr(" warning call "), HasSubstr("code=DATA_LOSS"),
                              HasSubstr("error=\"authentication failed\"")));
}

TEST_F(LogObserverTest, ACallersOwnMistakeIsInfo) {
  Call("kms", absl::InvalidArgumentError("uid is empty"));
  EXPECT_THAT(Output(), HasSubstr(" info call "));
}

TEST_F(LogObserverTest, FailuresAreLimitedAndTheRestCounted) {
  for (int i = 0; i < 1000; ++i) Call("kms", absl::DataLossError("authentication failed"));
  EXPECT_EQ(Lines(), 20U);
  clock_.Advance(absl::Seconds(1));
  Call("kms", absl::DataLossError("authentication failed"));
  EXPECT_THAT(Output(), HasSubstr("left_out=980"));
}

TEST_F(LogObserverTest, AFloodOfOneFailureDoesNotHideAnother) {
  for (int i = 0; i < 1000; ++i) Call("kms", absl::InvalidArgumentError("x"));
  Call("kms", absl::DataLossError("authentication failed"));
  EXPECT_THAT(Output(), HasSubstr("DATA_LOSS"));
}

TEST_F(LogObserverTest, EveryAdminCallIsAudited) {
  for (int i = 0; i < 50; ++i) Call("admin", absl::OkStatus(), "", "");
  for (int i = 0; i < 50; ++i) Call("admin", absl::PermissionDeniedError("no"), "", "");
  EXPECT_EQ(Lines(), 100U);
  const std::string text = Output();
  for (absl::string_view line : absl::StrSplit(absl::string_view(text), '\n', absl::SkipEmpty())) {
    EXPECT_TRUE(absl::StrContains(line, " audit api=admin")) << std::string(line);
    EXPECT_TRUE(absl::StrContains(line, "peer_uid=1000 peer_pid=42")) << std::string(line);
  }
}

TEST_F(LogObserverTest, AnAttackersUidIsCutAndEscaped) {
  Call("kms", absl::DataLossError("x"), std::string("\n\x1b[2J") + std::string(1 << 20, 'u'));
  EXPECT_EQ(Lines(), 1U);
  EXPECT_LT(Output().size(), 600U);
  EXPECT_THAT(Output(), HasSubstr("\\x0a\\x1b"));
}

TEST_F(LogObserverTest, AnAttackersKeyIdAppearsAsAHashOnly) {
  Call("kms", absl::DataLossError("x"), "u", "attacker-text");
  EXPECT_THAT(Output(), AllOf(HasSubstr("key_id_hash=sha256:"), Not(HasSubstr("attacker-text"))));
}

TEST_F(LogObserverTest, TellsOfActivationAndItsFailure) {
  ActiveKey key;
  key.key_id = "local-v1-00";
  key.key_id_hash = "sha256:ab";
  key.provider_name = "primary";
  key.created = absl::FromUnixSeconds(1700000000);
  info_observer_.OnActivated(key, "first key");
  info_observer_.OnActivationFailed(absl::UnavailableError("sealed"), absl::Seconds(2));
  EXPECT_THAT(Output(),
              AllOf(HasSubstr("info key active key_id=local-v1-00"), HasSubstr("reason=\"first key\""),
                    HasSubstr("warning key not obtained or renewed code=UNAVAILABLE"),
                    HasSubstr("retry_in_ms=2000")));
}

TEST_F(LogObserverTest, TellsEventsAndWarnsOfTheBadOnes) {
  KeyEvent event;
  event.kind = KeyEvent::Kind::kVersionPending;
  event.key_id = "vault-v2-0011223344556677";
  event.detail = "proved";
  info_observer_.OnEvent(event);
  EXPECT_THAT(Output(), AllOf(HasSubstr("info version_pending"), HasSubstr("detail=proved")));
  event.kind = KeyEvent::Kind::kWritesStopped;
  info_observer_.OnEvent(event);
  EXPECT_THAT(Output(), HasSubstr("warning writes_stopped"));
  const size_t lines = Lines();
  event.kind = KeyEvent::Kind::kKeyActivated;
  info_observer_.OnEvent(event);
  EXPECT_EQ(Lines(), lines) << "OnActivated tells of it";
}

TEST_F(LogObserverTest, TellsOfRefusedPeersAndConnectionsWithinLimits) {
  for (int i = 0; i < 100; ++i) {
    info_observer_.OnPeerRefused("kms", {7, 1001, 1001});
    info_observer_.OnConnectionRefused("kms", RpcObserver::ConnectionRefusal::kNotHttp2, {7, 1001, 1001});
  }
  EXPECT_EQ(Lines(), 40U);
  EXPECT_THAT(Output(), AllOf(HasSubstr("peer not allowed api=kms peer_uid=1001 peer_pid=7"),
                              HasSubstr("connection refused api=kms reason=\"not HTTP/2\"")));
}

TEST_F(LogObserverTest, TellsOfFailedRemoteCallsWithTheUid) {
  info_observer_.OnRemoteCall("primary", HierarchyObserver::RemoteOperation::kUnwrap,
                              absl::NotFoundError("key destroyed"), absl::Milliseconds(3), "uid-9");
  info_observer_.OnRemoteCall("primary", HierarchyObserver::RemoteOperation::kWrap, absl::OkStatus(),
                              absl::Milliseconds(3), "");
  EXPECT_EQ(Lines(), 1U);
  EXPECT_THAT(Output(), AllOf(HasSubstr("operation=Unwrap"), HasSubstr("NOT_FOUND"), HasSubstr("uid=uid-9")));
}

TEST_F(LogObserverTest, TellsOfKeyringAndStateProblems) {
  info_observer_.OnKeyringReloaded("/k", 3);
  info_observer_.OnKeyringVersionActivated("/k", 2);
  info_observer_.OnKeyringProblem("/k", absl::PermissionDeniedError("looser than 0600"));
  info_observer_.OnStateProblem("journal", absl::ResourceExhaustedError("disk full"));
  info_observer_.OnPrewarmed(5, 1);
  EXPECT_EQ(Lines(), 5U);
  EXPECT_THAT(Output(),
              AllOf(HasSubstr("keyring reloaded path=/k revision=3"),
                    HasSubstr("keyring version activated path=/k version=2"), HasSubstr("looser than 0600"),
                    HasSubstr("what=journal"), HasSubstr("unwrapped=5 failed=1")));
}

TEST_F(LogObserverTest, AWatchOnTheAdminSocketIsAuditedWhenItBegins) {
  observer().OnStreamOpened("admin", "WatchEvents", PeerCredentials{42, 1000, 1000});
  EXPECT_THAT(Output(),
              AllOf(HasSubstr(" info audit "), HasSubstr("method=WatchEvents"), HasSubstr("stream=opened"),
                    HasSubstr("peer_uid=1000"), HasSubstr("peer_pid=42")));
}

}  // namespace
}  // namespace signet
