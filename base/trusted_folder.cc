#include "base/trusted_folder.h"

#include <errno.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include <deque>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "base/status_macros.h"

namespace signet {
namespace {

constexpr int kMaxLinks = 40;  // as the kernel

class FolderWalk {
 public:
  explicit FolderWalk(absl::string_view folder) { Prepend(folder); }

  absl::Status Run() {
    SIGNET_RETURN_IF_ERROR(Enter("/"));
    while (!rest_.empty()) {
      const std::string name = rest_.front();
      rest_.pop_front();
      if (name.empty() || name == ".") continue;
      // `current_` holds no links any more, so its parent is the text before the last slash.
      const size_t slash = current_.rfind('/');
      SIGNET_RETURN_IF_ERROR(name != ".." ? Enter(absl::StrCat(current_ == "/" ? "" : current_, "/", name))
                             : slash == 0 ? Enter("/")
                                          : Enter(current_.substr(0, slash)));
    }
    if (sticky_) {
      return absl::PermissionDeniedError(absl::StrCat(current_, " is writable by others"));
    }
    return absl::OkStatus();
  }

 private:
  void Prepend(absl::string_view path) {
    const std::deque<std::string> names = absl::StrSplit(path, '/');
    rest_.insert(rest_.begin(), names.begin(), names.end());
  }

  absl::Status Enter(const std::string& path) {
    struct stat info {};
    if (::lstat(path.c_str(), &info) != 0) {
      return errno == ENOENT ? absl::NotFoundError(absl::StrCat(path, " does not exist"))
                             : absl::ErrnoToStatus(errno, path);
    }
    if (info.st_uid != 0 && info.st_uid != ::geteuid()) {
      return absl::PermissionDeniedError(
          absl::StrCat(path, " belongs to uid ", info.st_uid, ", neither root nor ours"));
    }
    if (S_ISLNK(info.st_mode)) return Follow(path);
    if (!S_ISDIR(info.st_mode)) return absl::FailedPreconditionError(absl::StrCat(path, " is not a folder"));
    sticky_ = (info.st_mode & (S_IWGRP | S_IWOTH)) != 0;
    if (sticky_ && (info.st_mode & S_ISVTX) == 0) {
      return absl::PermissionDeniedError(
          absl::StrFormat("%s is writable by others (mode %04o)", path, info.st_mode & 07777));
    }
    current_ = path;
    return absl::OkStatus();
  }

  absl::Status Follow(const std::string& path) {
    if (++links_ > kMaxLinks) {
      return absl::FailedPreconditionError(absl::StrCat(path, ": too many symbolic links"));
    }
    char target[PATH_MAX];
    const ssize_t size = ::readlink(path.c_str(), target, sizeof(target));
    if (size < 0) return absl::ErrnoToStatus(errno, path);
    const absl::string_view text(target, static_cast<size_t>(size));
    Prepend(text);
    return !text.empty() && text.front() == '/' ? Enter("/") : absl::OkStatus();
  }

  std::deque<std::string> rest_;
  std::string current_ = "/";
  bool sticky_ = false;  // `current_` is writable by others, though they cannot touch what is not theirs
  int links_ = 0;
};

}  // namespace

absl::Status CheckTrustedFolder(absl::string_view folder) {
  if (folder.empty() || folder.front() != '/') {
    return absl::FailedPreconditionError(absl::StrCat("folder is not absolute: ", folder));
  }
  return FolderWalk(folder).Run();
}

}  // namespace signet
