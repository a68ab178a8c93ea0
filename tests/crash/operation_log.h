// The log that recorder.c writes: every change to the files below one folder, in the order in which it was
// made, and between the changes the marks of the test that drives the recorded programs.
#ifndef SIGNET_TESTS_CRASH_OPERATION_LOG_H_
#define SIGNET_TESTS_CRASH_OPERATION_LOG_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace signet::testing {

// The numbers are recorder.c's.
enum class OperationKind : uint8_t {
  kOpen = 1,
  kWrite = 2,
  kTruncate = 3,
  kSync = 4,
  kRename = 5,
  kUnlink = 6,
  kMakeFolder = 7,
  kLink = 8,
  kChangeMode = 9,
  kMark = 10,
};

struct Operation {
  OperationKind kind{};
  uint32_t pid = 0;
  uint32_t descriptor = 0;  // where the call took one and no path
  uint64_t offset = 0;      // of a write; the new size of a truncation
  uint32_t flags = 0;       // of open(2)
  uint32_t mode = 0;
  std::string path;   // absolute
  std::string other;  // the new name of a rename or link
  std::string data;   // of a write

  // "write 12 bytes at 0", for messages.
  std::string ToString() const;
};

// DATA_LOSS where the log ends within an operation or holds an unknown one.
absl::StatusOr<std::vector<Operation>> ReadOperationLog(const std::string& path);

// `operations` without those on files of these names (the last part of a path).
std::vector<Operation> WithoutFiles(const std::vector<Operation>& operations,
                                    const std::function<bool(const std::string& name)>& leave_out);

// Adds a mark: whatever was promised to anyone so far is promised from here on. `number` comes back as the
// mark's offset.
absl::Status AppendMark(const std::string& path, size_t number);

}  // namespace signet::testing

#endif  // SIGNET_TESTS_CRASH_OPERATION_LOG_H_
