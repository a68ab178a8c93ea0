// SignetProcess: a signetd child in a throw-away folder, and calls to it, for the figures of bench/macro.
// Not thread-safe but for the stub. Every failure ends the program: a figure from a broken run is worthless.
#ifndef SIGNET_BENCH_MACRO_SIGNET_PROCESS_H_
#define SIGNET_BENCH_MACRO_SIGNET_PROCESS_H_

#include <sys/types.h>

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "proto/kms/v2/api.grpc.pb.h"

namespace signet::bench {

// Prints to stderr and exits with 1.
[[noreturn]] void Die(const std::string& what);

// Runs a program to its end and demands exit code 0; its output is dropped.
void RunQuietly(const std::string& program, const std::vector<std::string>& arguments);

class SignetProcess {
 public:
  // `folder` was made by `signetctl init`.
  SignetProcess(std::string signetd, std::string folder);
  ~SignetProcess();
  SignetProcess(const SignetProcess&) = delete;
  SignetProcess& operator=(const SignetProcess&) = delete;

  // Starts the daemon; returns the time from before fork to the first OK Status over the socket.
  absl::Duration Start();
  // SIGTERM, and exit code 0.
  void Stop();

  v2::KeyManagementService::Stub& stub() { return *stub_; }
  // Resident memory as /proc/<pid>/status says.
  size_t ResidentKib() const;

 private:
  const std::string signetd_;
  const std::string folder_;
  pid_t pid_ = -1;
  std::unique_ptr<v2::KeyManagementService::Stub> stub_;
};

}  // namespace signet::bench

#endif  // SIGNET_BENCH_MACRO_SIGNET_PROCESS_H_
