// The recorder, the model and the enumerator together, on a program small enough to know its crash states.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <set>
#include <string>

#include "tests/crash/crash_states.h"
#include "tests/crash/disk_model.h"
#include "tests/crash/operation_log.h"
#include "tests/testing/paths.h"
#include "tests/testing/process.h"
#include "tests/testing/status_matchers.h"
#include "tests/testing/temp_dir.h"

namespace signet::testing {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

class RecorderTest : public ::testing::Test {
 protected:
  void Write(const std::string& content, const std::string& care) {
    const ProcessResult result =
        RunProcess({.arguments = {ProgramPath("crash_toy_writer"), root_.path(), "key", content, care},
                    .environment = {"LD_PRELOAD=" + ProgramPath("libcrash_recorder.so"),
                                    "SIGNET_RECORD_ROOT=" + root_.path(), "SIGNET_RECORD_LOG=" + log()}});
    ASSERT_EQ(result.exit_code, 0) << result.errors;
  }

  DiskModel Replay() {
    DiskModel disk(root_.path());
    const auto operations = ReadOperationLog(log());
    EXPECT_THAT(operations, IsOk());
    if (!operations.ok()) return disk;
    for (const Operation& operation : *operations) EXPECT_THAT(disk.Apply(operation), IsOk());
    return disk;
  }

  // The contents that "key" may have after a power cut now; "(none)" where it is missing.
  std::set<std::string> Contents() {
    std::set<std::string> contents;
    for (const Image& image : CrashStates(Replay())) {
      const auto found = image.find("key");
      contents.insert(found == image.end() ? "(none)" : found->second.data);
    }
    return contents;
  }

  // The contents that "key" may have after a power cut at any moment of `write`.
  std::set<std::string> ContentsWhile(const std::function<void()>& write) {
    const auto before = ReadOperationLog(log());
    write();
    const auto operations = ReadOperationLog(log());
    EXPECT_THAT(before, IsOk());
    EXPECT_THAT(operations, IsOk());
    std::set<std::string> contents;
    if (!before.ok() || !operations.ok()) return contents;
    DiskModel disk(root_.path());
    for (size_t i = 0; i < operations->size(); ++i) {
      EXPECT_THAT(disk.Apply((*operations)[i]), IsOk());
      if (i + 1 < before->size()) continue;
      for (const Image& image : CrashStates(disk)) contents.insert(image.at("key").data);
    }
    return contents;
  }

  std::string log() const { return log_folder_.File("log"); }

  TempDir root_;
  TempDir log_folder_;
};

TEST_F(RecorderTest, RebuildsTheFilesFromTheLog) {
  Write("first content", "careful");
  Write("second", "in-place");
  const Image image = Replay().Current();
  EXPECT_EQ(image, ReadImage(root_.path()));
  EXPECT_THAT(image, ElementsAre(std::pair("key", ImageEntry{false, 0600, "second"})));
}

TEST_F(RecorderTest, ACarefulProgramLosesNothingThatItPromised) {
  Write("old", "careful");
  EXPECT_THAT(Contents(), ElementsAre("old"));
  Write("new", "careful");
  EXPECT_THAT(Contents(), ElementsAre("new"));
}

TEST_F(RecorderTest, ACarefulProgramHasOldOrNewContentAtEveryMoment) {
  Write("old", "careful");
  ASSERT_OK_AND_ASSIGN(const auto before, ReadOperationLog(log()));
  Write("new", "careful");
  ASSERT_OK_AND_ASSIGN(const auto operations, ReadOperationLog(log()));
  DiskModel disk(root_.path());
  std::set<std::string> contents;
  std::set<std::string> leftovers;
  for (size_t i = 0; i < operations.size(); ++i) {
    ASSERT_THAT(disk.Apply(operations[i]), IsOk());
    if (i + 1 < before.size()) continue;
    for (const Image& image : CrashStates(disk)) {
      contents.insert(image.at("key").data);
      if (image.count("key.tmp") != 0) leftovers.insert(image.at("key.tmp").data);
    }
  }
  EXPECT_THAT(contents, UnorderedElementsAre("old", "new"));
  // Whole, torn, empty and zeroed, so the moments in between were looked at.
  EXPECT_THAT(leftovers, ::testing::IsSupersetOf({std::string(""), std::string("n"), std::string("ne"),
                                                  std::string("new"), std::string(3, '\0')}));
}

// The product's own writer, on which keyring, state file and journal rest.
TEST_F(RecorderTest, DurableFilesHaveOldOrNewContentAtEveryMomentAndTheNewOneAfterwards) {
  Write("old", "product");
  EXPECT_THAT(Contents(), ElementsAre("old"));
  EXPECT_THAT(ContentsWhile([this] { Write("new", "product"); }), UnorderedElementsAre("old", "new"));
  EXPECT_THAT(Contents(), ElementsAre("new"));
}

TEST_F(RecorderTest, FindsTheEmptyAndTheTornFileOfAProgramThatDoesNotSyncIt) {
  Write("old", "careful");
  Write("new", "no-file-sync");
  EXPECT_THAT(Contents(), Contains(""));
  EXPECT_THAT(Contents(), Contains("ne"));
  EXPECT_THAT(Contents(), Contains(std::string(3, '\0')));
}

TEST_F(RecorderTest, FindsTheOldFileOfAProgramThatDoesNotSyncTheFolder) {
  Write("old", "careful");
  Write("new", "no-folder-sync");
  EXPECT_THAT(Contents(), UnorderedElementsAre("old", "new"));
}

TEST_F(RecorderTest, FindsTheMissingFileOfAProgramThatDoesNotSyncTheFolder) {
  Write("new", "no-folder-sync");
  EXPECT_THAT(Contents(), UnorderedElementsAre("(none)", "new"));
}

TEST_F(RecorderTest, LeavesFilesElsewhereAlone) {
  TempDir elsewhere;
  const ProcessResult result =
      RunProcess({.arguments = {ProgramPath("crash_toy_writer"), elsewhere.path(), "key", "a", "careful"},
                  .environment = {"LD_PRELOAD=" + ProgramPath("libcrash_recorder.so"),
                                  "SIGNET_RECORD_ROOT=" + root_.path(), "SIGNET_RECORD_LOG=" + log()}});
  ASSERT_EQ(result.exit_code, 0);
  EXPECT_THAT(ReadOperationLog(log()), IsOk());
  EXPECT_THAT(*ReadOperationLog(log()), SizeIs(0));
}

TEST_F(RecorderTest, KeepsMarksInTheirPlace) {
  Write("old", "careful");
  ASSERT_THAT(AppendMark(log(), 7), IsOk());
  ASSERT_OK_AND_ASSIGN(const auto operations, ReadOperationLog(log()));
  ASSERT_THAT(operations, SizeIs(::testing::Gt(1u)));
  EXPECT_EQ(operations.back().kind, OperationKind::kMark);
  EXPECT_EQ(operations.back().offset, 7u);
}

}  // namespace
}  // namespace signet::testing
