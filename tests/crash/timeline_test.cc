#include "tests/crash/timeline.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/testing/status_matchers.h"

namespace signet::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

Operation Call(OperationKind kind, uint32_t descriptor, const std::string& path = "", uint32_t flags = 0) {
  Operation operation;
  operation.kind = kind;
  operation.descriptor = descriptor;
  operation.path = path;
  operation.flags = flags;
  operation.mode = 0600;
  return operation;
}

Operation MarkCall(uint64_t number) {
  Operation operation;
  operation.kind = OperationKind::kMark;
  operation.offset = number;
  return operation;
}

// Mark 1, a file made and its folder synced, mark 2.
std::vector<Operation> OneFile() {
  return {MarkCall(1), Call(OperationKind::kOpen, 3, "/r/a", O_CREAT),
          Call(OperationKind::kOpen, 4, "/r", O_DIRECTORY), Call(OperationKind::kSync, 4), MarkCall(2)};
}

std::map<bool, std::set<size_t>> MarksByPresence(const Timeline& timeline) {
  std::map<bool, std::set<size_t>> marks;
  for (const auto& [hash, state] : timeline.states) marks[state.image.count("a") != 0] = state.marks;
  return marks;
}

TEST(TimelineTest, AStateBindsTheMarksUnderWhichItIsLegal) {
  ASSERT_OK_AND_ASSIGN(const Timeline timeline, BuildTimeline("/r", OneFile()));
  EXPECT_THAT(MarksByPresence(timeline),
              UnorderedElementsAre(Pair(false, ElementsAre(0, 1)), Pair(true, ElementsAre(1, 2))));
  EXPECT_THAT(timeline.end, SizeIs(1));
  EXPECT_EQ(timeline.operations, 3u);
}

TEST(TimelineTest, AForgottenSyncLetsTheOldStateLiveOn) {
  ASSERT_OK_AND_ASSIGN(const Timeline timeline, BuildTimeline("/r", OneFile(), {3}));
  EXPECT_THAT(MarksByPresence(timeline),
              UnorderedElementsAre(Pair(false, ElementsAre(0, 1, 2)), Pair(true, ElementsAre(1, 2))));
}

TEST(TimelineTest, FindsSyncsThatMakeSomethingDurable) {
  std::vector<Operation> operations = OneFile();
  operations.push_back(Call(OperationKind::kSync, 4));
  ASSERT_OK_AND_ASSIGN(const std::vector<SyncPoint> syncs, FindSyncs("/r", operations));
  ASSERT_THAT(syncs, SizeIs(1));
  EXPECT_EQ(syncs[0].index, 3u);
  EXPECT_EQ(syncs[0].mark, 1u);
  EXPECT_TRUE(syncs[0].folder);
  EXPECT_THAT(syncs[0].names, ElementsAre("a"));
}

TEST(TimelineTest, SaysWhichOperationDoesNotFit) {
  EXPECT_THAT(BuildTimeline("/r", {MarkCall(1), Call(OperationKind::kSync, 9)}),
              StatusIs(absl::StatusCode::kInvalidArgument, ::testing::HasSubstr("operation 1")));
}

}  // namespace
}  // namespace signet::testing
