// Replaces one file's content, with or without the care that a power cut asks for: what the crash states of a
// careful and of a careless program look like. "product" leaves the whole matter to DurableFiles.
//
//   toy_writer FOLDER NAME CONTENT careful|no-file-sync|no-folder-sync|in-place|product
#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <string>

#include "base/durable_files.h"

namespace {

bool Write(const std::string& path, const std::string& content, int flags, bool sync) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | flags, 0600);
  if (fd < 0) return false;
  bool good = ::write(fd, content.data(), content.size()) == static_cast<ssize_t>(content.size());
  if (sync) good = good && ::fsync(fd) == 0;
  return ::close(fd) == 0 && good;
}

bool SyncFolder(const std::string& folder) {
  const int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return false;
  const bool good = ::fsync(fd) == 0;
  ::close(fd);
  return good;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) return 2;
  const std::string folder = argv[1], path = folder + "/" + argv[2], content = argv[3], care = argv[4];
  if (care == "product") return signet::PosixDurableFiles().Replace(path, content, 0600).ok() ? 0 : 1;
  if (care == "in-place") return Write(path, content, O_TRUNC, true) && SyncFolder(folder) ? 0 : 1;
  const std::string temporary = path + ".tmp";
  if (!Write(temporary, content, O_EXCL, care != "no-file-sync")) return 1;
  if (std::rename(temporary.c_str(), path.c_str()) != 0) return 1;
  return care == "no-folder-sync" || SyncFolder(folder) ? 0 : 1;
}
