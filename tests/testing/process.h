// Process: another program as a child of the test, with what it wrote, and never left running.
#ifndef SIGNET_TESTS_TESTING_PROCESS_H_
#define SIGNET_TESTS_TESTING_PROCESS_H_

#include <sys/types.h>

#include <memory>
#include <string>
#include <vector>

namespace signet::testing {

struct ProcessOptions {
  std::vector<std::string> arguments = {};    // the first is the program's path
  std::vector<std::string> environment = {};  // "NAME=value", added to the test's own
  std::string input = {};                     // its standard input
};

// Not thread-safe. Killed and reaped when destroyed, and by the kernel should the test die.
class Process {
 public:
  // Aborts the test when the system refuses; a program that cannot be run ends with exit code 127.
  explicit Process(const ProcessOptions& options);
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  pid_t pid() const { return pid_; }
  void Signal(int signal);
  // Whether it has not ended yet; does not block.
  bool Running();
  // Blocks until it ends: its exit code, or 128 + the signal that ended it.
  int Wait();

  // Everything written so far; also after the end.
  std::string Output() const;
  std::string Errors() const;

 private:
  pid_t pid_ = -1;
  bool ended_ = false;
  int exit_code_ = 0;
  int output_ = -1;
  int errors_ = -1;
};

struct ProcessResult {
  int exit_code = 0;
  std::string output;
  std::string errors;
};

// Runs a program to its end.
ProcessResult RunProcess(const ProcessOptions& options);

}  // namespace signet::testing

#endif  // SIGNET_TESTS_TESTING_PROCESS_H_
