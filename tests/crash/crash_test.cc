// Nothing lost: the real programs live a node's life under the recorder; then the real daemon is started on
// every disk that a power cut could have left, and must keep every promise made before the cut. And the other
// way round: were any one fsync of keyring, history or record missing, this test would notice.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <iostream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "tests/crash/disk_model.h"
#include "tests/crash/node.h"
#include "tests/crash/recorded_run.h"
#include "tests/testing/status_matchers.h"

namespace signet::testing {
namespace {

using ::testing::IsEmpty;

class CrashTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    run_ = new RecordedRun();
    ASSERT_THAT(run_->Record(), IsOk());
  }
  static void TearDownTestSuite() {
    delete run_;
    run_ = nullptr;
  }

  static RecordedRun* run_;
};

RecordedRun* CrashTest::run_ = nullptr;

TEST_F(CrashTest, TheRecordHoldsEveryChange) {
  DiskModel disk(run_->scenario().root());
  for (const Operation& operation : run_->everything()) ASSERT_THAT(disk.Apply(operation), IsOk());
  EXPECT_EQ(DescribeImage(disk.Current()), DescribeImage(ReadImage(run_->scenario().root())));
}

TEST_F(CrashTest, NoPowerCutBreaksAPromise) {
  const std::vector<RecordedRun::State> states = run_->States();
  const std::vector<std::string> messages = run_->Judge(states, /*first_only=*/false);
  std::cout << run_->timeline().operations << " operations, " << run_->timeline().enumerated
            << " crash states, " << states.size() << " of them unique, " << run_->daemon_starts()
            << " daemon starts, " << run_->scenario().tuples().size() << " objects, "
            << run_->scenario().key_ids().size() << " key_ids\n";
  // One broken promise shows in many states; the first ones say enough.
  const size_t shown = std::min<size_t>(messages.size(), 5);
  EXPECT_EQ(messages.size(), 0u) << absl::StrJoin(messages.begin(),
                                                  messages.begin() + static_cast<ptrdiff_t>(shown), "\n");
  // A run in which nothing could go wrong would prove nothing.
  EXPECT_GE(run_->daemon_starts(), 100u);
}

TEST_F(CrashTest, ForgettingAnySyncOfKeyringHistoryOrRecordIsNoticed) {
  const size_t starts_before = run_->daemon_starts();
  for (const SyncPoint& sync : run_->promising_syncs()) {
    ASSERT_OK_AND_ASSIGN(const Timeline timeline, run_->TimelineWithout(sync));
    const std::vector<RecordedRun::State> states = run_->NewStates(timeline);
    EXPECT_FALSE(run_->Judge(states, /*first_only=*/true).empty())
        << run_->scenario().expectations()[sync.mark].moment << ": without the sync of "
        << (sync.folder ? "folder \"" : "\"") << sync.target << "\" {" << absl::StrJoin(sync.names, ", ")
        << "} (operation " << sync.index << ") " << states.size()
        << " more states are legal, and all keep every promise";
  }
  std::cout << run_->promising_syncs().size() << " syncs forgotten one by one, "
            << run_->daemon_starts() - starts_before << " more daemon starts\n";
  EXPECT_GE(run_->promising_syncs().size(), 20u);
}

TEST_F(CrashTest, TornLockFilesStopNoDaemon) {
  const Image whole = ReadImage(run_->scenario().root());
  for (const std::string& content : {std::string(), std::string("12"), std::string(100, '\0')}) {
    Image image = whole;
    size_t locks = 0;
    for (auto& [path, entry] : image) {
      if (!IsLockFile(path)) continue;
      ++locks;
      entry.data = content;
    }
    EXPECT_GE(locks, 3u);
    const Scenario& scenario = run_->scenario();
    const Observation observation = Observe(image, scenario.root(), scenario.tuples(), /*start=*/true);
    EXPECT_THAT(Breaches(scenario.expectations().back(), observation, scenario.tuples(), scenario.key_ids()),
                IsEmpty());
  }
}

}  // namespace
}  // namespace signet::testing
