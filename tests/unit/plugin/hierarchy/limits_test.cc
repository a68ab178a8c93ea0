// What bounds a local KEK: its uses, its lifetime, and a disk that cannot be written.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/match.h"
#include "plugin/hierarchy/state_format.h"
#include "plugin/hierarchy/use_counter.h"
#include "tests/testing/hierarchy_harness.h"
#include "tests/testing/poll.h"
#include "tests/testing/status_matchers.h"

namespace signet {
namespace {

using ::testing::ElementsAre;
using testing::FakeKmsClient;
using ::testing::HasSubstr;
using testing::HierarchyHarness;
using testing::IsOk;
using testing::PollUntil;
using ::testing::SizeIs;
using testing::StatusIs;
using testing::Stored;
using Operation = FakeKmsClient::Operation;
constexpr uint64_t kBlock = UseCounter::kBlock;

uint64_t ReservedOnDisk(const HierarchyHarness& harness) {
  const auto bytes = PosixDurableFiles().Read(harness.directory.File("state"), {kMaxStateBytes, true});
  return DecodeState(bytes.value()).value().record->reserved_uses;
}

void Use(const HierarchyHarness& harness, uint64_t times) {
  for (uint64_t i = 0; i < times; ++i) ASSERT_THAT(harness.hierarchy->Encrypt("x"), IsOk());
}

TEST(UsesTest, AreReservedInBlocksAheadOfUse) {
  HierarchyHarness harness;
  harness.Start();
  EXPECT_EQ(ReservedOnDisk(harness), kBlock);
  Use(harness, kBlock / 2 - 1);
  EXPECT_EQ(ReservedOnDisk(harness), kBlock);
  Use(harness, 1);
  EXPECT_TRUE(PollUntil([&] { return ReservedOnDisk(harness) == 2 * kBlock; }));
  EXPECT_EQ(harness.hierarchy->State().uses, kBlock / 2);
}

TEST(UsesTest, ACleanStopGivesBackWhatWasNotUsed) {
  HierarchyHarness harness;
  harness.Start();
  Use(harness, 10);
  harness.hierarchy.reset();
  EXPECT_EQ(ReservedOnDisk(harness), 10u);
  harness.Start();
  EXPECT_EQ(harness.hierarchy->State().uses, 10u);
  EXPECT_EQ(ReservedOnDisk(harness), 10 + kBlock);
}

TEST(UsesTest, ACrashTakesTheWholeBlockForUsed) {
  HierarchyHarness harness;
  harness.Start();
  Use(harness, 10);
  harness.Crash();
  EXPECT_EQ(harness.hierarchy->State().uses, kBlock);
  EXPECT_EQ(ReservedOnDisk(harness), 2 * kBlock);
  harness.Crash();
  EXPECT_EQ(harness.hierarchy->State().uses, 2 * kBlock);
  EXPECT_EQ(harness.wraps(), 1u);
}

TEST(UsesTest, NoUseIsGrantedBeforeItsBlockIsOnTheDisk) {
  HierarchyHarness harness;
  harness.Start();
  harness.files.BeforeWrite([&](const std::string& path) {
    // A restart must have written its block before it publishes.
    if (absl::EndsWith(path, "/state") && harness.hierarchy != nullptr) {
      EXPECT_EQ(harness.hierarchy->Snapshot(), nullptr);
    }
  });
  harness.hierarchy.reset();
  harness.Start();
  harness.files.BeforeWrite(nullptr);
}

TEST(UsesTest, AtTwoThirdsOfTheMaximumANewKeyTakesOverUnderTheSameKeyId) {
  HierarchyHarness harness;
  harness.options.local_kek_max_uses = 30;
  harness.Start();
  const Stored first = harness.Encrypt("secret");
  Use(harness, 19);
  ASSERT_TRUE(PollUntil([&] { return harness.hierarchy->Snapshot()->record != first.record; }));
  EXPECT_EQ(harness.hierarchy->Snapshot()->key_id, first.key_id);
  EXPECT_EQ(harness.observer.activated().back().reason, "renewal");
  EXPECT_THAT(harness.hierarchy->State().key_id_history, ElementsAre(first.key_id));
  EXPECT_EQ(harness.hierarchy->State().uses, 0u);
  const size_t unwraps = harness.unwraps();
  ASSERT_OK_AND_ASSIGN(const std::string plaintext, harness.Decrypt(first));
  EXPECT_EQ(plaintext, "secret");
  EXPECT_EQ(harness.unwraps(), unwraps) << "the old key must not leave the cache when it is renewed";
}

TEST(UsesTest, WhileRenewalFailsTheKeyServesToItsMaximumAndNoFurther) {
  HierarchyHarness harness;
  harness.options.local_kek_max_uses = 30;
  harness.Start();
  harness.client->FailNext(Operation::kWrap, 1000, absl::UnavailableError("away"));
  Use(harness, 30);
  EXPECT_THAT(harness.hierarchy->Encrypt("x"), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_THAT(harness.hierarchy->Writable(), StatusIs(absl::StatusCode::kUnavailable));
}

TEST(LifetimeTest, ARenewalStartsAtTwoThirds) {
  HierarchyHarness harness;
  harness.options.local_kek_lifetime = absl::Hours(30);
  harness.Start();
  const Stored first = harness.Encrypt("secret");
  ASSERT_TRUE(PollUntil([&] { return harness.clock.waiters() >= 1; }));
  for (int i = 0; i < 19; ++i) harness.clock.Advance(absl::Hours(1));
  EXPECT_EQ(harness.wraps(), 1u);
  ASSERT_TRUE(harness.AdvanceUntil([&] { return harness.wraps() == 2; }, absl::Minutes(1)));
  ASSERT_TRUE(PollUntil([&] { return harness.hierarchy->Snapshot()->record != first.record; }));
  EXPECT_EQ(harness.hierarchy->Snapshot()->key_id, first.key_id);
  EXPECT_THAT(harness.Decrypt(first), IsOk());
}

TEST(LifetimeTest, PastItWithoutTheKmsEncryptFailsAndDecryptDoesNot) {
  HierarchyHarness harness;
  harness.options.local_kek_lifetime = absl::Hours(30);
  harness.Start();
  const Stored stored = harness.Encrypt("secret");
  harness.client->FailAll(absl::UnavailableError("away"));
  harness.clock.Advance(absl::Hours(30) - absl::Seconds(1));
  EXPECT_THAT(harness.hierarchy->Encrypt("x"), IsOk());
  harness.clock.Advance(absl::Seconds(1));
  EXPECT_THAT(harness.hierarchy->Encrypt("x"),
              StatusIs(absl::StatusCode::kUnavailable, HasSubstr("lifetime")));
  EXPECT_THAT(harness.hierarchy->Writable(), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_THAT(harness.Decrypt(stored), IsOk());
  harness.client->FailAll(absl::OkStatus());
  EXPECT_TRUE(harness.AdvanceUntil([&] { return harness.hierarchy->Writable().ok(); }, absl::Seconds(10)));
}

TEST(LifetimeTest, AClockSetBackDoesNotLengthenIt) {
  HierarchyHarness harness;
  harness.options.local_kek_lifetime = absl::Hours(30);
  harness.Start();
  harness.client->FailAll(absl::UnavailableError("away"));
  harness.clock.Advance(absl::Hours(29));
  harness.clock.JumpWall(-absl::Hours(1000));
  EXPECT_THAT(harness.hierarchy->Writable(), IsOk());
  harness.clock.Advance(absl::Hours(1));
  EXPECT_THAT(harness.hierarchy->Writable(), StatusIs(absl::StatusCode::kUnavailable));
}

TEST(LifetimeTest, ASuspendedMachineDoesNotLengthenIt) {
  HierarchyHarness harness;
  harness.options.local_kek_lifetime = absl::Hours(30);
  harness.Start();
  harness.client->FailAll(absl::UnavailableError("away"));
  harness.clock.Suspend(absl::Hours(31));
  EXPECT_THAT(harness.hierarchy->Writable(), StatusIs(absl::StatusCode::kUnavailable));
}

TEST(LifetimeTest, CountsAcrossARebootWhoseClockIsSetBack) {
  HierarchyHarness harness;
  harness.options.local_kek_lifetime = absl::Hours(30);
  harness.Start();
  const Stored old = harness.Encrypt("secret");
  harness.client->FailAll(absl::UnavailableError("away"));
  harness.clock.Advance(absl::Hours(31));
  // The clean stop writes the highest wall time seen.
  harness.hierarchy.reset();
  harness.client->FailAll(absl::OkStatus());
  harness.clock.SetBootId("boot-2");
  harness.clock.JumpWall(-absl::Hours(31));
  harness.Start();
  ASSERT_THAT(harness.observer.activated(), SizeIs(2));
  EXPECT_EQ(harness.observer.activated()[1].reason, "stored record unusable");
  EXPECT_NE(harness.hierarchy->Snapshot()->record, old.record);
  EXPECT_EQ(harness.hierarchy->Snapshot()->key_id, old.key_id);
  EXPECT_THAT(harness.Decrypt(old), IsOk());
}

TEST(LifetimeTest, AClockThatWasOnceFarAheadRenewsOnceAndNotAtEveryReboot) {
  constexpr absl::Duration kFar = absl::Hours(24 * 365 * 70);
  HierarchyHarness harness;
  harness.StartStepped();
  harness.clock.JumpWall(kFar);
  harness.RestartStepped();
  EXPECT_EQ(harness.wraps(), 1u);
  harness.clock.JumpWall(-kFar);
  for (const char* boot : {"boot-2", "boot-3", "boot-4"}) {
    harness.hierarchy.reset();
    harness.clock.SetBootId(boot);
    harness.clock.Advance(absl::Hours(1));
    harness.StartStepped();
    EXPECT_EQ(harness.wraps(), 2u) << boot;
  }
}

TEST(LifetimeTest, AClockSetBackBeforeARestartDoesNotLengthenIt) {
  HierarchyHarness harness;
  harness.options.local_kek_lifetime = absl::Hours(30);
  harness.Start();
  const Stored stored = harness.Encrypt("secret");
  harness.client->FailNext(Operation::kWrap, 10000, absl::UnavailableError("away"));
  harness.clock.Advance(absl::Hours(25));
  harness.clock.JumpWall(-absl::Hours(25));
  harness.Restart();
  ASSERT_EQ(harness.hierarchy->Snapshot()->record, stored.record);
  EXPECT_EQ(harness.hierarchy->State().active_expires, harness.clock.Wall() + absl::Hours(5));
  harness.clock.Advance(absl::Hours(5));
  EXPECT_THAT(harness.hierarchy->Writable(), StatusIs(absl::StatusCode::kUnavailable));
}

TEST(LifetimeTest, TheStateShowsWhenItEnds) {
  HierarchyHarness harness;
  harness.options.local_kek_lifetime = absl::Hours(30);
  harness.Start();
  harness.clock.Advance(absl::Hours(1));
  EXPECT_EQ(harness.hierarchy->State().active_expires, harness.clock.Wall() + absl::Hours(29));
}

TEST(UnwritableStateTest, AFirstStartUsesAKeyThatIsNeverStored) {
  HierarchyHarness harness;
  harness.files.FailWrites("/state");
  harness.Start();
  const Stored stored = harness.Encrypt("secret");
  EXPECT_FALSE(harness.hierarchy->Snapshot()->stored);
  EXPECT_EQ(harness.observer.state_problems()[0].first, "state");
  EXPECT_THAT(harness.hierarchy->State().key_id_history, ElementsAre(stored.key_id));
  EXPECT_THAT(harness.Decrypt(stored), IsOk());
}

TEST(UnwritableStateTest, TheKeyThatFailedToBeWrittenIsNotTheOneInUse) {
  HierarchyHarness harness;
  harness.files.FailWrites("/state");
  harness.Start();
  // One for the key that may be on the disk after all, one for the key in use.
  EXPECT_EQ(harness.wraps(), 2u);
}

TEST(UnwritableStateTest, OnceWritableAStoredKeyTakesOver) {
  HierarchyHarness harness;
  harness.files.FailWrites("/state");
  harness.Start();
  const Stored stored = harness.Encrypt("secret");
  harness.files.Heal();
  ASSERT_TRUE(harness.AdvanceUntil([&] { return harness.hierarchy->Snapshot()->stored; }, absl::Seconds(1)));
  EXPECT_EQ(harness.hierarchy->Snapshot()->key_id, stored.key_id);
  EXPECT_NE(harness.hierarchy->Snapshot()->record, stored.record);
  EXPECT_THAT(harness.Decrypt(stored), IsOk());
}

TEST(UnwritableStateTest, WhileItLastsTheKmsIsNotAskedAgain) {
  HierarchyHarness harness;
  harness.files.FailWrites("/state");
  harness.Start();
  ASSERT_TRUE(
      harness.AdvanceUntil([&] { return harness.observer.failures().size() >= 10; }, absl::Seconds(1)));
  EXPECT_EQ(harness.wraps(), 2u);
  EXPECT_EQ(harness.describes(), 1u);
}

TEST(UnwritableStateTest, AtARestartTheStoredRecordsUsesCannotBeReservedSoItIsNotUsed) {
  HierarchyHarness harness;
  harness.Start();
  const Stored old = harness.Encrypt("secret");
  harness.hierarchy.reset();
  harness.files.FailWrites("/state");
  harness.Start();
  EXPECT_FALSE(harness.hierarchy->Snapshot()->stored);
  EXPECT_EQ(harness.hierarchy->Snapshot()->key_id, old.key_id);
  EXPECT_NE(harness.hierarchy->Snapshot()->record, old.record);
  EXPECT_THAT(harness.Decrypt(old), IsOk());
}

TEST(UnwritableStateTest, ANewKeyIdIsNotAnnouncedThatARestartCouldFallBehind) {
  HierarchyHarness harness;
  harness.Start();
  const std::string old = harness.hierarchy->Snapshot()->key_id;
  harness.hierarchy.reset();
  harness.remote->Rotate();
  harness.files.FailWrites("/state");
  ASSERT_THAT(harness.Create(), IsOk());
  harness.hierarchy->Start();
  ASSERT_TRUE(
      harness.AdvanceUntil([&] { return harness.observer.failures().size() >= 3; }, absl::Seconds(1)));
  EXPECT_THAT(harness.hierarchy->Writable(), StatusIs(absl::StatusCode::kUnavailable));
  harness.files.Heal();
  ASSERT_TRUE(harness.AdvanceUntil([&] { return harness.hierarchy->Writable().ok(); }, absl::Seconds(1)));
  EXPECT_TRUE(
      harness.AdvanceUntil([&] { return harness.hierarchy->Snapshot()->key_id != old; }, absl::Seconds(1)));
}

TEST(UnwritableStateTest, AReservationThatFailsIsTriedAgainWithinTheBlock) {
  HierarchyHarness harness;
  harness.Start();
  harness.files.FailWrites("/state");
  Use(harness, kBlock / 2);
  ASSERT_TRUE(PollUntil([&] { return !harness.observer.state_problems().empty(); }));
  EXPECT_EQ(ReservedOnDisk(harness), kBlock);
  harness.files.Heal();
  EXPECT_TRUE(harness.AdvanceUntil([&] { return ReservedOnDisk(harness) == 2 * kBlock; }));
  EXPECT_EQ(harness.wraps(), 1u);
}

TEST(UnwritableStateTest, AReservationThatGoesOnFailingEndsInAKeyThatIsNeverStored) {
  HierarchyHarness harness;
  harness.Start();
  harness.files.FailWrites("/state");
  Use(harness, kBlock / 2);
  ASSERT_TRUE(PollUntil([&] { return !harness.observer.state_problems().empty(); }));
  Use(harness, kBlock / 4);
  ASSERT_TRUE(harness.AdvanceUntil([&] { return !harness.hierarchy->Snapshot()->stored; }));
  Use(harness, 10);
}

}  // namespace
}  // namespace signet
