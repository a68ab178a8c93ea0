// A new version of the remote key, from the first answer that names it to its announcement.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "tests/testing/hierarchy_harness.h"
#include "tests/testing/status_matchers.h"

namespace signet {
namespace {

using ::testing::ElementsAre;
using ::testing::EndsWith;
using testing::FakeKmsClient;
using ::testing::HasSubstr;
using testing::HierarchyHarness;
using ::testing::IsEmpty;
using testing::IsOk;
using ::testing::SizeIs;
using testing::StatusIs;
using testing::Stored;
using Operation = FakeKmsClient::Operation;

std::string KeyId(const HierarchyHarness& harness) { return harness.hierarchy->Snapshot()->key_id; }

// Runs until the next look at the version has happened.
void RunToNextLook(HierarchyHarness& harness) {
  const size_t before = harness.describes();
  while (harness.describes() == before) harness.Run(absl::Seconds(1));
}

absl::StatusOr<KeyOperationResult> Refresh(HierarchyHarness& harness) {
  absl::StatusOr<KeyOperationResult> result = absl::UnknownError("no answer");
  harness.hierarchy->control().RefreshRemoteKey([&](auto answer) { result = std::move(answer); });
  harness.hierarchy->RunPending();
  return result;
}

TEST(RotationTest, IsAnnouncedAfterConfirmationAndDelayWithoutARestart) {
  HierarchyHarness harness;
  harness.StartStepped();
  const Stored old = harness.Encrypt("secret");
  harness.remote->Rotate();
  RunToNextLook(harness);
  ASSERT_TRUE(harness.hierarchy->State().pending.has_value());
  EXPECT_FALSE(harness.hierarchy->State().pending->prepared);
  harness.Run(absl::Seconds(21));
  ASSERT_TRUE(harness.hierarchy->State().pending.has_value());
  EXPECT_TRUE(harness.hierarchy->State().pending->prepared);
  harness.Run(absl::Seconds(57));
  EXPECT_EQ(KeyId(harness), old.key_id);
  harness.Run(absl::Seconds(4));
  EXPECT_NE(KeyId(harness), old.key_id);
  EXPECT_FALSE(harness.hierarchy->State().pending.has_value());
  EXPECT_THAT(harness.hierarchy->State().key_id_history, ElementsAre(old.key_id, KeyId(harness)));
  EXPECT_THAT(harness.DecryptStepped(old), IsOk());
  EXPECT_EQ(harness.Encrypt().key_id, KeyId(harness));
}

TEST(RotationTest, HappensOnALocalKeyringToo) {
  HierarchyHarness harness(crypto::ProviderType::kLocal);
  harness.StartStepped();
  const std::string old = KeyId(harness);
  harness.remote->Rotate();
  harness.Run(absl::Seconds(90));
  EXPECT_NE(KeyId(harness), old);
}

TEST(RotationTest, OneOddAnswerChangesNothing) {
  HierarchyHarness harness;
  harness.StartStepped();
  const std::string old = KeyId(harness);
  harness.remote->Rotate();
  RunToNextLook(harness);
  harness.remote->SetCurrent(1);
  harness.Run(absl::Minutes(10));
  EXPECT_EQ(KeyId(harness), old);
  EXPECT_EQ(harness.wraps(), 1u);
  EXPECT_FALSE(harness.hierarchy->State().pending.has_value());
}

TEST(RotationTest, IsProvedBeforeItIsAnnouncedAndAFailingProofKeepsTheOldKey) {
  HierarchyHarness harness;
  harness.StartStepped();
  const std::string old = KeyId(harness);
  harness.remote->Rotate();
  harness.client->FailNext(Operation::kUnwrap, 1000, absl::PermissionDeniedError("no"));
  harness.Run(absl::Minutes(30));
  EXPECT_EQ(KeyId(harness), old);
  EXPECT_THAT(harness.hierarchy->Writable(), IsOk());
  EXPECT_EQ(harness.Encrypt().key_id, old);
  ASSERT_TRUE(harness.hierarchy->State().pending.has_value());
  EXPECT_FALSE(harness.hierarchy->State().pending->prepared);
}

TEST(RotationTest, AnUnwritableDiskKeepsTheOldKeyUntilItIsWritable) {
  HierarchyHarness harness;
  harness.StartStepped();
  const std::string old = KeyId(harness);
  harness.remote->Rotate();
  harness.files.FailWrites("/state");
  harness.Run(absl::Minutes(10));
  EXPECT_EQ(KeyId(harness), old);
  ASSERT_THAT(harness.hierarchy->State().problems, SizeIs(1));
  EXPECT_EQ(harness.hierarchy->State().problems[0].kind, "not_announced");
  harness.files.Heal();
  harness.Run(absl::Minutes(10));
  EXPECT_NE(KeyId(harness), old);
  EXPECT_THAT(harness.hierarchy->State().problems, SizeIs(0));
}

TEST(RotationTest, SkipsVersionsThatWereReplacedBeforeTheyWereAnnounced) {
  HierarchyHarness harness;
  harness.StartStepped();
  const std::string first = KeyId(harness);
  harness.remote->Rotate();
  RunToNextLook(harness);
  harness.Run(absl::Seconds(20));
  harness.remote->Rotate();
  ASSERT_THAT(Refresh(harness), IsOk());
  harness.Run(absl::Minutes(5));
  EXPECT_EQ(harness.hierarchy->Snapshot()->remote_version.number, 3u);
  EXPECT_THAT(harness.hierarchy->State().key_id_history, SizeIs(2));
}

TEST(RotationTest, GoingBackWhileItIsPendingDropsIt) {
  HierarchyHarness harness;
  harness.StartStepped();
  const std::string old = KeyId(harness);
  const auto reader = harness.hierarchy->control().Subscribe(100, false, nullptr);
  // So that the way back is seen before the announcement.
  harness.options.activation_delay = absl::Minutes(10);
  harness.RestartStepped();
  harness.remote->Rotate();
  harness.Run(absl::Minutes(4));
  ASSERT_TRUE(harness.hierarchy->State().pending->prepared);
  harness.remote->SetCurrent(1);
  harness.Run(absl::Minutes(20));
  EXPECT_EQ(KeyId(harness), old);
  EXPECT_FALSE(harness.hierarchy->State().pending.has_value());
}

TEST(RotationTest, NoRenewalHappensWhileAVersionIsPending) {
  HierarchyHarness harness;
  harness.options.local_kek_lifetime = absl::Hours(3);
  harness.options.activation_delay = absl::Minutes(30);
  harness.StartStepped();
  harness.Run(absl::Minutes(110));
  harness.remote->Rotate();
  harness.Run(absl::Minutes(15));
  ASSERT_TRUE(harness.hierarchy->State().pending->prepared);
  EXPECT_EQ(harness.wraps(), 2u);
  EXPECT_THAT(harness.observer.activated(), SizeIs(1));
  harness.Run(absl::Minutes(30));
  EXPECT_EQ(harness.wraps(), 2u);
  EXPECT_EQ(harness.hierarchy->Snapshot()->remote_version.number, 2u);
}

TEST(RotationTest, VersionsNewerThanOursDecryptAtOnce) {
  HierarchyHarness harness;
  harness.StartStepped();
  harness.remote->Rotate();
  EXPECT_THAT(harness.DecryptStepped(harness.ForeignTuple()), IsOk());
}

TEST(RotationTest, KeyIdsNeverComeBackOverManyRotations) {
  HierarchyHarness harness;
  harness.StartStepped();
  std::vector<std::string> seen = {KeyId(harness)};
  for (int minute = 0; minute < 200; ++minute) {
    if (minute % 20 == 10) harness.remote->Rotate();
    if (minute % 60 == 45) harness.remote->SetCurrent(1);
    harness.Run(absl::Minutes(1));
    if (KeyId(harness) != seen.back()) seen.push_back(KeyId(harness));
  }
  EXPECT_GT(seen.size(), 5u);
  EXPECT_EQ(std::set<std::string>(seen.begin(), seen.end()).size(), seen.size());
}

TEST(RotationTest, TellsEveryStepAsAnEvent) {
  HierarchyHarness harness;
  harness.StartStepped();
  const auto reader = harness.hierarchy->control().Subscribe(100, false, nullptr);
  harness.remote->Rotate();
  harness.Run(absl::Minutes(5));
  std::vector<KeyEvent::Kind> kinds;
  for (const KeyEvent& event : reader->Take().events) kinds.push_back(event.kind);
  EXPECT_THAT(kinds, ElementsAre(KeyEvent::Kind::kVersionSeen, KeyEvent::Kind::kVersionPending,
                                 KeyEvent::Kind::kKeyActivated));
}

TEST(RotateRemoteTest, NeedsToBeAllowed) {
  HierarchyHarness harness;
  harness.StartStepped();
  absl::StatusOr<KeyOperationResult> result = absl::UnknownError("no answer");
  harness.hierarchy->control().RotateRemoteKey("", [&](auto answer) { result = std::move(answer); });
  harness.hierarchy->RunPending();
  EXPECT_THAT(result, StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("allow_remote_rotation")));
  EXPECT_EQ(harness.remote->current(), 1u);
}

TEST(RotateRemoteTest, MakesAVersionThatTheWatcherTakesUp) {
  HierarchyHarness harness;
  harness.options.allow_remote_rotation = true;
  harness.StartStepped();
  const std::string old = KeyId(harness);
  absl::StatusOr<KeyOperationResult> result = absl::UnknownError("no answer");
  harness.hierarchy->control().RotateRemoteKey("primary", [&](auto answer) { result = std::move(answer); });
  harness.hierarchy->RunPending();
  ASSERT_THAT(result, IsOk());
  EXPECT_EQ(result->key_id, old);
  EXPECT_EQ(harness.remote->current(), 2u);
  harness.Run(absl::Seconds(81));
  EXPECT_NE(KeyId(harness), old);
}

TEST(RotateRemoteTest, AnUnknownProviderIsNotFound) {
  HierarchyHarness harness;
  harness.options.allow_remote_rotation = true;
  harness.StartStepped();
  absl::StatusOr<KeyOperationResult> result = absl::UnknownError("no answer");
  harness.hierarchy->control().RotateRemoteKey("nobody", [&](auto answer) { result = std::move(answer); });
  harness.hierarchy->RunPending();
  EXPECT_THAT(result, StatusIs(absl::StatusCode::kNotFound));
}

class RollbackTest : public ::testing::Test {
 protected:
  RollbackTest() {
    harness_.StartStepped();
    harness_.remote->Rotate();
    harness_.Run(absl::Minutes(5));
    newest_ = KeyId(harness_);
    first_ = harness_.hierarchy->State().key_id_history.front();
  }
  void RollBack() {
    harness_.remote->SetCurrent(1);
    harness_.Run(absl::Minutes(5));
  }
  absl::StatusOr<KeyOperationResult> Accept(const std::string& key_id) {
    absl::StatusOr<KeyOperationResult> result = absl::UnknownError("no answer");
    harness_.hierarchy->control().AcceptKeyId(key_id, [&](auto answer) { result = std::move(answer); });
    harness_.hierarchy->RunPending();
    return result;
  }

  HierarchyHarness harness_;
  std::string newest_;
  std::string first_;
};

TEST_F(RollbackTest, StaysOnTheNewestAndSaysWhatToDo) {
  RollBack();
  EXPECT_EQ(KeyId(harness_), newest_);
  EXPECT_THAT(harness_.hierarchy->Writable(), IsOk());
  EXPECT_THAT(harness_.ProblemText("rolled_back"), HasSubstr("signetctl accept-key-id " + first_));
  EXPECT_FALSE(harness_.hierarchy->State().pending.has_value());
}

TEST_F(RollbackTest, EndsByItselfWhenTheKmsNamesTheNewestAgain) {
  RollBack();
  harness_.remote->SetCurrent(2);
  harness_.Run(absl::Minutes(5));
  EXPECT_THAT(harness_.hierarchy->State().problems, IsEmpty());
  EXPECT_EQ(KeyId(harness_), newest_);
}

TEST_F(RollbackTest, AcceptedItIsAnnouncedUnderTheNextGenerationAndStaysSo) {
  RollBack();
  ASSERT_OK_AND_ASSIGN(const KeyOperationResult result, Accept(first_));
  EXPECT_EQ(result.key_id, first_ + "-g1");
  EXPECT_THAT(result.note, HasSubstr("key_id_generation to 1"));
  EXPECT_EQ(harness_.hierarchy->Snapshot()->remote_version.number, 1u);
  EXPECT_THAT(harness_.hierarchy->State().problems, IsEmpty());
  harness_.RestartStepped();
  harness_.Run(absl::Minutes(10));
  EXPECT_EQ(KeyId(harness_), first_ + "-g1");
  harness_.options.key_id_generation = 1;
  harness_.RestartStepped();
  harness_.Run(absl::Minutes(10));
  EXPECT_EQ(KeyId(harness_), first_ + "-g1");
  EXPECT_THAT(harness_.hierarchy->State().key_id_history, ElementsAre(first_, newest_, first_ + "-g1"));
}

TEST_F(RollbackTest, LaterRotationsFollowUnderTheAcceptedGeneration) {
  RollBack();
  ASSERT_THAT(Accept(first_), IsOk());
  harness_.remote->Rotate();
  harness_.Run(absl::Minutes(5));
  EXPECT_EQ(harness_.hierarchy->Snapshot()->remote_version.number, 3u);
  EXPECT_THAT(KeyId(harness_), EndsWith("-g1"));
}

TEST_F(RollbackTest, NothingButTheNamedKeyIdIsAccepted) {
  EXPECT_THAT(Accept(first_), StatusIs(absl::StatusCode::kFailedPrecondition));
  RollBack();
  EXPECT_THAT(Accept(newest_), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(first_)));
  EXPECT_EQ(KeyId(harness_), newest_);
}

TEST_F(RollbackTest, AnAcceptanceThatTheKmsFailsChangesNothing) {
  RollBack();
  harness_.client->FailNext(Operation::kWrap, 1, absl::UnavailableError("away"));
  EXPECT_THAT(Accept(first_), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_EQ(KeyId(harness_), newest_);
  EXPECT_NE(harness_.ProblemText("rolled_back"), "");
}

TEST_F(RollbackTest, WithoutAnyRecordItCanBeAcceptedToo) {
  harness_.hierarchy.reset();
  harness_.remote->SetCurrent(1);
  harness_.remote->Destroy(2);
  harness_.StartStepped();
  EXPECT_THAT(harness_.hierarchy->Writable(), StatusIs(absl::StatusCode::kUnavailable));
  ASSERT_OK_AND_ASSIGN(const KeyOperationResult result, Accept(first_));
  EXPECT_EQ(result.key_id, first_ + "-g1");
  EXPECT_THAT(harness_.hierarchy->Writable(), IsOk());
}

}  // namespace
}  // namespace signet
