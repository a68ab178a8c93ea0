#include "plugin/config/config_loader.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <optional>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "plugin/config/config_reader.h"
#include "plugin/config/yaml_tree.h"

namespace signet {
namespace {

absl::Status FileError(int error, const std::string& path) {
  const std::string message = absl::StrCat(path, ": ", ::strerrordesc_np(error));
  if (error == ENOENT || error == ENOTDIR) return absl::NotFoundError(message);
  if (error == EACCES || error == EPERM) return absl::PermissionDeniedError(message);
  return absl::UnavailableError(message);
}

// Not DurableFiles::Read: that follows no links, and a mounted ConfigMap is one.
absl::StatusOr<std::string> ReadConfigFile(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (fd < 0) return FileError(errno, path);
  const auto close = absl::MakeCleanup([fd] { ::close(fd); });
  struct stat info {};
  if (::fstat(fd, &info) != 0) return FileError(errno, path);
  if (!S_ISREG(info.st_mode)) return absl::InvalidArgumentError(absl::StrCat(path, ": not a regular file"));
  if ((info.st_mode & S_IWOTH) != 0) {
    return absl::PermissionDeniedError(
        absl::StrCat(path, ": everybody may write it, and it names the keys' files; run: chmod o-w ", path));
  }
  // One byte more than is allowed tells a file that is too long, even one that grows.
  std::string content(kMaxYamlBytes + 1, '\0');
  size_t done = 0;
  while (done < content.size()) {
    const ssize_t got = ::read(fd, content.data() + done, content.size() - done);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return FileError(errno, path);
    if (got == 0) break;
    done += static_cast<size_t>(got);
  }
  content.resize(done);
  return content;
}

}  // namespace

absl::StatusOr<Config> LoadConfigText(absl::string_view name, absl::string_view text) {
  ReadContext context;
  Config config;
  if (const std::optional<YamlNode> root = ParseYaml(text, context.problems)) {
    SectionReader reader(context, &*root, "", root->position);
    if (root->kind == YamlNode::Kind::kMap) {
      config = ReadConfig(reader);
      CheckRelations(config, context);
    }
  }
  if (!context.problems.empty()) return absl::InvalidArgumentError(context.problems.Explain(name));
  return config;
}

absl::StatusOr<Config> LoadConfigFile(const std::string& path) {
  SIGNET_ASSIGN_OR_RETURN(const std::string text, ReadConfigFile(path));
  return LoadConfigText(path, text);
}

std::vector<std::string> KnownConfigFields() {
  ReadContext context;
  context.listing = true;
  SectionReader root(context, nullptr, "", {});
  ReadConfig(root);
  return {context.known.begin(), context.known.end()};
}

}  // namespace signet
