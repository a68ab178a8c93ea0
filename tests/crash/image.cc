#include "tests/crash/image.h"

#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "base/byte_io.h"
#include "crypto/digest.h"

namespace signet::testing {

std::string ImageHash(const Image& image) {
  std::string bytes;
  ByteWriter writer(bytes);
  for (const auto& [path, entry] : image) {
    writer.WriteU32(static_cast<uint32_t>(path.size()));
    writer.WriteBytes(path);
    writer.WriteU8(entry.folder ? 1 : 0);
    writer.WriteU32(static_cast<uint32_t>(entry.mode));
    writer.WriteU64(entry.data.size());
    writer.WriteBytes(entry.data);
  }
  const crypto::Sha256Digest digest = crypto::Sha256(bytes);
  return std::string(digest.begin(), digest.end());
}

Image ReadImage(const std::string& folder) {
  Image image;
  for (const auto& found : std::filesystem::recursive_directory_iterator(folder)) {
    const auto status = found.symlink_status();
    if (!std::filesystem::is_regular_file(status) && !std::filesystem::is_directory(status)) continue;
    ImageEntry& entry = image[std::filesystem::relative(found.path(), folder).generic_string()];
    entry.folder = std::filesystem::is_directory(status);
    entry.mode = static_cast<mode_t>(status.permissions());
    if (entry.folder) continue;
    std::ifstream stream(found.path(), std::ios::binary);
    entry.data.assign(std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>());
  }
  return image;
}

absl::Status WriteImage(const Image& image, absl::string_view old_root, const std::string& folder) {
  // A folder sorts before what it holds.
  for (const auto& [relative, entry] : image) {
    const std::string path = absl::StrCat(folder, "/", relative);
    if (entry.folder) {
      if (::mkdir(path.c_str(), 0700) != 0) return absl::UnavailableError(path);
    } else {
      std::ofstream stream(path, std::ios::binary);
      stream << (old_root.empty() ? entry.data : absl::StrReplaceAll(entry.data, {{old_root, folder}}));
      if (!stream.flush()) return absl::UnavailableError(path);
    }
    if (::chmod(path.c_str(), entry.mode) != 0) return absl::UnavailableError(path);
  }
  return absl::OkStatus();
}

std::string DescribeImage(const Image& image) {
  std::string text;
  for (const auto& [path, entry] : image) {
    if (!text.empty()) text += " ";
    if (entry.folder) {
      absl::StrAppendFormat(&text, "%s/ (%04o)", path, entry.mode);
    } else {
      const auto digest = crypto::Sha256(entry.data);
      const absl::string_view start(reinterpret_cast<const char*>(digest.data()), 3);
      absl::StrAppendFormat(&text, "%s (%04o, %d bytes, %s)", path, entry.mode, entry.data.size(),
                            absl::BytesToHexString(start));
    }
  }
  return text;
}

}  // namespace signet::testing
