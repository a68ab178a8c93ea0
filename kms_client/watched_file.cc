#include "kms_client/watched_file.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "base/unique_fd.h"

namespace signet::kms {
namespace {

absl::Status ErrnoStatus(int error, const std::string& path) {
  switch (error) {
    case ENOENT:
    case ENOTDIR:
      return absl::NotFoundError(absl::StrCat(path, " does not exist"));
    case EACCES:
    case EPERM:
      return absl::PermissionDeniedError(absl::StrCat(path, " is not readable for us"));
    default:
      return absl::UnavailableError(absl::StrCat("cannot read ", path));
  }
}

absl::Status CheckAttributes(const struct stat& info, const std::string& path, FileSecrecy secrecy,
                             size_t max_bytes) {
  if (!S_ISREG(info.st_mode)) return absl::FailedPreconditionError(absl::StrCat(path, " is no regular file"));
  if (info.st_uid != 0 && info.st_uid != ::geteuid()) {
    return absl::PermissionDeniedError(
        absl::StrCat(path, " belongs to uid ", info.st_uid, ", neither root nor ours"));
  }
  if ((info.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    return absl::PermissionDeniedError(absl::StrCat(path, " is writable by others: chmod go-w"));
  }
  if (secrecy == FileSecrecy::kSecret && (info.st_mode & S_IRWXO) != 0) {
    return absl::PermissionDeniedError(absl::StrCat(path, " is open to others: chmod o-rwx"));
  }
  if (info.st_size == 0) return absl::FailedPreconditionError(absl::StrCat(path, " is empty"));
  if (static_cast<uint64_t>(info.st_size) > max_bytes) {
    return absl::FailedPreconditionError(absl::StrCat(path, " is longer than ", max_bytes, " bytes"));
  }
  return absl::OkStatus();
}

bool SameTime(const timespec& a, const timespec& b) { return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec; }

bool Unchanged(const struct stat& a, const struct stat& b) {
  return a.st_dev == b.st_dev && a.st_ino == b.st_ino && a.st_size == b.st_size && a.st_mode == b.st_mode &&
         a.st_uid == b.st_uid && SameTime(a.st_mtim, b.st_mtim) && SameTime(a.st_ctim, b.st_ctim);
}

// The attributes of what was in fact opened, and its bytes.
absl::StatusOr<crypto::SensitiveString> ReadAll(const std::string& path, FileSecrecy secrecy,
                                                size_t max_bytes, struct stat& info) {
  const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!file.valid()) return ErrnoStatus(errno, path);
  if (::fstat(file.get(), &info) != 0) return ErrnoStatus(errno, path);
  SIGNET_RETURN_IF_ERROR(CheckAttributes(info, path, secrecy, max_bytes));
  crypto::SensitiveString bytes(std::string(static_cast<size_t>(info.st_size), '\0'));
  std::string& text = bytes.ExposeMutable();
  size_t done = 0;
  while (done < text.size()) {
    const ssize_t got = ::read(file.get(), text.data() + done, text.size() - done);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return ErrnoStatus(errno, path);
    if (got == 0) break;
    done += static_cast<size_t>(got);
  }
  // Being rewritten in place at this moment: the next call sees it whole.
  if (done != text.size()) return absl::UnavailableError(absl::StrCat(path, " changed while it was read"));
  return bytes;
}

}  // namespace

WatchedFile::WatchedFile(std::string path, FileSecrecy secrecy, size_t max_bytes)
    : path_(std::move(path)), secrecy_(secrecy), max_bytes_(max_bytes) {}

absl::StatusOr<std::shared_ptr<const WatchedFile::Content>> WatchedFile::Read() {
  struct stat info {};
  if (::stat(path_.c_str(), &info) != 0) return ErrnoStatus(errno, path_);
  uint64_t generation = 0;
  {
    MutexLock lock(mutex_);
    if (content_ != nullptr && Unchanged(info, seen_)) return content_;
    generation = content_ == nullptr ? 0 : content_->generation;
  }
  SIGNET_ASSIGN_OR_RETURN(crypto::SensitiveString bytes, ReadAll(path_, secrecy_, max_bytes_, info));
  MutexLock lock(mutex_);
  // Another thread may have read the same or a newer content meanwhile; its generation is never reused.
  if (content_ != nullptr && content_->generation > generation) {
    if (Unchanged(info, seen_)) return content_;
    generation = content_->generation;
  }
  content_ = std::make_shared<const Content>(Content{std::move(bytes), generation + 1});
  seen_ = info;
  return content_;
}

}  // namespace signet::kms
