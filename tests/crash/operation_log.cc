#include "tests/crash/operation_log.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <fstream>
#include <iterator>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/byte_io.h"

namespace signet::testing {
namespace {

bool ReadOperation(ByteReader& reader, Operation& operation) {
  uint8_t kind = 0;
  uint32_t size = 0;
  absl::string_view path, other, data;
  if (!reader.ReadU8(kind) || !reader.ReadU32(operation.pid) || !reader.ReadU32(operation.descriptor) ||
      !reader.ReadU64(operation.offset) || !reader.ReadU32(operation.flags) ||
      !reader.ReadU32(operation.mode) || !reader.ReadU16Prefixed(path) || !reader.ReadU16Prefixed(other) ||
      !reader.ReadU32(size) || !reader.ReadBytes(size, data)) {
    return false;
  }
  if (kind < static_cast<uint8_t>(OperationKind::kOpen) ||
      kind > static_cast<uint8_t>(OperationKind::kMark)) {
    return false;
  }
  operation.kind = static_cast<OperationKind>(kind);
  operation.path = std::string(path);
  operation.other = std::string(other);
  operation.data = std::string(data);
  return true;
}

}  // namespace

std::string Operation::ToString() const {
  switch (kind) {
    case OperationKind::kOpen:
      return absl::StrCat("open ", path, " as ", descriptor);
    case OperationKind::kWrite:
      return absl::StrCat("write ", data.size(), " bytes at ", offset, " to ", descriptor);
    case OperationKind::kTruncate:
      return absl::StrCat("truncate ", path, " to ", offset);
    case OperationKind::kSync:
      return absl::StrCat("sync ", descriptor);
    case OperationKind::kRename:
      return absl::StrCat("rename ", path, " to ", other);
    case OperationKind::kUnlink:
      return absl::StrCat("unlink ", path);
    case OperationKind::kMakeFolder:
      return absl::StrCat("make folder ", path);
    case OperationKind::kLink:
      return absl::StrCat("link ", path, " as ", other);
    case OperationKind::kChangeMode:
      return absl::StrCat("change mode to ", mode & 07777);
    case OperationKind::kMark:
      return absl::StrCat("mark ", offset);
  }
  return "?";
}

absl::StatusOr<std::vector<Operation>> ReadOperationLog(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  if (!stream) return absl::NotFoundError(path);
  const std::string bytes((std::istreambuf_iterator<char>(stream)), std::istreambuf_iterator<char>());
  std::vector<Operation> operations;
  ByteReader reader(bytes);
  while (!reader.empty()) {
    Operation& operation = operations.emplace_back();
    if (!ReadOperation(reader, operation)) {
      return absl::DataLossError(absl::StrCat(path, ": operation ", operations.size(), " is malformed"));
    }
  }
  return operations;
}

std::vector<Operation> WithoutFiles(const std::vector<Operation>& operations,
                                    const std::function<bool(const std::string& name)>& leave_out) {
  std::vector<Operation> left;
  std::set<std::pair<uint32_t, uint32_t>> descriptors;  // of files left out
  for (const Operation& operation : operations) {
    const std::pair descriptor(operation.pid, operation.descriptor);
    if (operation.path.empty()) {
      if (operation.kind == OperationKind::kMark || descriptors.count(descriptor) == 0)
        left.push_back(operation);
      continue;
    }
    const bool out = leave_out(operation.path.substr(operation.path.rfind('/') + 1));
    if (operation.kind == OperationKind::kOpen) {
      descriptors.erase(descriptor);
      if (out) descriptors.insert(descriptor);
    }
    if (!out) left.push_back(operation);
  }
  return left;
}

absl::Status AppendMark(const std::string& path, size_t number) {
  std::string record;
  ByteWriter writer(record);
  writer.WriteU8(static_cast<uint8_t>(OperationKind::kMark));
  writer.WriteU32(static_cast<uint32_t>(::getpid()));
  writer.WriteU32(0);
  writer.WriteU64(number);
  writer.WriteU32(0);
  writer.WriteU32(0);
  writer.WriteU16(0);
  writer.WriteU16(0);
  writer.WriteU32(0);
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (fd < 0) return absl::UnavailableError(path);
  const bool good = ::flock(fd, LOCK_EX) == 0 &&
                    ::write(fd, record.data(), record.size()) == static_cast<ssize_t>(record.size());
  ::close(fd);
  return good ? absl::OkStatus() : absl::UnavailableError(path);
}

}  // namespace signet::testing
