#include "plugin/server/systemd.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <string>

#include "absl/strings/str_cat.h"
#include "tests/testing/status_matchers.h"
#include "tests/testing/temp_dir.h"

namespace signet {
namespace {

using ::signet::testing::TempDir;

// Descriptors 3, 4, … belong to somebody else in this process, so each case runs in a child, which says by
// its exit code whether `check` held.
template <typename Check>
bool HoldsInAChild(int sockets, const char* names, Check check) {
  const pid_t child = ::fork();
  if (child == 0) {
    for (int i = 0; i < sockets; ++i) {
      const int socket = ::socket(AF_UNIX, SOCK_STREAM, 0);
      if (socket != 3 + i) {
        ::dup2(socket, 3 + i);
        ::close(socket);
      }
    }
    ::setenv("LISTEN_PID", absl::StrCat(::getpid()).c_str(), 1);
    ::setenv("LISTEN_FDS", absl::StrCat(sockets).c_str(), 1);
    ::setenv("LISTEN_FDNAMES", names, 1);
    ::_exit(check(TakeInheritedSockets()) ? 0 : 1);
  }
  int status = 0;
  return ::waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

TEST(SystemdTest, WithoutActivationThereIsNothing) {
  ASSERT_OK_AND_ASSIGN(const InheritedSockets sockets, TakeInheritedSockets());
  EXPECT_FALSE(sockets.kms.valid());
  EXPECT_FALSE(sockets.admin.valid());
}

TEST(SystemdTest, TellsSocketsApartByName) {
  EXPECT_TRUE(HoldsInAChild(2, "admin:kms", [](const absl::StatusOr<InheritedSockets>& sockets) {
    return sockets.ok() && sockets->admin.get() == 3 && sockets->kms.get() == 4;
  }));
}

TEST(SystemdTest, TakesOneSocketAlone) {
  EXPECT_TRUE(HoldsInAChild(1, "kms", [](const absl::StatusOr<InheritedSockets>& sockets) {
    return sockets.ok() && sockets->kms.get() == 3 && !sockets->admin.valid();
  }));
}

TEST(SystemdTest, RefusesAnUnknownNameAndADoubleOne) {
  const auto refused = [](const absl::StatusOr<InheritedSockets>& sockets) {
    return absl::IsInvalidArgument(sockets.status());
  };
  EXPECT_TRUE(HoldsInAChild(1, "http", refused));
  EXPECT_TRUE(HoldsInAChild(2, "kms:kms", refused));
}

TEST(SystemdTest, ClearsTheEnvironmentForChildren) {
  EXPECT_TRUE(HoldsInAChild(1, "kms", [](const absl::StatusOr<InheritedSockets>&) {
    return ::getenv("LISTEN_FDS") == nullptr && ::getenv("LISTEN_PID") == nullptr;
  }));
}

TEST(SystemdTest, NotifiesReadiness) {
  TempDir temp;
  const std::string path = temp.File("notify");
  const int receiver = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, path.c_str(), sizeof(address.sun_path) - 1);
  ASSERT_EQ(::bind(receiver, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
  ::setenv("NOTIFY_SOCKET", path.c_str(), 1);
  NotifyReady();
  ::unsetenv("NOTIFY_SOCKET");
  char text[64];
  const ssize_t size = ::recv(receiver, text, sizeof(text), 0);
  ::close(receiver);
  ASSERT_GT(size, 0);
  EXPECT_EQ(std::string(text, static_cast<size_t>(size)), "READY=1");
}

}  // namespace
}  // namespace signet
