#include "plugin/hierarchy/state_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>

#include "plugin/hierarchy/directory_lock.h"
#include "plugin/hierarchy/framed_file.h"
#include "tests/testing/hierarchy_harness.h"
#include "tests/testing/status_matchers.h"

namespace signet {
namespace {

using testing::FakeClock;
using testing::FaultyFiles;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::IsOk;
using testing::RecordingObserver;
using ::testing::SizeIs;
using testing::StatusIs;
using testing::TempDir;

PersistentState Current(const StateStore& store) {
  const StateView state = store.Current();
  return *state;
}

template <typename View>
concept CanBeLookedInto = requires(View&& view) {
  std::forward<View>(view)->history;
};
static_assert(CanBeLookedInto<const StateView&>);
static_assert(!CanBeLookedInto<StateView>, "a view that nobody holds is gone before the reference into it");

class StateStoreTest : public ::testing::Test {
 protected:
  absl::StatusOr<std::unique_ptr<StateStore>> Open() {
    return StateStore::Open(directory_.path(), clock_, files_, observer_);
  }
  void WriteFile(const std::string& bytes) {
    std::ofstream(directory_.File("state"), std::ios::binary) << bytes;
    ::chmod(directory_.File("state").c_str(), 0600);
  }
  std::vector<std::string> FilesThere() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(directory_.path())) {
      names.push_back(entry.path().filename().string());
    }
    return names;
  }
  static bool Announce(PersistentState& state, const std::string& key_id) {
    AnnouncedKey key;
    key.key_id = key_id;
    state.history.Append(key);
    return true;
  }

  TempDir directory_;
  FakeClock clock_;
  FaultyFiles files_;
  RecordingObserver observer_;
};

TEST_F(StateStoreTest, WhatWasUpdatedIsThereAfterAReopen) {
  {
    ASSERT_OK_AND_ASSIGN(const auto store, Open());
    ASSERT_THAT(store->Update([](PersistentState& state) { return Announce(state, "a"); }), IsOk());
    EXPECT_EQ(Current(*store).history.newest().key_id, "a");
  }
  ASSERT_OK_AND_ASSIGN(const auto store, Open());
  EXPECT_EQ(Current(*store).history.newest().key_id, "a");
  EXPECT_THAT(observer_.state_problems(), IsEmpty());
}

TEST_F(StateStoreTest, AFailedUpdateShowsTheOldState) {
  ASSERT_OK_AND_ASSIGN(const auto store, Open());
  files_.FailWrites("state");
  EXPECT_THAT(store->Update([](PersistentState& state) { return Announce(state, "a"); }),
              StatusIs(absl::StatusCode::kResourceExhausted));
  EXPECT_TRUE(Current(*store).history.empty());
  files_.Heal();
  EXPECT_THAT(store->Update([](PersistentState& state) { return Announce(state, "b"); }), IsOk());
  EXPECT_THAT(Current(*store).history.entries(), SizeIs(1));
}

TEST_F(StateStoreTest, AnUpdateThatChangesNothingIsNotWritten) {
  ASSERT_OK_AND_ASSIGN(const auto store, Open());
  EXPECT_THAT(store->Update([](PersistentState&) { return false; }), IsOk());
  EXPECT_EQ(files_.writes("state"), 0u);
}

TEST_F(StateStoreTest, UpdatesOfManyThreadsAllCount) {
  ASSERT_OK_AND_ASSIGN(const auto store, Open());
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&store] {
      for (int i = 0; i < 10; ++i) {
        EXPECT_THAT(store->Update([](PersistentState& state) { return Announce(state, "k"); }), IsOk());
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_THAT(Current(*store).history.entries(), SizeIs(40));
}

TEST_F(StateStoreTest, RemembersTheHighestWallTimeThoughTheClockIsSetBack) {
  ASSERT_OK_AND_ASSIGN(const auto store, Open());
  const absl::Time before = clock_.Wall();
  ASSERT_THAT(store->Update([](PersistentState&) { return true; }), IsOk());
  clock_.JumpWall(-absl::Hours(24));
  ASSERT_THAT(store->Update([](PersistentState&) { return true; }), IsOk());
  EXPECT_EQ(Current(*store).last_write.node_time, before);
}

TEST_F(StateStoreTest, ATornFileIsSetAsideAndReported) {
  WriteFile("SGNTSTAT torn");
  ASSERT_OK_AND_ASSIGN(const auto store, Open());
  EXPECT_TRUE(Current(*store).history.empty());
  ASSERT_THAT(observer_.state_problems(), SizeIs(1));
  EXPECT_EQ(observer_.state_problems()[0].first, "state");
  EXPECT_THAT(std::string(observer_.state_problems()[0].second.message()),
              HasSubstr(directory_.File("state")));
  ASSERT_THAT(FilesThere(), SizeIs(1));
  EXPECT_EQ(FilesThere()[0], "state.bad-1700000000");
}

TEST_F(StateStoreTest, ASecondTornFileDoesNotReplaceTheFirst) {
  for (const std::string text : {"one", "two", "three"}) {
    WriteFile(text);
    ASSERT_THAT(Open(), IsOk());
  }
  EXPECT_THAT(FilesThere(), ::testing::UnorderedElementsAre("state.bad-1700000000", "state.bad-1700000000-1",
                                                            "state.bad-1700000000-2"));
  std::ifstream first(directory_.File("state.bad-1700000000"));
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(first), std::istreambuf_iterator<char>()), "one");
}

TEST_F(StateStoreTest, AFileOfANewerFormatIsRefusedAndLeftAlone) {
  const std::string newer = FrameFile("SGNTSTAT", 3, "from the future");
  WriteFile(newer);
  EXPECT_THAT(Open(), StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("newer signetd")));
  std::ifstream file(directory_.File("state"), std::ios::binary);
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()), newer);
}

TEST_F(StateStoreTest, AFileThatOthersMayWriteIsRefused) {
  WriteFile("x");
  ::chmod(directory_.File("state").c_str(), 0660);
  EXPECT_THAT(Open(), StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("chmod 600")));
}

TEST_F(StateStoreTest, AnOversizedFileIsSetAsideUnread) {
  WriteFile(std::string(kMaxStateBytes + 1, 'x'));
  ASSERT_THAT(Open(), IsOk());
  EXPECT_EQ(FilesThere()[0], "state.bad-1700000000");
}

TEST_F(StateStoreTest, TheFileIsPrivate) {
  ASSERT_OK_AND_ASSIGN(const auto store, Open());
  ASSERT_THAT(store->Update([](PersistentState&) { return true; }), IsOk());
  struct stat info {};
  ASSERT_EQ(::stat(directory_.File("state").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0600u);
}

TEST(DirectoryLockTest, ASecondHolderIsRefusedAndTheFirstIsNamed) {
  TempDir directory;
  ASSERT_OK_AND_ASSIGN(const auto lock, DirectoryLock::Acquire(directory.path()));
  const auto second = DirectoryLock::Acquire(directory.path());
  EXPECT_THAT(second, StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr(directory.File("lock"))));
  EXPECT_THAT(std::string(second.status().message()), HasSubstr(std::to_string(::getpid())));
}

TEST(DirectoryLockTest, IsFreeAgainAfterItsHolder) {
  TempDir directory;
  ASSERT_OK_AND_ASSIGN(auto lock, DirectoryLock::Acquire(directory.path()));
  lock.reset();
  EXPECT_THAT(DirectoryLock::Acquire(directory.path()), IsOk());
}

TEST(DirectoryLockTest, RefusesADirectoryThatOthersMayRead) {
  TempDir directory;
  ::chmod(directory.path().c_str(), 0750);
  EXPECT_THAT(DirectoryLock::Acquire(directory.path()),
              StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("chmod 700")));
}

TEST(DirectoryLockTest, RefusesWhatIsMissingOrNoDirectory) {
  TempDir directory;
  EXPECT_THAT(DirectoryLock::Acquire(directory.File("missing")), StatusIs(absl::StatusCode::kNotFound));
  std::ofstream(directory.File("file")) << "x";
  EXPECT_THAT(DirectoryLock::Acquire(directory.File("file")),
              StatusIs(absl::StatusCode::kFailedPrecondition));
}

}  // namespace
}  // namespace signet
