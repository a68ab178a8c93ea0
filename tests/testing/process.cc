#include "tests/testing/process.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>

namespace signet::testing {
namespace {

void CheckSystem(bool good, const char* what) {
  if (good) return;
  std::perror(what);
  std::abort();
}

// A file in memory: the child never blocks on it, and it can be read at any time.
int MemoryFile(const std::string& content) {
  const int fd = ::memfd_create("process", MFD_CLOEXEC);
  CheckSystem(fd >= 0, "memfd_create");
  CheckSystem(::pwrite(fd, content.data(), content.size(), 0) == static_cast<ssize_t>(content.size()),
              "pwrite");
  return fd;
}

std::string ReadAll(int fd) {
  struct stat info {};
  CheckSystem(::fstat(fd, &info) == 0, "fstat");
  std::string content(static_cast<size_t>(info.st_size), '\0');
  const ssize_t got = ::pread(fd, content.data(), content.size(), 0);
  content.resize(got < 0 ? 0 : static_cast<size_t>(got));
  return content;
}

std::vector<char*> Pointers(const std::vector<std::string>& strings) {
  std::vector<char*> pointers;
  for (const std::string& string : strings) pointers.push_back(const_cast<char*>(string.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

}  // namespace

Process::Process(const ProcessOptions& options) : output_(MemoryFile("")), errors_(MemoryFile("")) {
  std::vector<std::string> environment = options.environment;
  for (char** variable = ::environ; *variable != nullptr; ++variable) environment.emplace_back(*variable);
  const std::vector<char*> arguments = Pointers(options.arguments);
  const std::vector<char*> variables = Pointers(environment);
  const int input = MemoryFile(options.input);
  const pid_t parent = ::getpid();
  pid_ = ::fork();
  CheckSystem(pid_ >= 0, "fork");
  if (pid_ == 0) {
    // Only what is safe between fork and exec. dup2 shares the offset, which is where the writing starts.
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent || ::dup2(input, 0) < 0 || ::dup2(output_, 1) < 0 || ::dup2(errors_, 2) < 0) {
      ::_exit(126);
    }
    ::execve(arguments[0], arguments.data(), variables.data());
    ::_exit(127);
  }
  ::close(input);
}

Process::~Process() {
  if (!ended_) {
    Signal(SIGKILL);
    Wait();
  }
  ::close(output_);
  ::close(errors_);
}

void Process::Signal(int signal) {
  if (Running()) ::kill(pid_, signal);
}

bool Process::Running() {
  if (ended_) return false;
  siginfo_t info{};
  CheckSystem(::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT) == 0, "waitid");
  return info.si_pid == 0;
}

int Process::Wait() {
  if (ended_) return exit_code_;
  int status = 0;
  while (::waitpid(pid_, &status, 0) < 0) CheckSystem(errno == EINTR, "waitpid");
  ended_ = true;
  exit_code_ = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  return exit_code_;
}

std::string Process::Output() const { return ReadAll(output_); }
std::string Process::Errors() const { return ReadAll(errors_); }

ProcessResult RunProcess(const ProcessOptions& options) {
  Process process(options);
  const int exit_code = process.Wait();
  return {exit_code, process.Output(), process.Errors()};
}

}  // namespace signet::testing
