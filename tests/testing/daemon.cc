#include "tests/testing/daemon.h"

#include <signal.h>
#include <sys/stat.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/clock.h"
#include "base/durable_files.h"
#include "crypto/random.h"
#include "kms_client/local/keyring_file.h"
#include "tests/testing/kms_caller.h"
#include "tests/testing/paths.h"
#include "tests/testing/poll.h"

namespace signet::testing {
namespace {

void Require(const absl::Status& status) {
  if (status.ok()) return;
  std::fprintf(stderr, "%s\n", status.ToString().c_str());
  std::abort();
}

ProcessOptions OptionsFor(const DaemonHome& home, std::vector<std::string> environment,
                          std::vector<std::string> wrapper) {
  ProcessOptions options;
  options.arguments = std::move(wrapper);
  for (const std::string& word : {ProgramPath("signetd"), std::string("--config"), home.config()}) {
    options.arguments.push_back(word);
  }
  options.environment = std::move(environment);
  return options;
}

}  // namespace

DaemonHome::DaemonHome() {
  absl::StatusOr<kms::Keyring> made = kms::Keyring::Generate(crypto::SystemRandom(), SystemClock().Wall());
  Require(made.status());
  kms::KeyringFile file(keyring(), kms::SealSource(), PosixDurableFiles(), crypto::SystemRandom());
  Require(file.Create(*made));
  if (::mkdir(state().c_str(), 0700) != 0) Require(absl::InternalError("mkdir"));
  Configure();
}

void DaemonHome::Configure(absl::string_view top, absl::string_view kms_socket_lines,
                           absl::string_view local_lines) {
  std::ofstream(config(), std::ios::trunc)
      << "cluster_id: test\nstate_directory: " << state()
      << "\nactive: primary\nproviders:\n  - name: primary\n    local:\n"
      << "      keyring: " << keyring() << "\n"
      << std::string(local_lines) << "admin_socket:\n  path: " << admin_socket()
      << "\nkms_socket:\n  path: " << kms_socket() << "\n"
      << std::string(kms_socket_lines) << std::string(top);
}

DaemonProcess::DaemonProcess(const DaemonHome& home, std::vector<std::string> environment,
                             std::vector<std::string> wrapper)
    : kms_socket_(home.kms_socket()),
      process_(OptionsFor(home, std::move(environment), std::move(wrapper))) {}

bool DaemonProcess::WaitUntilReady() {
  // Short: a call waits for a daemon that may have ended.
  KmsCaller caller(kms_socket_, std::chrono::seconds(1));
  bool ready = false;
  const auto ready_or_ended = [&] {
    ready = caller.Status().ok();
    return ready || !Running();
  };
  return PollUntil(ready_or_ended, std::chrono::minutes(2)) && ready;
}

int DaemonProcess::Stop() {
  Signal(SIGTERM);
  return Wait();
}

void DaemonProcess::Kill() {
  Signal(SIGKILL);
  Wait();
}

}  // namespace signet::testing
