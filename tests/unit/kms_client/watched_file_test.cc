#include "kms_client/watched_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "tests/testing/status_matchers.h"
#include "tests/testing/temp_dir.h"

namespace signet::kms {
namespace {

using ::signet::testing::IsOk;
using ::signet::testing::StatusIs;
using ::signet::testing::TempDir;
using ::testing::HasSubstr;

class WatchedFileTest : public ::testing::Test {
 protected:
  void Write(const std::string& path, const std::string& text, mode_t mode = 0600) {
    std::ofstream(path, std::ios::trunc) << text;
    ASSERT_EQ(::chmod(path.c_str(), mode), 0);
  }
  // As agents renew files: a new one moved over the old.
  void Swap(const std::string& text) {
    Write(folder_.File("new"), text);
    std::filesystem::rename(folder_.File("new"), path_);
  }
  std::string Read(WatchedFile& file) {
    const auto content = file.Read();
    return content.ok() ? std::string((*content)->bytes.Expose()) : content.status().ToString();
  }

  TempDir folder_;
  const std::string path_ = folder_.File("token");
};

TEST_F(WatchedFileTest, ReadsAFileThatAppearsLater) {
  WatchedFile file(path_, FileSecrecy::kSecret, 100);
  EXPECT_THAT(file.Read(), StatusIs(absl::StatusCode::kNotFound, HasSubstr(path_)));
  Write(path_, "one");
  EXPECT_EQ(Read(file), "one");
}

TEST_F(WatchedFileTest, ReadsAgainWhenTheFileIsReplacedOrRewritten) {
  Write(path_, "one");
  WatchedFile file(path_, FileSecrecy::kSecret, 100);
  EXPECT_EQ(Read(file), "one");
  Swap("two");
  EXPECT_EQ(Read(file), "two");
  Write(path_, "three");
  EXPECT_EQ(Read(file), "three");
}

TEST_F(WatchedFileTest, CountsGenerationsOnlyWhenItChanged) {
  Write(path_, "one");
  WatchedFile file(path_, FileSecrecy::kSecret, 100);
  ASSERT_OK_AND_ASSIGN(const auto first, file.Read());
  ASSERT_OK_AND_ASSIGN(const auto again, file.Read());
  EXPECT_EQ(first, again);
  Swap("two");
  ASSERT_OK_AND_ASSIGN(const auto second, file.Read());
  EXPECT_GT(second->generation, first->generation);
}

TEST_F(WatchedFileTest, FollowsALinkThatIsSwapped) {
  Write(folder_.File("a"), "one");
  Write(folder_.File("b"), "two");
  std::filesystem::create_symlink("a", path_);
  WatchedFile file(path_, FileSecrecy::kSecret, 100);
  EXPECT_EQ(Read(file), "one");
  std::filesystem::create_symlink("b", folder_.File("link"));
  std::filesystem::rename(folder_.File("link"), path_);
  EXPECT_EQ(Read(file), "two");
}

TEST_F(WatchedFileTest, RefusesASecretThatOthersCanRead) {
  Write(path_, "one", 0644);
  WatchedFile secret(path_, FileSecrecy::kSecret, 100);
  EXPECT_THAT(secret.Read(), StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("chmod o-rwx")));
  WatchedFile mounted(path_, FileSecrecy::kMounted, 100);
  EXPECT_THAT(mounted.Read(), IsOk());
  WatchedFile open(path_, FileSecrecy::kPublic, 100);
  EXPECT_THAT(open.Read(), IsOk());
}

TEST_F(WatchedFileTest, AllowsTheGroupToReadASecret) {
  Write(path_, "one", 0640);
  WatchedFile file(path_, FileSecrecy::kSecret, 100);
  EXPECT_THAT(file.Read(), IsOk());
}

TEST_F(WatchedFileTest, RefusesWhatOthersCanWrite) {
  for (const mode_t mode : {0620, 0602}) {
    Write(path_, "one", mode);
    WatchedFile file(path_, FileSecrecy::kPublic, 100);
    EXPECT_THAT(file.Read(), StatusIs(absl::StatusCode::kPermissionDenied)) << std::oct << mode;
  }
}

TEST_F(WatchedFileTest, NoticesThatTheModeWasLoosened) {
  Write(path_, "one");
  WatchedFile file(path_, FileSecrecy::kSecret, 100);
  EXPECT_EQ(Read(file), "one");
  ASSERT_EQ(::chmod(path_.c_str(), 0644), 0);
  EXPECT_THAT(file.Read(), StatusIs(absl::StatusCode::kPermissionDenied));
}

TEST_F(WatchedFileTest, RefusesEmptyLongAndIrregularFiles) {
  Write(path_, "");
  WatchedFile file(path_, FileSecrecy::kSecret, 4);
  EXPECT_THAT(file.Read(), StatusIs(absl::StatusCode::kFailedPrecondition));
  Write(path_, "12345");
  EXPECT_THAT(file.Read(), StatusIs(absl::StatusCode::kFailedPrecondition));
  Write(path_, "1234");
  EXPECT_EQ(Read(file), "1234");
  WatchedFile folder(folder_.path(), FileSecrecy::kSecret, 100);
  EXPECT_THAT(folder.Read(), StatusIs(absl::StatusCode::kFailedPrecondition));
  const std::string pipe = folder_.File("pipe");
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  WatchedFile fifo(pipe, FileSecrecy::kSecret, 100);
  EXPECT_THAT(fifo.Read(), StatusIs(absl::StatusCode::kFailedPrecondition));
}

}  // namespace
}  // namespace signet::kms
