#include "tests/crash/disk_model.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "absl/strings/str_cat.h"
#include "tests/crash/crash_states.h"
#include "tests/testing/status_matchers.h"

namespace signet::testing {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Not;
using ::testing::UnorderedElementsAre;

// Replays calls of one process below /r.
class DiskModelTest : public ::testing::Test {
 protected:
  void Do(Operation operation) { ASSERT_THAT(disk_.Apply(operation), IsOk()) << operation.ToString(); }
  void Open(uint32_t fd, const std::string& path, uint32_t flags = O_CREAT) {
    Operation operation;
    operation.kind = OperationKind::kOpen;
    operation.descriptor = fd;
    operation.path = "/r" + path;
    operation.flags = flags;
    operation.mode = S_IFREG | 0600;
    Do(operation);
  }
  void Write(uint32_t fd, uint64_t offset, const std::string& data) {
    Operation operation;
    operation.kind = OperationKind::kWrite;
    operation.descriptor = fd;
    operation.offset = offset;
    operation.data = data;
    Do(operation);
  }
  void Sync(uint32_t fd) {
    Operation operation;
    operation.kind = OperationKind::kSync;
    operation.descriptor = fd;
    Do(operation);
  }
  void SyncFolder(const std::string& path) {
    Open(99, path, O_RDONLY | O_DIRECTORY);
    Sync(99);
  }
  void Path(OperationKind kind, const std::string& path, const std::string& other = "") {
    Operation operation;
    operation.kind = kind;
    operation.path = "/r" + path;
    operation.other = "/r" + other;
    operation.mode = 0700;
    Do(operation);
  }

  // Each state as "path=content", folders as "path/".
  std::set<std::string> States() {
    std::set<std::string> states;
    for (const Image& image : CrashStates(disk_)) {
      std::string text;
      for (const auto& [path, entry] : image) {
        absl::StrAppend(&text, text.empty() ? "" : " ", path, entry.folder ? "/" : "=", entry.data);
      }
      states.insert(text);
    }
    return states;
  }

  DiskModel disk_{"/r"};
};

TEST_F(DiskModelTest, StartsEmptyAndCertain) { EXPECT_THAT(States(), ElementsAre("")); }

TEST_F(DiskModelTest, AFileSyncDoesNotKeepTheName) {
  Open(3, "/a");
  Write(3, 0, "x");
  Sync(3);
  EXPECT_THAT(States(), UnorderedElementsAre("", "a=x"));
}

TEST_F(DiskModelTest, AFolderSyncDoesNotKeepTheData) {
  Open(3, "/a");
  Write(3, 0, "x");
  SyncFolder("");
  EXPECT_THAT(States(), UnorderedElementsAre("a=", "a=x", absl::StrCat("a=", std::string(1, '\0'))));
}

TEST_F(DiskModelTest, BothSyncsKeepTheFile) {
  Open(3, "/a");
  Write(3, 0, "x");
  Sync(3);
  SyncFolder("");
  EXPECT_THAT(States(), ElementsAre("a=x"));
}

TEST_F(DiskModelTest, ARenameIsWholeOrNotAtAll) {
  Open(3, "/a");
  Write(3, 0, "x");
  Sync(3);
  SyncFolder("");
  Path(OperationKind::kRename, "/a", "/b");
  EXPECT_THAT(States(), UnorderedElementsAre("a=x", "b=x"));
  SyncFolder("");
  EXPECT_THAT(States(), ElementsAre("b=x"));
}

TEST_F(DiskModelTest, ARenameBetweenFoldersIsCertainWhenEitherIsSynced) {
  Path(OperationKind::kMakeFolder, "/d");
  Open(3, "/a");
  SyncFolder("");
  Path(OperationKind::kRename, "/a", "/d/b");
  SyncFolder("/d");
  EXPECT_THAT(States(), ElementsAre("d/ d/b="));
}

TEST_F(DiskModelTest, ALostFolderTakesWhatIsInItAlong) {
  Path(OperationKind::kMakeFolder, "/d");
  Open(3, "/d/a");
  Write(3, 0, "x");
  Sync(3);
  SyncFolder("/d");
  EXPECT_THAT(States(), UnorderedElementsAre("", "d/ d/a=x"));
  SyncFolder("");
  EXPECT_THAT(States(), ElementsAre("d/ d/a=x"));
}

TEST_F(DiskModelTest, NamesAreLostInAnyOrder) {
  Open(3, "/a");
  Open(4, "/b");
  EXPECT_THAT(States(), UnorderedElementsAre("", "a=", "b=", "a= b="));
}

TEST_F(DiskModelTest, ManyNamesAreLostByPrefixAloneAndOneMissing) {
  for (uint32_t i = 0; i < 6; ++i) Open(3 + i, absl::StrCat("/", i));
  const std::set<std::string> states = States();
  EXPECT_THAT(states, AllOf(Contains("0= 1= 2="), Contains("4="), Contains("0= 1= 3= 4= 5="),
                            Not(Contains("1= 3="))));
}

TEST_F(DiskModelTest, AnUnlinkMayBeUndone) {
  Open(3, "/a");
  SyncFolder("");
  Path(OperationKind::kUnlink, "/a");
  EXPECT_THAT(States(), UnorderedElementsAre("", "a="));
  SyncFolder("");
  EXPECT_THAT(States(), ElementsAre(""));
}

TEST_F(DiskModelTest, ALinkIsASecondNameOfTheSameData) {
  Open(3, "/a");
  Path(OperationKind::kLink, "/a", "/b");
  Write(3, 0, "x");
  Sync(3);
  SyncFolder("");
  EXPECT_THAT(States(), ElementsAre("a=x b=x"));
}

TEST_F(DiskModelTest, TruncationAtOpenMayBeLost) {
  Open(3, "/a");
  Write(3, 0, "old");
  Sync(3);
  SyncFolder("");
  Open(4, "/a", O_TRUNC);
  EXPECT_THAT(States(), UnorderedElementsAre("a=old", "a="));
}

TEST_F(DiskModelTest, WritesOfOneFileAreLostInAnyOrder) {
  Open(3, "/a");
  SyncFolder("");
  Write(3, 0, "1");
  Write(3, 1, "2");
  EXPECT_THAT(States(), AllOf(Contains("a="), Contains("a=1"), Contains("a=12"),
                              Contains(absl::StrCat("a=", std::string("\0002", 2)))));
}

TEST_F(DiskModelTest, AModeIsCertainOnceTheFileIsSynced) {
  Open(3, "/a");
  SyncFolder("");
  Operation operation;
  operation.kind = OperationKind::kChangeMode;
  operation.descriptor = 3;
  operation.mode = 0640;
  Do(operation);
  std::set<mode_t> modes;
  for (const Image& image : CrashStates(disk_)) modes.insert(image.at("a").mode);
  EXPECT_THAT(modes, UnorderedElementsAre(0600u, 0640u));
  Sync(3);
  modes.clear();
  for (const Image& image : CrashStates(disk_)) modes.insert(image.at("a").mode);
  EXPECT_THAT(modes, ElementsAre(0640u));
}

TEST_F(DiskModelTest, SaysWhatASyncMakesDurable) {
  Path(OperationKind::kMakeFolder, "/d");
  Open(3, "/d/a");
  Write(3, 0, "x");
  Operation operation;
  operation.kind = OperationKind::kSync;
  operation.descriptor = 3;
  auto effect = disk_.EffectOf(operation);
  ASSERT_TRUE(effect.has_value());
  EXPECT_EQ(effect->target, "d/a");
  EXPECT_TRUE(effect->data);
  EXPECT_FALSE(effect->folder);
  Open(4, "", O_DIRECTORY);
  operation.descriptor = 4;
  effect = disk_.EffectOf(operation);
  ASSERT_TRUE(effect.has_value());
  EXPECT_EQ(effect->target, "");
  EXPECT_TRUE(effect->folder);
  EXPECT_THAT(effect->names, ElementsAre("d"));
}

TEST_F(DiskModelTest, RefusesWhatDoesNotFit) {
  Operation operation;
  operation.kind = OperationKind::kSync;
  operation.descriptor = 3;
  EXPECT_THAT(disk_.Apply(operation), StatusIs(absl::StatusCode::kInvalidArgument));
  operation.kind = OperationKind::kUnlink;
  operation.path = "/r/a";
  EXPECT_THAT(disk_.Apply(operation), StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST(FileVariantsTest, TearATornWriteInEveryWay) {
  Node node;
  node.durable = {.folder = false, .mode = 0600, .data = ""};
  DataChange write;
  write.data = "abcdef";
  node.pending.push_back(write);
  std::set<std::string> contents;
  for (const ImageEntry& entry : FileVariants(node)) contents.insert(entry.data);
  const std::string zeros(3, '\0');
  EXPECT_THAT(contents, UnorderedElementsAre("", "a", "abc", "abcde", "abcdef", zeros + zeros, "abc" + zeros,
                                             zeros + "def"));
}

}  // namespace
}  // namespace signet::testing
