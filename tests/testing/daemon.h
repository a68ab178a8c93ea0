// DaemonHome and DaemonProcess: the built signetd on a configuration of its own, for tests of the whole.
#ifndef SIGNET_TESTS_TESTING_DAEMON_H_
#define SIGNET_TESTS_TESTING_DAEMON_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "tests/testing/process.h"
#include "tests/testing/temp_dir.h"

namespace signet::testing {

// A private folder with signetd.yaml, a fresh keyring and an empty state directory, as `signetctl init` makes
// it.
class DaemonHome {
 public:
  DaemonHome();

  std::string path() const { return temp_.path(); }
  std::string config() const { return temp_.File("signetd.yaml"); }
  std::string keyring() const { return temp_.File("keyring"); }
  std::string state() const { return temp_.File("state"); }
  std::string kms_socket() const { return temp_.File("kms.sock"); }
  std::string admin_socket() const { return temp_.File("admin.sock"); }

  // Writes the configuration anew: the usual one, `top` as further top-level lines, `kms_socket` as further
  // lines of that section (indented by two), and `local` of the provider's (by six).
  void Configure(absl::string_view top = "", absl::string_view kms_socket = "", absl::string_view local = "");

 private:
  TempDir temp_;
};

// Not thread-safe. Killed when destroyed.
class DaemonProcess {
 public:
  // Starts the built signetd at once, behind the words of `wrapper` where it has any ("setpriv", …).
  explicit DaemonProcess(const DaemonHome& home, std::vector<std::string> environment = {},
                         std::vector<std::string> wrapper = {});

  // Polls until Status is OK. False when the process ended instead, or after two minutes: with its key far
  // away signetd may pause for 30 s between two tries.
  [[nodiscard]] bool WaitUntilReady();
  // SIGTERM and the exit code.
  int Stop();
  // SIGKILL, and waits for the end.
  void Kill();
  // Its exit code, once it ended by itself.
  int Wait() { return process_.Wait(); }

  void Signal(int signal) { process_.Signal(signal); }
  bool Running() { return process_.Running(); }
  pid_t pid() const { return process_.pid(); }
  std::string Logs() const { return process_.Errors(); }

 private:
  const std::string kms_socket_;
  Process process_;
};

}  // namespace signet::testing

#endif  // SIGNET_TESTS_TESTING_DAEMON_H_
