#include "bench/macro/signet_process.h"

#include <fcntl.h>
#include <grpcpp/grpcpp.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "tests/testing/poll.h"

namespace signet::bench {
namespace {

// The start takes milliseconds and is timed, so it is looked at more often than a test would.
constexpr std::chrono::seconds kLimit{10};
constexpr std::chrono::microseconds kInterval{200};

pid_t Spawn(const std::string& program, const std::vector<std::string>& arguments, const std::string& log) {
  std::vector<char*> argv;
  argv.push_back(const_cast<char*>(program.c_str()));
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  const pid_t pid = ::fork();
  if (pid < 0) Die("fork");
  if (pid == 0) {
    const int out = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    ::dup2(out, 1);
    ::dup2(out, 2);
    ::execv(program.c_str(), argv.data());
    ::_exit(127);
  }
  return pid;
}

int WaitForExit(pid_t pid) {
  int status = 0;
  if (::waitpid(pid, &status, 0) != pid) Die("waitpid");
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

bool Accepts(const std::string& path) {
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof(address.sun_path) - 1);
  const bool ok = ::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0;
  ::close(fd);
  return ok;
}

}  // namespace

void Die(const std::string& what) {
  std::fprintf(stderr, "signet-figures: %s\n", what.c_str());
  std::exit(1);
}

void RunQuietly(const std::string& program, const std::vector<std::string>& arguments) {
  const int code = WaitForExit(Spawn(program, arguments, "/dev/null"));
  if (code != 0) Die(absl::StrCat(program, " ended with ", code));
}

SignetProcess::SignetProcess(std::string signetd, std::string folder)
    : signetd_(std::move(signetd)), folder_(std::move(folder)) {}

SignetProcess::~SignetProcess() {
  if (pid_ > 0) {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
}

absl::Duration SignetProcess::Start() {
  const std::string socket = absl::StrCat(folder_, "/kms.sock");
  const absl::Time started = absl::Now();
  pid_ = Spawn(signetd_, {"--config", absl::StrCat(folder_, "/signetd.yaml")}, absl::StrCat(folder_, "/log"));
  if (!signet::testing::PollUntil([&] { return Accepts(socket); }, kLimit, kInterval))
    Die("signetd does not listen");
  stub_ = v2::KeyManagementService::NewStub(
      grpc::CreateChannel(absl::StrCat("unix:", socket), grpc::InsecureChannelCredentials()));
  const auto is_ready = [&] {
    grpc::ClientContext context;
    context.set_wait_for_ready(true);
    v2::StatusResponse response;
    return stub_->Status(&context, {}, &response).ok();
  };
  if (!signet::testing::PollUntil(is_ready, kLimit, kInterval)) Die("signetd does not become ready");
  return absl::Now() - started;
}

void SignetProcess::Stop() {
  stub_.reset();
  ::kill(pid_, SIGTERM);
  const int code = WaitForExit(pid_);
  pid_ = -1;
  if (code != 0) Die(absl::StrCat("signetd ended with ", code));
}

size_t SignetProcess::ResidentKib() const {
  std::ifstream status(absl::StrCat("/proc/", pid_, "/status"));
  std::string word;
  while (status >> word) {
    size_t kib = 0;
    if (word == "VmRSS:" && status >> kib) return kib;
  }
  Die("no VmRSS");
}

}  // namespace signet::bench
