#include "plugin/cmd/signetctl/status_findings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/plugin/cmd/sample_state.h"

namespace signet::ctl {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

auto Problem(const char* text) {
  return AllOf(Field(&Finding::severity, Severity::kProblem), Field(&Finding::text, HasSubstr(text)));
}
auto Warning(const char* text) {
  return AllOf(Field(&Finding::severity, Severity::kWarning), Field(&Finding::text, HasSubstr(text)));
}

TEST(StatusFindingsTest, FindsNothingInAHealthyState) {
  EXPECT_THAT(FindProblems(SampleState(), SampleNow()), IsEmpty());
}

TEST(StatusFindingsTest, SaysForEveryCodeWhatToDoAndNotToRestartKubeApiserver) {
  for (const char* code : {"UNAVAILABLE", "FAILED_PRECONDITION", "NOT_FOUND", "PERMISSION_DENIED",
                           "DATA_LOSS", "RESOURCE_EXHAUSTED", "DEADLINE_EXCEEDED", "INTERNAL"}) {
    admin::v1::GetStateResponse state = SampleState();
    state.set_can_encrypt(false);
    state.set_problem_code(code);
    state.set_problem("why");
    const std::vector<Finding> findings = FindProblems(state, SampleNow());
    ASSERT_THAT(findings, ElementsAre(Problem("why")));
    EXPECT_THAT(findings[0].text, HasSubstr(code));
    EXPECT_THAT(findings[0].action, HasSubstr("do not restart kube-apiserver"));
  }
}

TEST(StatusFindingsTest, TellsADisabledKeyFromAnAbsentKms) {
  admin::v1::GetStateResponse state = SampleState();
  state.set_can_encrypt(false);
  state.set_problem_code("FAILED_PRECONDITION");
  EXPECT_THAT(FindProblems(state, SampleNow())[0].action, HasSubstr("keyring enable"));
  state.set_problem_code("UNAVAILABLE");
  EXPECT_THAT(FindProblems(state, SampleNow())[0].action, HasSubstr("provider answers"));
}

TEST(StatusFindingsTest, WarnsOfAKekThatIsNotStored) {
  admin::v1::GetStateResponse state = SampleState();
  state.mutable_active()->set_stored(false);
  EXPECT_THAT(FindProblems(state, SampleNow()), ElementsAre(Warning("could not be stored")));
}

TEST(StatusFindingsTest, WarnsOfALateRenewalByAgeAndByUses) {
  admin::v1::GetStateResponse state = SampleState();
  EXPECT_THAT(FindProblems(state, SampleNow() + absl::Hours(24 * 23)), IsEmpty());
  EXPECT_THAT(FindProblems(state, SampleNow() + absl::Hours(24 * 24)), ElementsAre(Warning("is late")));
  EXPECT_THAT(FindProblems(state, SampleNow() + absl::Hours(24 * 31)),
              ElementsAre(Warning("past its limits")));
  state.mutable_active()->set_local_kek_uses(900);
  EXPECT_THAT(FindProblems(state, SampleNow()), ElementsAre(Warning("is late")));
}

TEST(StatusFindingsTest, WatchesTheSocket) {
  admin::v1::GetStateResponse state = SampleState();
  state.mutable_kms_socket()->set_connections(0);
  EXPECT_THAT(FindProblems(state, SampleNow()), ElementsAre(Warning("No kube-apiserver")));
  state.mutable_kms_socket()->set_connections(64);
  EXPECT_THAT(FindProblems(state, SampleNow()), ElementsAre(Problem("All connections are taken")));
  state = SampleState();
  state.mutable_kms_socket()->set_rejected_peers(3);
  EXPECT_THAT(FindProblems(state, SampleNow()), ElementsAre(Warning("3 connections of users")));
}

TEST(StatusFindingsTest, WarnsOfMemoryThatIsNotLocked) {
  admin::v1::GetStateResponse state = SampleState();
  state.set_memory_locked(false);
  EXPECT_THAT(FindProblems(state, SampleNow()), ElementsAre(Warning("swap")));
}

TEST(StatusFindingsTest, PutsWhatStopsWritesFirst) {
  admin::v1::GetStateResponse state = SampleState();
  state.set_memory_locked(false);
  state.set_can_encrypt(false);
  state.set_problem_code("UNAVAILABLE");
  EXPECT_THAT(FindProblems(state, SampleNow()),
              ElementsAre(Problem("Encrypt does not work"), Warning("swap")));
}

TEST(StatusFindingsTest, EscapesWhatTheStateSays) {
  admin::v1::GetStateResponse state = SampleState();
  state.set_can_encrypt(false);
  state.set_problem("a\x1b[2Jb");
  EXPECT_THAT(FindProblems(state, SampleNow())[0].text, Not(HasSubstr("\x1b")));
}

TEST(StatusFindingsTest, TellsWhatStopsEncryptInTheWordsOfSignetd) {
  admin::v1::GetStateResponse state = SampleState();
  state.set_can_encrypt(false);
  state.set_problem_code("FAILED_PRECONDITION");
  admin::v1::Problem& problem = *state.add_problems();
  problem.set_kind("revoked");
  problem.set_text("the key of provider primary is disabled");
  problem.set_advice("Enable it.");
  problem.mutable_since()->set_seconds(absl::ToUnixSeconds(SampleNow()) - 3);
  const std::vector<Finding> findings = FindProblems(state, SampleNow());
  ASSERT_THAT(
      findings,
      ElementsAre(Problem("the key of provider primary is disabled (since 2023-11-14T22:13:17Z (3s")));
  EXPECT_THAT(findings[0].action, AllOf(HasSubstr("Enable it."), HasSubstr("do not restart kube-apiserver")));
}

TEST(StatusFindingsTest, SaysNothingTwice) {
  admin::v1::GetStateResponse state = SampleState();
  state.mutable_active()->set_stored(false);
  state.mutable_active()->set_local_kek_uses(900);
  for (const char* kind : {"not_stored", "limit_near"}) {
    admin::v1::Problem& problem = *state.add_problems();
    problem.set_kind(kind);
    problem.set_text(kind);
  }
  EXPECT_THAT(FindProblems(state, SampleNow()), ElementsAre(Warning("not_stored"), Warning("limit_near")));
}

TEST(StatusFindingsTest, TellsOfAReloadThatFailedOrWaits) {
  admin::v1::GetStateResponse state = SampleState();
  state.mutable_last_reload()->set_error_code("INVALID_ARGUMENT");
  EXPECT_THAT(FindProblems(state, SampleNow()), ElementsAre(Warning("last reload failed")));
  state.clear_last_reload();
  state.mutable_last_reload()->add_needs_restart()->set_field("status_version");
  state.mutable_last_reload()->add_needs_restart()->set_field("active");
  EXPECT_THAT(FindProblems(state, SampleNow()),
              ElementsAre(Warning("wait for a restart: status_version, active.")));
  state.mutable_last_reload()->clear_needs_restart();
  EXPECT_THAT(FindProblems(state, SampleNow()), IsEmpty());
}

}  // namespace
}  // namespace signet::ctl
