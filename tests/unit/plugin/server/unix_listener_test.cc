#include "plugin/server/unix_listener.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "plugin/server/unix_address.h"
#include "tests/testing/status_matchers.h"
#include "tests/testing/temp_dir.h"

namespace signet {
namespace {

using ::signet::testing::IsOk;
using ::signet::testing::StatusIs;
using ::signet::testing::TempDir;
using ::testing::AllOf;
using ::testing::HasSubstr;

UniqueFd StreamSocket() { return UniqueFd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)); }

bool CanConnect(const std::string& path) {
  const UnixAddress address = ParseUnixAddress(path, true).value();
  const UniqueFd socket = StreamSocket();
  return ::connect(socket.get(), address.get(), address.size) == 0;
}

UniqueFd BoundSocket(const std::string& path) {
  const UnixAddress address = ParseUnixAddress(path, true).value();
  UniqueFd socket = StreamSocket();
  EXPECT_EQ(::bind(socket.get(), address.get(), address.size), 0);
  return socket;
}

bool Exists(const std::string& path) {
  struct stat info {};
  return ::lstat(path.c_str(), &info) == 0;
}

class UnixListenerTest : public ::testing::Test {
 protected:
  UnixListenerOptions Options() const {
    UnixListenerOptions options;
    options.path = path_;
    return options;
  }

  TempDir temp_;
  const std::string path_ = temp_.File("kms.sock");
};

TEST_F(UnixListenerTest, ListensAtItsPath) {
  ASSERT_OK_AND_ASSIGN(const auto listener, UnixListener::Create(Options()));
  EXPECT_TRUE(CanConnect(path_));
  EXPECT_NE(::fcntl(listener->fd(), F_GETFL) & O_NONBLOCK, 0);
  EXPECT_NE(::fcntl(listener->fd(), F_GETFD) & FD_CLOEXEC, 0);
}

TEST_F(UnixListenerTest, GivesTheSocketExactlyItsModeWhateverTheUmask) {
  for (const mode_t umask_now : {mode_t{0}, mode_t{077}}) {
    for (const mode_t mode : {mode_t{0600}, mode_t{0660}}) {
      const mode_t before = ::umask(umask_now);
      UnixListenerOptions options = Options();
      options.mode = mode;
      const auto listener = UnixListener::Create(options);
      ::umask(before);
      ASSERT_THAT(listener, IsOk());
      struct stat info {};
      ASSERT_EQ(::stat(path_.c_str(), &info), 0);
      EXPECT_EQ(info.st_mode & 07777, mode);
    }
  }
}

TEST_F(UnixListenerTest, GivesTheSocketItsOwnerAndGroup) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root to give a socket away";
  UnixListenerOptions options = Options();
  options.owner = 1234;
  options.group = 4321;
  options.mode = 0660;
  ASSERT_OK_AND_ASSIGN(const auto listener, UnixListener::Create(options));
  struct stat info {};
  ASSERT_EQ(::stat(path_.c_str(), &info), 0);
  EXPECT_EQ(info.st_uid, 1234U);
  EXPECT_EQ(info.st_gid, 4321U);
  EXPECT_EQ(info.st_mode & 07777, 0660U);
}

TEST_F(UnixListenerTest, RefusesASecondInstanceNamingTheLockFileAndThePid) {
  ASSERT_OK_AND_ASSIGN(const auto first, UnixListener::Create(Options()));
  EXPECT_THAT(UnixListener::Create(Options()),
              StatusIs(absl::StatusCode::kAlreadyExists,
                       AllOf(HasSubstr(path_ + ".lock"), HasSubstr(absl::StrCat("pid ", ::getpid())))));
  EXPECT_TRUE(CanConnect(path_)) << "the live socket was taken away";
}

TEST_F(UnixListenerTest, ReplacesAStaleSocket) {
  BoundSocket(path_).Close();  // its file stays
  ASSERT_TRUE(Exists(path_));
  ASSERT_OK_AND_ASSIGN(const auto listener, UnixListener::Create(Options()));
  EXPECT_TRUE(CanConnect(path_));
}

TEST_F(UnixListenerTest, NeverTakesTheLiveSocketOfAnotherProgram) {
  const UniqueFd other = BoundSocket(path_);
  ASSERT_EQ(::listen(other.get(), 1), 0);
  EXPECT_THAT(UnixListener::Create(Options()), StatusIs(absl::StatusCode::kAlreadyExists, HasSubstr(path_)));
  EXPECT_TRUE(CanConnect(path_));
}

TEST_F(UnixListenerTest, NeverTakesALiveSocketWhoseBacklogIsFull) {
  const UniqueFd other = BoundSocket(path_);
  ASSERT_EQ(::listen(other.get(), 0), 0);
  const UnixAddress address = ParseUnixAddress(path_, false).value();
  const UniqueFd waiting = StreamSocket();
  ASSERT_EQ(::connect(waiting.get(), address.get(), address.size), 0);
  EXPECT_THAT(UnixListener::Create(Options()), StatusIs(absl::StatusCode::kAlreadyExists));
  EXPECT_TRUE(Exists(path_));
}

TEST_F(UnixListenerTest, NeverTakesADatagramSocket) {
  const UnixAddress address = ParseUnixAddress(path_, false).value();
  const UniqueFd datagram(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ASSERT_EQ(::bind(datagram.get(), address.get(), address.size), 0);
  EXPECT_THAT(UnixListener::Create(Options()), StatusIs(absl::StatusCode::kAlreadyExists));
  EXPECT_TRUE(Exists(path_));
}

TEST_F(UnixListenerTest, NeverRemovesWhatIsNoSocket) {
  std::ofstream(path_) << "precious";
  EXPECT_THAT(UnixListener::Create(Options()),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("not a socket")));
  std::string content;
  std::ifstream(path_) >> content;
  EXPECT_EQ(content, "precious");
}

TEST_F(UnixListenerTest, NeverFollowsALinkAtItsPath) {
  ASSERT_EQ(::symlink("elsewhere.sock", path_.c_str()), 0);
  EXPECT_THAT(UnixListener::Create(Options()), StatusIs(absl::StatusCode::kFailedPrecondition));
  EXPECT_FALSE(Exists(temp_.File("elsewhere.sock")));
}

TEST_F(UnixListenerTest, RefusesAFolderThatOthersMayWrite) {
  ASSERT_EQ(::chmod(temp_.path().c_str(), 0777), 0);
  EXPECT_THAT(UnixListener::Create(Options()),
              StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr(temp_.path())));
  EXPECT_FALSE(Exists(path_));
}

TEST_F(UnixListenerTest, RefusesAPathThatIsTooLong) {
  UnixListenerOptions options = Options();
  options.path = temp_.File(std::string(100, 'x'));
  EXPECT_THAT(UnixListener::Create(options), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("107")));
}

TEST_F(UnixListenerTest, RemovesItsSocketWhenClosedAndKeepsTheLock) {
  ASSERT_OK_AND_ASSIGN(const auto listener, UnixListener::Create(Options()));
  listener->Close();
  EXPECT_FALSE(Exists(path_));
  EXPECT_THAT(UnixListener::Create(Options()), StatusIs(absl::StatusCode::kAlreadyExists));
}

TEST_F(UnixListenerTest, DoesNotRemoveASocketThatIsNotItsOwn) {
  ASSERT_OK_AND_ASSIGN(auto listener, UnixListener::Create(Options()));
  ASSERT_EQ(::unlink(path_.c_str()), 0);
  const UniqueFd other = BoundSocket(path_);
  listener.reset();
  EXPECT_TRUE(Exists(path_));
}

TEST_F(UnixListenerTest, LeavesTheSocketOfAnotherProgramWhenItFailed) {
  const UniqueFd other = BoundSocket(path_);
  ASSERT_EQ(::listen(other.get(), 1), 0);
  EXPECT_FALSE(UnixListener::Create(Options()).ok());
  EXPECT_TRUE(Exists(path_));
}

TEST_F(UnixListenerTest, ServesAnAbstractNameOnlyWhenAllowed) {
  UnixListenerOptions options;
  options.path = absl::StrCat("@signet-test-", ::getpid());
  EXPECT_THAT(UnixListener::Create(options), StatusIs(absl::StatusCode::kFailedPrecondition));
  options.allow_abstract = true;
  ASSERT_OK_AND_ASSIGN(const auto listener, UnixListener::Create(options));
  EXPECT_TRUE(CanConnect(options.path));
  EXPECT_THAT(UnixListener::Create(options), StatusIs(absl::StatusCode::kAlreadyExists));
}

TEST_F(UnixListenerTest, AdoptsAnInheritedSocketAndLeavesItsFile) {
  UniqueFd inherited = BoundSocket(path_);
  ASSERT_EQ(::listen(inherited.get(), 1), 0);
  {
    ASSERT_OK_AND_ASSIGN(const auto listener, UnixListener::Adopt(std::move(inherited), Options()));
    EXPECT_TRUE(CanConnect(path_));
    EXPECT_NE(::fcntl(listener->fd(), F_GETFL) & O_NONBLOCK, 0);
  }
  EXPECT_TRUE(Exists(path_)) << "systemd's socket file was removed";
}

TEST_F(UnixListenerTest, RefusesAnInheritedSocketThatIsNotTheConfiguredOne) {
  UniqueFd not_listening = BoundSocket(path_);
  EXPECT_THAT(UnixListener::Adopt(std::move(not_listening), Options()),
              StatusIs(absl::StatusCode::kInvalidArgument));
  UniqueFd elsewhere = BoundSocket(temp_.File("other.sock"));
  ASSERT_EQ(::listen(elsewhere.get(), 1), 0);
  EXPECT_THAT(UnixListener::Adopt(std::move(elsewhere), Options()),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("bound elsewhere")));
  EXPECT_THAT(UnixListener::Adopt(UniqueFd(::open("/dev/null", O_RDWR | O_CLOEXEC)), Options()),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

}  // namespace
}  // namespace signet
