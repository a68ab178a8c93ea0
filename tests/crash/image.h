// Image: the files of one folder at one moment, as values.
#ifndef SIGNET_TESTS_CRASH_IMAGE_H_
#define SIGNET_TESTS_CRASH_IMAGE_H_

#include <sys/types.h>

#include <map>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace signet::testing {

struct ImageEntry {
  bool folder = false;
  mode_t mode = 0;  // permission bits
  std::string data;

  friend bool operator==(const ImageEntry&, const ImageEntry&) = default;
};

// By path relative to the folder; the folder itself is not in it.
using Image = std::map<std::string, ImageEntry>;

// Equal for equal images only.
std::string ImageHash(const Image& image);

// Regular files and folders; sockets and the like are left out.
Image ReadImage(const std::string& folder);

// Makes the files of `image` in the existing `folder`. In regular files every `old_root` becomes `folder`, so
// that absolute paths in a configuration still lead inside.
absl::Status WriteImage(const Image& image, absl::string_view old_root, const std::string& folder);

// "keyring (0600, 123 bytes) state/ (0700) …", for messages.
std::string DescribeImage(const Image& image);

}  // namespace signet::testing

#endif  // SIGNET_TESTS_CRASH_IMAGE_H_
