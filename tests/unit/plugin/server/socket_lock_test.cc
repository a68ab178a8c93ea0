#include "plugin/server/socket_lock.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "tests/testing/status_matchers.h"
#include "tests/testing/temp_dir.h"

namespace signet {
namespace {

using ::signet::testing::IsOk;
using ::signet::testing::StatusIs;
using ::signet::testing::TempDir;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class SocketLockTest : public ::testing::Test {
 protected:
  TempDir temp_;
  const std::string path_ = temp_.File("kms.sock.lock");
};

TEST_F(SocketLockTest, RefusesASecondHolderNamingFileAndPid) {
  ASSERT_OK_AND_ASSIGN(const SocketLock lock, SocketLock::Acquire(path_));
  EXPECT_THAT(SocketLock::Acquire(path_),
              StatusIs(absl::StatusCode::kAlreadyExists,
                       AllOf(HasSubstr(path_), HasSubstr(absl::StrCat("(pid ", ::getpid(), ")")))));
}

TEST_F(SocketLockTest, DoesNotNameAPidOfAnotherNamespace) {
  ASSERT_OK_AND_ASSIGN(const SocketLock lock, SocketLock::Acquire(path_));
  std::ofstream(path_) << "42 pid:[1]\n";
  EXPECT_THAT(SocketLock::Acquire(path_),
              StatusIs(absl::StatusCode::kAlreadyExists, AllOf(HasSubstr(path_), Not(HasSubstr("pid")))));
}

TEST_F(SocketLockTest, IsFreeAgainAfterItsHolderLetGo) {
  { ASSERT_OK_AND_ASSIGN(const SocketLock lock, SocketLock::Acquire(path_)); }
  EXPECT_THAT(SocketLock::Acquire(path_), IsOk());
}

TEST_F(SocketLockTest, IsFreeAgainAfterItsHolderWasKilled) {
  int ready[2];
  ASSERT_EQ(::pipe2(ready, O_CLOEXEC), 0);
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    const absl::StatusOr<SocketLock> lock = SocketLock::Acquire(path_);
    const char answer = lock.ok() ? 'y' : 'n';
    if (::write(ready[1], &answer, 1) == 1) ::pause();
    ::_exit(1);
  }
  char answer = 0;
  ASSERT_EQ(::read(ready[0], &answer, 1), 1);
  EXPECT_EQ(answer, 'y');
  EXPECT_THAT(SocketLock::Acquire(path_),
              StatusIs(absl::StatusCode::kAlreadyExists, HasSubstr(absl::StrCat("(pid ", child, ")"))));
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  ::close(ready[0]);
  ::close(ready[1]);
  EXPECT_THAT(SocketLock::Acquire(path_), IsOk());
}

TEST_F(SocketLockTest, FileIsPrivate) {
  ASSERT_OK_AND_ASSIGN(const SocketLock lock, SocketLock::Acquire(path_));
  struct stat info {};
  ASSERT_EQ(::stat(path_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0600U);
}

TEST_F(SocketLockTest, RefusesALinkAndAFolderAndAForeignFile) {
  ASSERT_EQ(::symlink("elsewhere", path_.c_str()), 0);
  EXPECT_FALSE(SocketLock::Acquire(path_).ok());
  ASSERT_EQ(::unlink(path_.c_str()), 0);
  ASSERT_EQ(::mkdir(path_.c_str(), 0700), 0);
  EXPECT_FALSE(SocketLock::Acquire(path_).ok());
  ASSERT_EQ(::rmdir(path_.c_str()), 0);
  ASSERT_EQ(::mkfifo(path_.c_str(), 0600), 0);
  EXPECT_THAT(SocketLock::Acquire(path_), StatusIs(absl::StatusCode::kFailedPrecondition));
}

}  // namespace
}  // namespace signet
