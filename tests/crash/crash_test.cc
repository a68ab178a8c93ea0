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
    shared_run = new RecordedRun();
    ASSERT_THAT(shared_run->Record(), IsOk());
  }
  static void TearDownTestSuite() {
    delete shared_run;
    shared_run = nullptr;
  }

  static RecordedRun* shared_run;
};

RecordedRun* CrashTest::shared_run = nullptr;

TEST_F(CrashTest, TheRecordHoldsEveryChange) {
  DiskModel disk(shared_run->scenario().root());
  for (const Operation& operation : shared_run->everything()) ASSERT_THAT(disk.Apply(operation), IsOk());
  EXPECT_EQ(DescribeImage(disk.Current()), DescribeImage(ReadImage(shared_run->scenario().root())));
}

TEST_F(CrashTest, NoPowerCutBreaksAPromise) {
  const std::vector<RecordedRun::State> states = shared_run->States();
  const std::vector<std::string> messages = shared_run->Judge(states, /*first_only=*/false);
  std::cout << shared_run->timeline().operations << " operations, " << shared_run->timeline().enumerated
            << " crash states, " << states.size() << " of them unique, " << shared_run->daemon_starts()
            << " daemon starts, " << shared_run->scenario().tuples().size() << " objects, "
            << shared_run->scenario().key_ids().size() << " key_ids\n";
  // One broken promise shows in many states; the first ones say enough.
  const size_t shown = std::min<size_t>(messages.size(), 5);
  EXPECT_EQ(messages.size(), 0u) << absl::StrJoin(messages.begin(),
                                                  messages.begin() + static_cast<ptrdiff_t>(shown), "\n");
  // A run in which nothing could go wrong would prove nothing.
  EXPECT_GE(shared_run->daemon_starts(), 100u);
}

TEST_F(CrashTest, ForgettingAnySyncOfKeyringHistoryOrRecordIsNoticed) {
  const size_t starts_before = shared_run->daemon_starts();
  for (const SyncPoint& sync : shared_run->promising_syncs()) {
    ASSERT_OK_AND_ASSIGN(const Timeline timeline, shared_run->TimelineWithout(sync));
    const std::vector<RecordedRun::State> states = shared_run->NewStates(timeline);
    EXPECT_FALSE(shared_run->Judge(states, /*first_only=*/true).empty())
        << shared_run->scenario().expectations()[sync.mark].moment << ": without the sync of "
        << (sync.folder ? "folder \"" : "\"") << sync.target << "\" {" << absl::StrJoin(sync.names, ", ")
        << "} (operation " << sync.index << ") " << states.size()
        << " more states are legal, and all keep every promise";
  }
  std::cout << shared_run->promising_syncs().size() << " syncs forgotten one by one, "
            << shared_run->daemon_starts() - starts_before << " more daemon starts\n";
  EXPECT_GE(shared_run->promising_syncs().size(), 20u);
}

TEST_F(CrashTest, TornLockFilesStopNoDaemon) {
  const Image whole = ReadImage(shared_run->scenario().root());
  for (const std::string& content : {std::string(), std::string("12"), std::string(100, '\0')}) {
    Image image = whole;
    size_t locks = 0;
    for (auto& [path, entry] : image) {
      if (!IsLockFile(path)) continue;
      ++locks;
      entry.data = content;
    }
    EXPECT_GE(locks, 3u);
    const Scenario& scenario = shared_run->scenario();
    const Observation observation = Observe(image, scenario.root(), scenario.tuples(), /*start=*/true);
    EXPECT_THAT(Breaches(scenario.expectations().back(), observation, scenario.tuples(), scenario.key_ids()),
                IsEmpty());
  }
}

}  // namespace
}  // namespace signet::testing
