#include "base/durable_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>
#include <vector>

#include "tests/testing/status_matchers.h"
#include "tests/testing/temp_dir.h"

namespace signet {
namespace {

using ::signet::testing::IsOk;
using ::signet::testing::StatusIs;
using ::signet::testing::TempDir;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;

constexpr ReadLimits kAnyone{.max_bytes = 1 << 20, .must_be_private = false};
constexpr ReadLimits kPrivate{.max_bytes = 1 << 20, .must_be_private = true};

class DurableFilesTest : public ::testing::Test {
 protected:
  // Writes a file the plain way.
  static void Write(const std::string& path, const std::string& content, mode_t mode = 0600) {
    std::ofstream(path, std::ios::binary) << content;
    ASSERT_EQ(::chmod(path.c_str(), mode), 0);
  }
  static std::string ReadPlainly(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  }
  static struct stat Stat(const std::string& path) {
    struct stat info {};
    EXPECT_EQ(::lstat(path.c_str(), &info), 0) << path;
    return info;
  }
  std::vector<std::string> Names() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(folder_.path())) {
      names.push_back(entry.path().filename().string());
    }
    return names;
  }

  TempDir folder_;
  const std::string path_ = folder_.File("file");
  DurableFiles& files_ = PosixDurableFiles();
};

TEST_F(DurableFilesTest, ReplaceCreatesAFile) {
  ASSERT_THAT(files_.Replace(path_, "content", 0600), IsOk());
  EXPECT_EQ(ReadPlainly(path_), "content");
  EXPECT_THAT(Names(), UnorderedElementsAre("file"));
}

TEST_F(DurableFilesTest, ReplaceLeavesNothingOfALongerOldContent) {
  Write(path_, std::string(100000, 'x'));
  ASSERT_THAT(files_.Replace(path_, "short", 0600), IsOk());
  EXPECT_EQ(ReadPlainly(path_), "short");
}

TEST_F(DurableFilesTest, ReplaceWritesEveryByteValue) {
  std::string content;
  for (int i = 0; i < 1 << 16; ++i) content.push_back(static_cast<char>(i * 7));
  ASSERT_THAT(files_.Replace(path_, content, 0600), IsOk());
  EXPECT_EQ(ReadPlainly(path_), content);
}

TEST_F(DurableFilesTest, ReplaceMakesANewFileSoThatAReaderOfTheOldOneKeepsIt) {
  Write(path_, "old");
  std::ifstream reader(path_, std::ios::binary);
  ASSERT_THAT(files_.Replace(path_, "new", 0600), IsOk());
  const std::string seen((std::istreambuf_iterator<char>(reader)), std::istreambuf_iterator<char>());
  EXPECT_EQ(seen, "old");
}

TEST_F(DurableFilesTest, ReplaceGivesExactlyTheModeWhateverTheUmask) {
  const mode_t umask = ::umask(0077);
  const absl::Status status = files_.Replace(path_, "content", 0644);
  ::umask(umask);
  ASSERT_THAT(status, IsOk());
  EXPECT_EQ(Stat(path_).st_mode & 07777, 0644u);
}

TEST_F(DurableFilesTest, ReplaceTightensALooseMode) {
  Write(path_, "old", 0666);
  ASSERT_THAT(files_.Replace(path_, "new", 0600), IsOk());
  EXPECT_EQ(Stat(path_).st_mode & 07777, 0600u);
}

TEST_F(DurableFilesTest, ReplaceByRootKeepsTheOwner) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give files away";
  Write(path_, "old");
  ASSERT_EQ(::chown(path_.c_str(), 12345, 54321), 0);
  ASSERT_THAT(files_.Replace(path_, "new", 0600), IsOk());
  EXPECT_EQ(Stat(path_).st_uid, 12345u);
  EXPECT_EQ(Stat(path_).st_gid, 54321u);
}

TEST_F(DurableFilesTest, ReplaceRemovesWhatACrashLeft) {
  Write(path_, "old");
  Write(path_ + ".tmp", "half writ");
  ASSERT_THAT(files_.Replace(path_, "new", 0600), IsOk());
  EXPECT_EQ(ReadPlainly(path_), "new");
  EXPECT_THAT(Names(), UnorderedElementsAre("file"));
}

TEST_F(DurableFilesTest, ReplaceDoesNotWriteThroughALinkInPlaceOfItsTemporaryFile) {
  const std::string victim = folder_.File("victim");
  Write(victim, "untouched");
  std::filesystem::create_symlink(victim, path_ + ".tmp");
  ASSERT_THAT(files_.Replace(path_, "new", 0600), IsOk());
  EXPECT_EQ(ReadPlainly(victim), "untouched");
  EXPECT_EQ(ReadPlainly(path_), "new");
  EXPECT_THAT(Names(), UnorderedElementsAre("file", "victim"));
}

TEST_F(DurableFilesTest, ReplaceDoesNotWriteToAFileThatHasAnotherName) {
  const std::string other = folder_.File("other");
  Write(other, "");
  std::filesystem::create_hard_link(other, path_ + ".tmp");
  ASSERT_THAT(files_.Replace(path_, "new", 0600), IsOk());
  EXPECT_EQ(ReadPlainly(other), "");
  EXPECT_EQ(ReadPlainly(path_), "new");
}

TEST_F(DurableFilesTest, ReplaceIsNotHeldUpByAPipeInPlaceOfItsTemporaryFile) {
  ASSERT_EQ(::mkfifo((path_ + ".tmp").c_str(), 0600), 0);
  ASSERT_THAT(files_.Replace(path_, "new", 0600), IsOk());
  EXPECT_EQ(ReadPlainly(path_), "new");
}

TEST_F(DurableFilesTest, ReplaceRefusesAFolderInPlaceOfItsTemporaryFile) {
  std::filesystem::create_directory(path_ + ".tmp");
  EXPECT_THAT(files_.Replace(path_, "new", 0600), StatusIs(absl::StatusCode::kFailedPrecondition));
}

TEST_F(DurableFilesTest, ReplaceRefusesASymbolicLink) {
  const std::string target = folder_.File("target");
  Write(target, "untouched");
  std::filesystem::create_symlink(target, path_);
  EXPECT_THAT(files_.Replace(path_, "new", 0600), StatusIs(absl::StatusCode::kFailedPrecondition));
  EXPECT_TRUE(std::filesystem::is_symlink(path_));
  EXPECT_EQ(ReadPlainly(target), "untouched");
}

TEST_F(DurableFilesTest, ReplaceRefusesAFolderAndAPipe) {
  std::filesystem::create_directory(folder_.File("folder"));
  EXPECT_THAT(files_.Replace(folder_.File("folder"), "new", 0600),
              StatusIs(absl::StatusCode::kFailedPrecondition));
  ASSERT_EQ(::mkfifo(path_.c_str(), 0600), 0);
  EXPECT_THAT(files_.Replace(path_, "new", 0600), StatusIs(absl::StatusCode::kFailedPrecondition));
  EXPECT_TRUE(S_ISFIFO(Stat(path_).st_mode));
}

TEST_F(DurableFilesTest, ReplaceSaysThatTheFolderIsMissing) {
  EXPECT_THAT(files_.Replace(folder_.File("no/file"), "new", 0600),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr(folder_.File("no"))));
}

TEST_F(DurableFilesTest, ReplaceKeepsTheOldContentAndLeavesNothingWhenTheDiskIsFull) {
  Write(path_, "old");
  // A file size limit stands for a full disk: write(2) stops short, then fails.
  rlimit saved{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &saved), 0);
  const rlimit small{10, saved.rlim_max};
  const auto handler = ::signal(SIGXFSZ, SIG_IGN);
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  const absl::Status status = files_.Replace(path_, std::string(100, 'n'), 0600);
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &saved), 0);
  ::signal(SIGXFSZ, handler);
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kResourceExhausted));
  EXPECT_EQ(ReadPlainly(path_), "old");
  EXPECT_THAT(Names(), UnorderedElementsAre("file"));
}

TEST_F(DurableFilesTest, ReplaceWritesAFileInTheRunningFolder) {
  const std::filesystem::path saved = std::filesystem::current_path();
  std::filesystem::current_path(folder_.path());
  const absl::Status status = files_.Replace("file", "content", 0600);
  std::filesystem::current_path(saved);
  ASSERT_THAT(status, IsOk());
  EXPECT_EQ(ReadPlainly(path_), "content");
}

TEST_F(DurableFilesTest, WritersInOneProcessNeverMixTheirContents) {
  std::vector<std::thread> writers;
  for (char name = 'a'; name < 'e'; ++name) {
    writers.emplace_back([this, name] {
      for (int i = 0; i < 20; ++i) EXPECT_THAT(files_.Replace(path_, std::string(20000, name), 0600), IsOk());
    });
  }
  for (int i = 0; i < 200; ++i) {
    const absl::StatusOr<std::string> content = files_.Read(path_, kAnyone);
    if (absl::IsNotFound(content.status())) continue;
    ASSERT_THAT(content, IsOk());
    ASSERT_FALSE(content->empty());
    ASSERT_EQ(*content, std::string(20000, content->front()));
  }
  for (std::thread& writer : writers) writer.join();
  EXPECT_THAT(Names(), UnorderedElementsAre("file"));
}

TEST_F(DurableFilesTest, WritersInSeveralProcessesNeverMixTheirContents) {
  std::vector<pid_t> children;
  for (char name = 'a'; name < 'd'; ++name) {
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      bool ok = true;
      for (int i = 0; i < 20; ++i) ok = ok && files_.Replace(path_, std::string(20000, name), 0600).ok();
      ::_exit(ok ? 0 : 1);
    }
    children.push_back(child);
  }
  for (const pid_t child : children) {
    int result = -1;
    ASSERT_EQ(::waitpid(child, &result, 0), child);
    EXPECT_TRUE(WIFEXITED(result) && WEXITSTATUS(result) == 0);
  }
  const std::string content = ReadPlainly(path_);
  ASSERT_FALSE(content.empty());
  EXPECT_EQ(content, std::string(20000, content.front()));
  EXPECT_THAT(Names(), UnorderedElementsAre("file"));
}

TEST_F(DurableFilesTest, ReadsAPrivateFile) {
  Write(path_, "secret", 0600);
  EXPECT_EQ(files_.Read(path_, kPrivate).value_or("?"), "secret");
  ASSERT_EQ(::chmod(path_.c_str(), 0400), 0);
  EXPECT_EQ(files_.Read(path_, kPrivate).value_or("?"), "secret");
}

TEST_F(DurableFilesTest, ReadsAnEmptyFile) {
  Write(path_, "");
  EXPECT_EQ(files_.Read(path_, {}).value_or("?"), "");
}

class LooseModeTest : public DurableFilesTest, public ::testing::WithParamInterface<mode_t> {};

TEST_P(LooseModeTest, IsRefusedForAPrivateFileAndSaysWhatToDo) {
  Write(path_, "secret", GetParam());
  EXPECT_THAT(files_.Read(path_, kPrivate),
              StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("chmod 600 " + path_)));
}

TEST_P(LooseModeTest, IsTakenForAPublicFile) {
  if (::geteuid() != 0 && (GetParam() & 0400) == 0) GTEST_SKIP() << "unreadable to its owner";
  Write(path_, "public", GetParam());
  EXPECT_THAT(files_.Read(path_, kAnyone), IsOk());
}

INSTANTIATE_TEST_SUITE_P(DurableFiles, LooseModeTest,
                         ::testing::Values(0640, 0620, 0610, 0604, 0602, 0601, 0666, 0777, 0004));

TEST_F(DurableFilesTest, ReadRefusesAPrivateFileOfSomebodyElse) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give files away";
  Write(path_, "secret", 0600);
  ASSERT_EQ(::chown(path_.c_str(), 12345, 0), 0);
  EXPECT_THAT(files_.Read(path_, kPrivate),
              StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("uid 12345")));
}

TEST_F(DurableFilesTest, ReadSaysThatThereIsNoFile) {
  EXPECT_THAT(files_.Read(path_, kAnyone), StatusIs(absl::StatusCode::kNotFound, HasSubstr(path_)));
}

TEST_F(DurableFilesTest, ReadRefusesASymbolicLink) {
  Write(folder_.File("target"), "content");
  std::filesystem::create_symlink(folder_.File("target"), path_);
  EXPECT_THAT(files_.Read(path_, kAnyone), StatusIs(absl::StatusCode::kFailedPrecondition));
}

TEST_F(DurableFilesTest, ReadRefusesAFolder) {
  EXPECT_THAT(files_.Read(folder_.path(), kAnyone), StatusIs(absl::StatusCode::kFailedPrecondition));
}

TEST_F(DurableFilesTest, ReadRefusesAPipeWithoutWaitingForItsWriter) {
  ASSERT_EQ(::mkfifo(path_.c_str(), 0600), 0);
  EXPECT_THAT(files_.Read(path_, kAnyone), StatusIs(absl::StatusCode::kFailedPrecondition));
}

TEST_F(DurableFilesTest, ReadRefusesADevice) {
  EXPECT_THAT(files_.Read("/dev/zero", kAnyone), StatusIs(absl::StatusCode::kFailedPrecondition));
}

TEST_F(DurableFilesTest, ReadRefusesASocket) {
  const int listener = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  ASSERT_GE(listener, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path_.copy(address.sun_path, sizeof(address.sun_path) - 1);
  ASSERT_EQ(::bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
  EXPECT_THAT(files_.Read(path_, kAnyone), StatusIs(absl::StatusCode::kFailedPrecondition));
  ::close(listener);
}

TEST_F(DurableFilesTest, ReadTakesAFileOfExactlyTheLimit) {
  Write(path_, "12345");
  EXPECT_EQ(files_.Read(path_, {.max_bytes = 5}).value_or("?"), "12345");
}

TEST_F(DurableFilesTest, ReadRefusesAFileOverTheLimit) {
  Write(path_, "123456");
  EXPECT_THAT(files_.Read(path_, {.max_bytes = 5}),
              StatusIs(absl::StatusCode::kOutOfRange, HasSubstr("6 bytes")));
}

TEST_F(DurableFilesTest, MakesAFolderWithExactlyTheMode) {
  const mode_t umask = ::umask(077);
  EXPECT_THAT(files_.MakeFolder(path_, 0750), IsOk());
  ::umask(umask);
  struct stat info {};
  ASSERT_EQ(::stat(path_.c_str(), &info), 0);
  EXPECT_TRUE(S_ISDIR(info.st_mode));
  EXPECT_EQ(info.st_mode & 07777, 0750u);
}

TEST_F(DurableFilesTest, MakesNoFolderWhereSomethingIs) {
  Write(path_, "old");
  EXPECT_THAT(files_.MakeFolder(path_, 0700), StatusIs(absl::StatusCode::kAlreadyExists));
  EXPECT_EQ(files_.Read(path_, kAnyone).value_or("?"), "old");
}

TEST_F(DurableFilesTest, MakesNoFolderWithoutItsParent) {
  EXPECT_THAT(files_.MakeFolder(path_ + "/child", 0700), StatusIs(absl::StatusCode::kNotFound));
}

}  // namespace
}  // namespace signet
