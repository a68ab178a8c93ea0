// The frame around both files of the state directory: what it is, which format, how long, and a checksum, so
// that a torn file, a foreign one and one of a newer signetd are told apart. Layout: STATE_FORMAT.md,
// "Frame".
//
// Parses bytes from the disk. Thread-safe (pure functions); nothing blocks.
#ifndef SIGNET_PLUGIN_HIERARCHY_FRAMED_FILE_H_
#define SIGNET_PLUGIN_HIERARCHY_FRAMED_FILE_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace signet {

// `magic` is 8 bytes; `body` is shorter than 4 GiB.
std::string FrameFile(absl::string_view magic, uint32_t format, absl::string_view body);

struct UnframedFile {
  uint32_t format = 0;
  absl::string_view body;  // a view into the file's bytes
};
//  DATA_LOSS: torn, foreign or changed; FAILED_PRECONDITION: whole, but its
// format is above `newest_format`.
absl::StatusOr<UnframedFile> UnframeFile(absl::string_view magic, uint32_t newest_format,
                                         absl::string_view bytes);

}  // namespace signet

#endif  // SIGNET_PLUGIN_HIERARCHY_FRAMED_FILE_H_
