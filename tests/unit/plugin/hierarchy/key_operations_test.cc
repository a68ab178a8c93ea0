// What operators may have done, through KeyHierarchy::control().
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/unshared_status.h"
#include "tests/testing/hierarchy_harness.h"
#include "tests/testing/poll.h"
#include "tests/testing/status_matchers.h"

namespace signet {
namespace {

using testing::FakeKmsClient;
using ::testing::HasSubstr;
using testing::HierarchyHarness;
using testing::IsOk;
using testing::PollUntil;
using ::testing::SizeIs;
using testing::StatusIs;
using testing::Stored;
using Operation = FakeKmsClient::Operation;

// An answer that can be waited for.
class Outcome {
 public:
  KeyOperationCallback callback() {
    return [shared = shared_](absl::StatusOr<KeyOperationResult> result) {
      MutexLock lock(shared->mutex);
      ++shared->times;
      shared->result = std::move(result);
    };
  }
  int times() const {
    MutexLock lock(shared_->mutex);
    return shared_->times;
  }
  absl::StatusOr<KeyOperationResult> Wait() const {
    EXPECT_TRUE(PollUntil([this] { return times() > 0; }));
    MutexLock lock(shared_->mutex);
    if (!shared_->result.ok()) return UnsharedCopy(shared_->result.status());
    return shared_->result;
  }

 private:
  struct Shared {
    mutable Mutex mutex;
    int times ABSL_GUARDED_BY(mutex) = 0;
    absl::StatusOr<KeyOperationResult> result ABSL_GUARDED_BY(mutex) = absl::UnknownError("no answer yet");
  };
  std::shared_ptr<Shared> shared_ = std::make_shared<Shared>();
};

TEST(RotateLocalKekTest, PublishesAnotherKeyUnderTheSameKeyId) {
  HierarchyHarness harness;
  harness.Start();
  const Stored old = harness.Encrypt("secret");
  Outcome outcome;
  harness.hierarchy->control().RotateLocalKek(outcome.callback());
  ASSERT_OK_AND_ASSIGN(const KeyOperationResult result, outcome.Wait());
  EXPECT_EQ(result.key_id, old.key_id);
  EXPECT_NE(harness.hierarchy->Snapshot()->record, old.record);
  EXPECT_THAT(result.note, HasSubstr("kube-apiserver keeps its seed"));
  EXPECT_THAT(harness.Decrypt(old), IsOk());
}

TEST(RotateLocalKekTest, FailsAsTheKmsDoesAndChangesNothing) {
  HierarchyHarness harness;
  harness.Start();
  const Stored old = harness.Encrypt("secret");
  harness.client->FailNext(Operation::kWrap, 1, absl::UnavailableError("away"));
  Outcome outcome;
  harness.hierarchy->control().RotateLocalKek(outcome.callback());
  EXPECT_THAT(outcome.Wait(), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_EQ(harness.hierarchy->Snapshot()->record, old.record);
}

// The version is not pending yet: nobody has asked for it.
TEST(RotateLocalKekTest, IsRefusedWhileTheKmsWrapsUnderAVersionThatIsNotAnnounced) {
  HierarchyHarness harness;
  harness.Start();
  const Stored old = harness.Encrypt("secret");
  harness.remote->Rotate();
  Outcome outcome;
  harness.hierarchy->control().RotateLocalKek(outcome.callback());
  EXPECT_THAT(outcome.Wait(), StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("another version")));
  EXPECT_EQ(harness.hierarchy->Snapshot()->record, old.record);
}

TEST(PurgeKeysTest, OnALocalKeyringANewVersionStillWaitsForConfirmationAndDelay) {
  HierarchyHarness harness(crypto::ProviderType::kLocal);
  harness.StartStepped();
  const Stored old = harness.Encrypt("secret");
  harness.remote->Rotate();
  harness.hierarchy->control().PurgeKeys([](const auto&) {});
  harness.Run(absl::Seconds(1));
  ASSERT_NE(harness.hierarchy->Snapshot(), nullptr);
  EXPECT_EQ(harness.hierarchy->Snapshot()->record, old.record);
  harness.Run(absl::Seconds(70));
  EXPECT_EQ(harness.hierarchy->Snapshot()->key_id, old.key_id);
  harness.Run(absl::Seconds(30));
  EXPECT_EQ(harness.hierarchy->Snapshot()->remote_version.number, 2u);
}

TEST(KeyOperationsTest, AreCancelledByAStopAndAnsweredOnce) {
  HierarchyHarness harness;
  harness.Start();
  harness.client->Hang(Operation::kWrap);
  Outcome running, waiting, late;
  harness.hierarchy->control().RotateLocalKek(running.callback());
  ASSERT_TRUE(PollUntil([&] { return harness.client->blocked() == 1; }));
  harness.hierarchy->control().RotateLocalKek(waiting.callback());
  harness.hierarchy->Stop();
  harness.hierarchy->control().RotateLocalKek(late.callback());
  for (const Outcome& outcome : {running, waiting, late}) {
    EXPECT_THAT(outcome.Wait(), StatusIs(absl::StatusCode::kCancelled));
    EXPECT_EQ(outcome.times(), 1);
  }
}

TEST(KeyOperationsTest, BeforeTheFirstKeyTheyAreRefused) {
  HierarchyHarness harness;
  harness.client->FailAll(absl::UnavailableError("away"));
  ASSERT_THAT(harness.Create(), IsOk());
  harness.hierarchy->Start();
  Outcome outcome;
  harness.hierarchy->control().RotateLocalKek(outcome.callback());
  EXPECT_THAT(outcome.Wait(), StatusIs(absl::StatusCode::kFailedPrecondition));
}

TEST(KeyOperationsTest, EveryOneIsAnEventWhateverComesOfIt) {
  HierarchyHarness harness;
  harness.StartStepped();
  const auto reader = harness.hierarchy->control().Subscribe(10, false, nullptr);
  Outcome good, bad;
  harness.hierarchy->control().RotateLocalKek(good.callback());
  harness.hierarchy->RunPending();
  ASSERT_THAT(good.Wait(), IsOk());
  harness.client->FailNext(Operation::kWrap, 1, absl::UnavailableError("the provider's own text"));
  harness.hierarchy->control().RotateLocalKek(bad.callback());
  harness.hierarchy->RunPending();
  ASSERT_FALSE(bad.Wait().ok());
  const std::vector<KeyEvent> events = reader->Take().events;
  ASSERT_THAT(events, SizeIs(3));
  EXPECT_EQ(events[0].kind, KeyEvent::Kind::kKeyActivated);
  EXPECT_EQ(events[0].key_id, harness.hierarchy->Snapshot()->key_id);
  EXPECT_EQ(events[1].kind, KeyEvent::Kind::kOperation);
  EXPECT_EQ(events[2].detail, "rotate local: UNAVAILABLE");
}

TEST(ListKeysTest, ShowsTheActiveOneFirstWithItsLimits) {
  HierarchyHarness harness;
  harness.Start();
  const Stored old = harness.Encrypt("secret");
  ASSERT_THAT(harness.Decrypt(harness.ForeignTuple()), IsOk());
  const std::vector<LocalKeyInfo> keys = harness.hierarchy->control().ListKeys();
  ASSERT_THAT(keys, SizeIs(2));
  EXPECT_EQ(keys[0].state, LocalKeyInfo::State::kActive);
  EXPECT_EQ(keys[0].id, harness.hierarchy->Snapshot()->local_kek_id);
  EXPECT_EQ(keys[0].key_id, old.key_id);
  EXPECT_EQ(keys[0].uses, 1u);
  EXPECT_EQ(keys[0].max_uses, harness.options.local_kek_max_uses);
  EXPECT_EQ(keys[0].created, harness.clock.Wall());
  EXPECT_EQ(keys[0].expires, harness.clock.Wall() + harness.options.local_kek_lifetime);
  EXPECT_EQ(keys[0].renews, harness.clock.Wall() + harness.options.local_kek_lifetime * 2 / 3);
  EXPECT_EQ(keys[1].state, LocalKeyInfo::State::kCached);
  EXPECT_EQ(keys[1].created, absl::FromUnixSeconds(1700000000));
}

}  // namespace
}  // namespace signet
