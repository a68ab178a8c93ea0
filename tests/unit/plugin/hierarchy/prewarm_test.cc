#include "plugin/hierarchy/prewarm.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "plugin/hierarchy/journal.h"
#include "tests/testing/hierarchy_harness.h"
#include "tests/testing/poll.h"
#include "tests/testing/status_matchers.h"

namespace signet {
namespace {

using ::testing::ElementsAre;
using testing::FakeKmsClient;
using testing::HierarchyHarness;
using testing::IsOk;
using testing::PollUntil;
using ::testing::SizeIs;
using testing::Stored;
using Operation = FakeKmsClient::Operation;

class PrewarmTest : public ::testing::Test {
 protected:
  // Meets `count` records, oldest first, and ends the process.
  std::vector<Stored> MeetAndStop(size_t count) {
    harness_.Start();
    std::vector<Stored> met;
    for (size_t i = 0; i < count; ++i) {
      met.push_back(harness_.ForeignTuple("secret"));
      EXPECT_THAT(harness_.Decrypt(met.back()), IsOk());
    }
    harness_.hierarchy.reset();
    return met;
  }
  bool Prewarmed() {
    return harness_.AdvanceUntil([&] { return !harness_.observer.prewarmed().empty(); }, Prewarm::kInterval);
  }
  // Forgets what the process before this one reported.
  void StartAgain() {
    first_reports_ = harness_.observer.prewarmed().size();
    harness_.Start();
  }
  bool PrewarmedAgain() {
    return harness_.AdvanceUntil([&] { return harness_.observer.prewarmed().size() > first_reports_; },
                                 Prewarm::kInterval);
  }

  HierarchyHarness harness_;
  size_t first_reports_ = 0;
};

TEST_F(PrewarmTest, RecordsMetBeforeARestartOpenWithoutARemoteCallAfterIt) {
  const std::vector<Stored> met = MeetAndStop(5);
  StartAgain();
  ASSERT_TRUE(PrewarmedAgain());
  EXPECT_EQ(harness_.observer.prewarmed().back(), std::make_pair(size_t{5}, size_t{0}));
  const size_t before = harness_.unwraps();
  for (const Stored& stored : met) EXPECT_THAT(harness_.Decrypt(stored), IsOk());
  EXPECT_EQ(harness_.unwraps(), before);
}

TEST_F(PrewarmTest, TheNewestAreReadFirstAndTheJournalKeepsItsOrder) {
  const std::vector<Stored> met = MeetAndStop(3);
  const auto journal = [&] {
    return DecodeJournal(
               PosixDurableFiles().Read(harness_.directory.File("journal"), {1 << 20, true}).value())
        .value();
  };
  const std::vector<std::string> before = journal();
  ASSERT_THAT(before, SizeIs(4));
  EXPECT_EQ(before.back(), met.back().record);
  StartAgain();
  ASSERT_TRUE(PrewarmedAgain());
  // What comes after it must not be taken for older than what was only read ahead.
  const Stored newest = harness_.ForeignTuple();
  ASSERT_THAT(harness_.Decrypt(newest), IsOk());
  harness_.hierarchy.reset();
  std::vector<std::string> expected = before;
  expected.push_back(newest.record);
  // The active key's own record was read as well, at activation.
  EXPECT_THAT(journal(), ::testing::UnorderedElementsAreArray(expected));
  EXPECT_EQ(journal().back(), newest.record);
  std::vector<std::string> order = journal();
  order.erase(std::remove(order.begin(), order.end(), before.front()), order.end());
  EXPECT_THAT(order, ElementsAre(met[0].record, met[1].record, met[2].record, newest.record));
}

TEST_F(PrewarmTest, ASmallCacheIsFilledWithTheNewest) {
  const std::vector<Stored> met = MeetAndStop(3);
  harness_.options.cached_local_keks = 2;
  StartAgain();
  ASSERT_TRUE(PrewarmedAgain());
  const size_t unwraps = harness_.unwraps();
  EXPECT_THAT(harness_.Decrypt(met[2]), IsOk());
  EXPECT_THAT(harness_.Decrypt(met[1]), IsOk());
  EXPECT_EQ(harness_.unwraps(), unwraps);
  EXPECT_THAT(harness_.Decrypt(met[0]), IsOk());
  EXPECT_EQ(harness_.unwraps(), unwraps + 1);
}

TEST_F(PrewarmTest, GoesNoFasterThanItsRate) {
  MeetAndStop(5);
  StartAgain();
  // The first is read at once, beside the active key; each of the four others waits for its turn.
  ASSERT_TRUE(PollUntil([&] { return harness_.hierarchy->State().cached_local_keks == 2; }));
  const MonotonicTime start = harness_.clock.Monotonic();
  ASSERT_TRUE(harness_.AdvanceUntil([&] { return harness_.hierarchy->State().cached_local_keks == 6; },
                                    absl::Milliseconds(1)));
  EXPECT_GE(harness_.clock.Monotonic() - start, 4 * Prewarm::kInterval);
}

TEST_F(PrewarmTest, YieldsToCallersThatWaitForAWorker) {
  harness_.options.remote_workers = 1;
  auto busy_key = std::make_shared<testing::FakeRemoteKey>("busy");
  auto busy = std::make_shared<FakeKmsClient>(busy_key, harness_.clock);
  harness_.providers.push_back({"busy", busy});
  MeetAndStop(2);
  const Stored first = harness_.ForeignTuple("x", "", busy_key);
  const Stored second = harness_.ForeignTuple("x", "", busy_key);
  first_reports_ = harness_.observer.prewarmed().size();
  busy->Hang(Operation::kUnwrap);
  harness_.client->Hang(Operation::kUnwrap);
  ASSERT_THAT(harness_.Create(), IsOk());
  harness_.hierarchy->Start();
  // The worker hangs with the first caller's record, the second waits behind it; only then a key is found and
  // reading ahead begins.
  testing::Answer one, two;
  harness_.hierarchy->Decrypt(HierarchyHarness::Input(first), one.callback());
  ASSERT_TRUE(PollUntil([&] { return busy->blocked() == 1; }));
  harness_.hierarchy->Decrypt(HierarchyHarness::Input(second), two.callback());
  harness_.client->Release(Operation::kUnwrap);
  ASSERT_TRUE(PollUntil([&] { return harness_.hierarchy->Writable().ok(); }));
  const size_t before = harness_.unwraps();
  for (int i = 0; i < 20; ++i) {
    harness_.clock.Advance(Prewarm::kInterval);
    // Until the timer and the hanging call sleep again.
    ASSERT_TRUE(PollUntil([&] { return harness_.clock.waiters() >= 2; }));
  }
  EXPECT_EQ(harness_.unwraps(), before);
  busy->Release(Operation::kUnwrap);
  EXPECT_THAT(one.Wait(), IsOk());
  EXPECT_THAT(two.Wait(), IsOk());
  ASSERT_TRUE(PrewarmedAgain());
  EXPECT_EQ(harness_.unwraps(), before + 2);
}

TEST_F(PrewarmTest, WaitsForAKmsThatIsAwayAndThenGoesOn) {
  const std::vector<Stored> met = MeetAndStop(3);
  StartAgain();
  harness_.client->FailNext(Operation::kUnwrap, 5, absl::UnavailableError("away"));
  ASSERT_TRUE(harness_.AdvanceUntil([&] { return harness_.observer.prewarmed().size() > first_reports_; },
                                    absl::Milliseconds(200)));
  EXPECT_EQ(harness_.observer.prewarmed().back().second, 0u);
  const size_t before = harness_.unwraps();
  for (const Stored& stored : met) EXPECT_THAT(harness_.Decrypt(stored), IsOk());
  EXPECT_EQ(harness_.unwraps(), before);
}

TEST_F(PrewarmTest, ARecordThatNoLongerOpensIsCountedAndPassedOver) {
  MeetAndStop(2);
  harness_.options.cluster_id = "cluster-2";
  StartAgain();
  ASSERT_TRUE(PrewarmedAgain());
  EXPECT_EQ(harness_.observer.prewarmed().back(), std::make_pair(size_t{0}, size_t{3}));
}

TEST_F(PrewarmTest, FailuresOfOldRecordsTakeNoTriesFromCallers) {
  MeetAndStop(120);
  harness_.options.cluster_id = "cluster-2";
  StartAgain();
  ASSERT_TRUE(PrewarmedAgain());
  EXPECT_THAT(harness_.Decrypt(harness_.ForeignTuple()), IsOk());
}

TEST_F(PrewarmTest, ATornJournalIsReportedAndDropped) {
  MeetAndStop(2);
  auto files = harness_.SaveDirectory();
  for (auto& [name, bytes] : files) {
    if (name == "journal") bytes.resize(bytes.size() / 2);
  }
  harness_.RestoreDirectory(files);
  StartAgain();
  ASSERT_THAT(harness_.observer.state_problems(), SizeIs(1));
  EXPECT_EQ(harness_.observer.state_problems()[0].first, "journal");
  ASSERT_TRUE(PrewarmedAgain());
  EXPECT_EQ(harness_.observer.prewarmed().back(), std::make_pair(size_t{0}, size_t{0}));
}

TEST_F(PrewarmTest, TheJournalIsWrittenAtMostEveryTenSecondsOffTheRequestPath) {
  harness_.Start();
  ASSERT_TRUE(Prewarmed());
  const size_t before = harness_.files.writes("/journal");
  for (int i = 0; i < 20; ++i) ASSERT_THAT(harness_.Decrypt(harness_.ForeignTuple()), IsOk());
  EXPECT_EQ(harness_.files.writes("/journal"), before);
  ASSERT_TRUE(harness_.AdvanceUntil([&] { return harness_.files.writes("/journal") == before + 1; },
                                    absl::Seconds(1)));
}

TEST_F(PrewarmTest, AJournalThatCannotBeWrittenIsReportedAndHoldsNothingUp) {
  harness_.files.FailWrites("/journal");
  harness_.Start();
  EXPECT_THAT(harness_.Decrypt(harness_.ForeignTuple()), IsOk());
  ASSERT_TRUE(
      harness_.AdvanceUntil([&] { return !harness_.observer.state_problems().empty(); }, absl::Seconds(1)));
  EXPECT_EQ(harness_.observer.state_problems()[0].first, "journal");
  EXPECT_THAT(harness_.hierarchy->Writable(), IsOk());
}

}  // namespace
}  // namespace signet
