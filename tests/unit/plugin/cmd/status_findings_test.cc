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

TEST(RoughDurationTest, ShowsTheTwoLargestUnits) {
  EXPECT_EQ(RoughDuration(absl::ZeroDuration()), "0s");
  EXPECT_EQ(RoughDuration(absl::Seconds(59)), "59s");
  EXPECT_EQ(RoughDuration(absl::Seconds(725)), "12m 5s");
  EXPECT_EQ(RoughDuration(absl::Hours(2)), "2h");
  EXPECT_EQ(RoughDuration(absl::Hours(76) + absl::Minutes(59)), "3d 4h");
  EXPECT_EQ(RoughDuration(-absl::Minutes(90)), "-1h 30m");
}

}  // namespace
}  // namespace signet::ctl
