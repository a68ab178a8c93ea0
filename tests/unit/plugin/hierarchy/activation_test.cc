#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>

#include "absl/strings/match.h"
#include "plugin/hierarchy/state_format.h"
#include "plugin/hierarchy/use_counter.h"
#include "tests/testing/hierarchy_harness.h"
#include "tests/testing/poll.h"
#include "tests/testing/status_matchers.h"
#include "tests/unit/plugin/hierarchy/lying_kms_client.h"

namespace signet {
namespace {

using ::testing::ElementsAre;
using testing::FakeKmsClient;
using ::testing::HasSubstr;
using testing::HierarchyHarness;
using ::testing::IsEmpty;
using testing::IsOk;
using testing::PollUntil;
using ::testing::SizeIs;
using testing::StatusIs;
using testing::Stored;
using Operation = FakeKmsClient::Operation;

PersistentState ReadState(const HierarchyHarness& harness) {
  return DecodeState(
             PosixDurableFiles().Read(harness.directory.File("state"), {kMaxStateBytes, true}).value())
      .value();
}

TEST(ActivationTest, TheFirstKeyTakesOneDescribeOneWrapAndOneUnwrap) {
  HierarchyHarness harness;
  harness.Start();
  EXPECT_EQ(harness.describes(), 1u);
  EXPECT_EQ(harness.wraps(), 1u);
  EXPECT_EQ(harness.unwraps(), 1u);
  ASSERT_THAT(harness.observer.activated(), SizeIs(1));
  EXPECT_EQ(harness.observer.activated()[0].reason, "first key");
  EXPECT_TRUE(harness.hierarchy->Snapshot()->stored);
}

TEST(ActivationTest, StatusAndEncryptShareASnapshot) {
  HierarchyHarness harness;
  harness.Start();
  ASSERT_OK_AND_ASSIGN(const auto status, harness.hierarchy->Writable());
  ASSERT_OK_AND_ASSIGN(const EncryptResult encrypted, harness.hierarchy->Encrypt("secret"));
  EXPECT_EQ(encrypted.key, status);
  EXPECT_EQ(harness.hierarchy->Snapshot(), status);
}

TEST(ActivationTest, StatusNamesTheNewKeyIdAsSoonAsEncryptUsesIt) {
  HierarchyHarness harness;
  harness.StartStepped();
  ASSERT_OK_AND_ASSIGN(auto status, harness.hierarchy->Writable());
  const std::string old = status->key_id;
  harness.remote->Rotate();
  harness.Run(absl::Minutes(10));
  ASSERT_NE(harness.Encrypt().key_id, old);
  ASSERT_OK_AND_ASSIGN(status, harness.hierarchy->Writable());
  EXPECT_EQ(status->key_id, harness.Encrypt().key_id);
}

TEST(ActivationTest, WithoutAKeyEncryptIsUnavailableAndNothingIsPublished) {
  HierarchyHarness harness;
  harness.client->FailAll(absl::UnavailableError("away"));
  ASSERT_THAT(harness.Create(), IsOk());
  EXPECT_THAT(harness.hierarchy->Encrypt("secret"), StatusIs(absl::StatusCode::kUnavailable));
  harness.hierarchy->Start();
  ASSERT_TRUE(harness.AdvanceUntil([&] { return harness.observer.failures().size() >= 3; }));
  EXPECT_EQ(harness.hierarchy->Snapshot(), nullptr);
  EXPECT_THAT(harness.hierarchy->Writable(),
              StatusIs(absl::StatusCode::kUnavailable, HasSubstr("UNAVAILABLE")));
  EXPECT_THAT(harness.hierarchy->Encrypt("secret"), StatusIs(absl::StatusCode::kUnavailable));
}

TEST(ActivationTest, RetriesWithGrowingJitteredWaitsUpToTenSecondsUntilTheKmsAnswers) {
  HierarchyHarness harness;
  harness.client->FailAll(absl::UnavailableError("away"));
  ASSERT_THAT(harness.Create(), IsOk());
  harness.hierarchy->Start();
  ASSERT_TRUE(
      harness.AdvanceUntil([&] { return harness.observer.failures().size() >= 12; }, absl::Seconds(1)));
  const auto failures = harness.observer.failures();
  EXPECT_GE(failures[0].second, absl::Milliseconds(100));
  EXPECT_LE(failures[0].second, absl::Milliseconds(200));
  for (const auto& [status, retry_in] : failures) EXPECT_LE(retry_in, absl::Seconds(10));
  EXPECT_GE(failures[11].second, absl::Seconds(5));
  harness.client->FailAll(absl::OkStatus());
  EXPECT_TRUE(harness.AdvanceUntil([&] { return harness.hierarchy->Writable().ok(); }, absl::Seconds(1)));
}

TEST(ActivationTest, AKeyThatUnwrapsToSomethingElseIsNeverPublished) {
  HierarchyHarness harness;
  auto liar = std::make_shared<testing::LyingKmsClient>(harness.client);
  liar->unwrap_lie = [](kms::UnwrapResult& result) { result.plaintext.ExposeMutable()[0] ^= 1; };
  harness.providers[0].client = liar;
  ASSERT_THAT(harness.Create(), IsOk());
  harness.hierarchy->Start();
  ASSERT_TRUE(harness.AdvanceUntil([&] { return harness.observer.failures().size() >= 3; }));
  EXPECT_THAT(harness.observer.failures()[0].first, StatusIs(absl::StatusCode::kDataLoss));
  EXPECT_THAT(harness.observer.activated(), IsEmpty());
  EXPECT_EQ(harness.files.writes("state"), 0u);
}

TEST(ActivationTest, NothingIsPublishedBeforeHistoryAndRecordAreOnTheDisk) {
  HierarchyHarness harness;
  std::atomic<int> state_writes{0};
  std::atomic<bool> published_before_write{false};
  harness.files.BeforeWrite([&](const std::string& path) {
    if (!absl::EndsWith(path, "/state")) return;
    ++state_writes;
    if (harness.hierarchy->Snapshot() != nullptr) published_before_write = true;
  });
  harness.Start();
  EXPECT_EQ(state_writes, 1);
  EXPECT_FALSE(published_before_write);
  harness.files.BeforeWrite(nullptr);
  const PersistentState state = ReadState(harness);
  EXPECT_EQ(state.history.newest().key_id, harness.hierarchy->Snapshot()->key_id);
  EXPECT_EQ(state.record->record, harness.hierarchy->Snapshot()->record);
}

TEST(ActivationTest, ARestartReusesTheLocalKekWithoutAWrap) {
  HierarchyHarness harness;
  harness.Start();
  const Stored stored = harness.Encrypt("secret");
  harness.Restart();
  EXPECT_EQ(harness.wraps(), 1u);
  EXPECT_EQ(harness.observer.activated().back().reason, "stored record");
  EXPECT_EQ(harness.hierarchy->Snapshot()->record, stored.record);
  ASSERT_OK_AND_ASSIGN(const std::string plaintext, harness.Decrypt(stored));
  EXPECT_EQ(plaintext, "secret");
}

TEST(ActivationTest, AStoredRecordIsAnnouncedWhileDescribeFails) {
  HierarchyHarness harness;
  harness.Start();
  harness.hierarchy.reset();
  harness.client->FailNext(Operation::kDescribe, 1000, absl::UnavailableError("away"));
  harness.Start();
  EXPECT_THAT(harness.hierarchy->Writable(), IsOk());
}

TEST(ActivationTest, ANewerVersionIsTakenUpAfterAStart) {
  HierarchyHarness harness;
  harness.Start();
  const Stored old = harness.Encrypt("secret");
  harness.remote->Rotate();
  harness.Restart();
  EXPECT_EQ(harness.hierarchy->Snapshot()->key_id, old.key_id);
  ASSERT_TRUE(harness.AdvanceUntil([&] { return harness.hierarchy->Snapshot()->key_id != old.key_id; },
                                   absl::Seconds(1)));
  EXPECT_EQ(harness.observer.activated().back().reason, "new version");
  EXPECT_THAT(harness.hierarchy->State().key_id_history,
              ElementsAre(old.key_id, harness.hierarchy->Snapshot()->key_id));
  ASSERT_OK_AND_ASSIGN(const std::string plaintext, harness.Decrypt(old));
  EXPECT_EQ(plaintext, "secret");
}

TEST(ActivationTest, OnLocalANewerVersionIsTheFirstThatAStartAnnounces) {
  HierarchyHarness harness(crypto::ProviderType::kLocal);
  harness.Start();
  const Stored old = harness.Encrypt("secret");
  harness.remote->Rotate();
  harness.Restart();
  ASSERT_THAT(harness.observer.activated(), SizeIs(2));
  EXPECT_NE(harness.observer.activated()[1].key_id, old.key_id);
  EXPECT_EQ(harness.observer.activated()[1].reason, "new version");
  ASSERT_OK_AND_ASSIGN(const std::string plaintext, harness.Decrypt(old));
  EXPECT_EQ(plaintext, "secret");
}

TEST(ActivationTest, OnLocalAStoredRecordServesWhileTheNewVersionCannotBeUsed) {
  HierarchyHarness harness(crypto::ProviderType::kLocal);
  harness.Start();
  const std::string old = harness.hierarchy->Snapshot()->key_id;
  harness.hierarchy.reset();
  harness.remote->Rotate();
  harness.client->FailNext(Operation::kWrap, 2, absl::UnavailableError("away"));
  harness.Start();
  EXPECT_EQ(harness.hierarchy->Snapshot()->key_id, old);
  EXPECT_TRUE(
      harness.AdvanceUntil([&] { return harness.hierarchy->Snapshot()->key_id != old; }, absl::Seconds(1)));
}

TEST(ActivationTest, ARolledBackKmsLeavesTheStoredRecordInPlaceAndIsReported) {
  for (const auto type : {crypto::ProviderType::kVault, crypto::ProviderType::kLocal}) {
    HierarchyHarness harness(type);
    harness.remote->Rotate();
    harness.StartStepped();
    const std::string key_id = harness.hierarchy->Snapshot()->key_id;
    harness.remote->SetCurrent(1);
    harness.RestartStepped();
    harness.Run(absl::Minutes(1));
    EXPECT_THAT(harness.ProblemText("rolled_back"), HasSubstr("key_id_generation to 1"));
    EXPECT_EQ(harness.hierarchy->Snapshot()->key_id, key_id);
    EXPECT_THAT(harness.hierarchy->Writable(), IsOk());
  }
}

TEST(ActivationTest, WithoutAUsableRecordARolledBackKmsMakesEncryptUnavailable) {
  HierarchyHarness harness;
  harness.remote->Rotate();
  harness.Start();
  harness.hierarchy.reset();
  harness.remote->SetCurrent(1);
  harness.remote->Destroy(2);
  ASSERT_THAT(harness.Create(), IsOk());
  harness.hierarchy->Start();
  ASSERT_TRUE(PollUntil([&] { return !harness.observer.failures().empty(); }));
  EXPECT_EQ(harness.hierarchy->Snapshot(), nullptr);
  EXPECT_THAT(harness.hierarchy->Writable(),
              StatusIs(absl::StatusCode::kUnavailable, HasSubstr("key_id_generation to 1")));
}

TEST(ActivationTest, AGenerationBumpEndsARollback) {
  HierarchyHarness harness;
  harness.remote->Rotate();
  harness.StartStepped();
  harness.remote->SetCurrent(1);
  harness.options.key_id_generation = 1;
  harness.RestartStepped();
  harness.Run(harness.options.move_delay + absl::Minutes(1));
  EXPECT_THAT(harness.hierarchy->Snapshot()->key_id, ::testing::EndsWith("-g1"));
  EXPECT_EQ(harness.hierarchy->Snapshot()->remote_version.number, 1u);
  EXPECT_THAT(harness.hierarchy->State().key_id_history, SizeIs(2));
}

TEST(ActivationTest, AGenerationBumpWithoutAUsableRecordIsImmediate) {
  HierarchyHarness harness;
  harness.remote->Rotate();
  harness.StartStepped();
  harness.remote->SetCurrent(1);
  harness.remote->Destroy(2);
  harness.options.key_id_generation = 1;
  harness.RestartStepped();
  EXPECT_THAT(harness.hierarchy->Snapshot()->key_id, ::testing::EndsWith("-g1"));
}

TEST(ActivationTest, AGenerationTakenBackIsRefusedAndTheNewestServesOn) {
  HierarchyHarness harness;
  harness.StartStepped();
  harness.options.key_id_generation = 1;
  harness.RestartStepped();
  harness.Run(absl::Minutes(15));
  const std::string newest = harness.hierarchy->Snapshot()->key_id;
  harness.options.key_id_generation = 0;
  harness.RestartStepped();
  harness.Run(absl::Minutes(15));
  EXPECT_EQ(harness.hierarchy->Snapshot()->key_id, newest);
  EXPECT_THAT(harness.hierarchy->Writable(), IsOk());
  EXPECT_THAT(harness.ProblemText("move_waits"), HasSubstr("key_id_generation to 2"));
}

TEST(ActivationTest, AStoredRecordOfAnotherClusterIsNotAnnounced) {
  HierarchyHarness harness;
  harness.Start();
  const Stored old = harness.Encrypt();
  harness.options.cluster_id = "cluster-2";
  harness.Restart();
  EXPECT_NE(harness.hierarchy->Snapshot()->record, old.record);
  EXPECT_EQ(harness.hierarchy->Snapshot()->key_id, old.key_id);
}

TEST(ActivationTest, AnUnreachableKmsDoesNotMakeANewKeyOutOfAStoredRecord) {
  HierarchyHarness harness;
  harness.Start();
  const Stored old = harness.Encrypt();
  harness.hierarchy.reset();
  harness.client->FailAll(absl::UnavailableError("away"));
  ASSERT_THAT(harness.Create(), IsOk());
  harness.hierarchy->Start();
  ASSERT_TRUE(harness.AdvanceUntil([&] { return harness.observer.failures().size() >= 3; }));
  harness.client->FailAll(absl::OkStatus());
  ASSERT_TRUE(harness.AdvanceUntil([&] { return harness.hierarchy->Writable().ok(); }));
  EXPECT_EQ(harness.hierarchy->Snapshot()->record, old.record);
  EXPECT_EQ(harness.wraps(), 1u);
}

TEST(ActivationTest, AnUnwrapThatFailsForTheMomentIsTriedAgainInsteadOfMakingANewKey) {
  for (const absl::Status& failure : {absl::UnavailableError("away"), absl::DeadlineExceededError("slow"),
                                      absl::ResourceExhaustedError("throttled")}) {
    HierarchyHarness harness;
    harness.Start();
    const Stored old = harness.Encrypt();
    harness.hierarchy.reset();
    harness.client->FailNext(Operation::kUnwrap, 1, failure);
    ASSERT_THAT(harness.Create(), IsOk());
    harness.hierarchy->Start();
    ASSERT_TRUE(harness.AdvanceUntil([&] { return harness.hierarchy->Writable().ok(); }));
    EXPECT_EQ(harness.hierarchy->Snapshot()->record, old.record) << failure;
    EXPECT_EQ(harness.wraps(), 1u);
  }
}

TEST(ActivationTest, ARecordThatTheKmsRefusesIsReplacedUnderTheSameKeyId) {
  HierarchyHarness harness;
  harness.Start();
  const Stored old = harness.Encrypt();
  harness.hierarchy.reset();
  harness.client->FailNext(Operation::kUnwrap, 1, absl::DataLossError("bad"), kms::FailureClass::kBadBlob);
  harness.Start();
  EXPECT_EQ(harness.hierarchy->Snapshot()->key_id, old.key_id);
  EXPECT_NE(harness.hierarchy->Snapshot()->record, old.record);
  EXPECT_THAT(harness.hierarchy->State().key_id_history, ElementsAre(old.key_id));
}

TEST(ActivationTest, ALostStateDirectoryIsOnlyColder) {
  HierarchyHarness harness;
  harness.Start();
  const Stored old = harness.Encrypt("secret");
  harness.hierarchy.reset();
  harness.RestoreDirectory({});
  harness.Start();
  EXPECT_EQ(harness.hierarchy->Snapshot()->key_id, old.key_id);
  ASSERT_OK_AND_ASSIGN(const std::string plaintext, harness.Decrypt(old));
  EXPECT_EQ(plaintext, "secret");
}

TEST(ActivationTest, ATornStateFileIsSetAsideReportedAndStartedOver) {
  HierarchyHarness harness;
  harness.Start();
  const std::string key_id = harness.hierarchy->Snapshot()->key_id;
  harness.hierarchy.reset();
  harness.RestoreDirectory({{"state", "torn"}});
  harness.Start();
  EXPECT_EQ(harness.hierarchy->Snapshot()->key_id, key_id);
  ASSERT_THAT(harness.observer.state_problems(), SizeIs(1));
  EXPECT_EQ(harness.observer.state_problems()[0].first, "state");
}

TEST(ActivationTest, ASecondHierarchyOnTheSameDirectoryIsRefused) {
  HierarchyHarness harness;
  harness.Start();
  EXPECT_THAT(KeyHierarchy::Create(harness.options, harness.providers, harness.clock, crypto::SystemRandom(),
                                   harness.files, harness.observer),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("/lock")));
}

TEST(ActivationTest, ARotationWhileDescribeAndWrapDisagreeIsTriedAgain) {
  HierarchyHarness harness;
  auto liar = std::make_shared<testing::LyingKmsClient>(harness.client);
  std::atomic<int> rotations{0};
  liar->describe_lie = [&](kms::KeyDescription&) {
    if (rotations++ == 0) harness.remote->Rotate();
  };
  harness.providers[0].client = liar;
  ASSERT_THAT(harness.Create(), IsOk());
  harness.hierarchy->Start();
  ASSERT_TRUE(harness.AdvanceUntil([&] { return harness.hierarchy->Snapshot() != nullptr; }));
  EXPECT_THAT(harness.observer.failures()[0].first, StatusIs(absl::StatusCode::kAborted));
  EXPECT_EQ(harness.hierarchy->Snapshot()->remote_version.number, 2u);
}

}  // namespace
}  // namespace signet
