// What `signetctl explain` is given, decoded to the bytes to explain. Blocks on the file or the stream.
#ifndef SIGNET_PLUGIN_CMD_SIGNETCTL_EXPLAIN_INPUT_H_
#define SIGNET_PLUGIN_CMD_SIGNETCTL_EXPLAIN_INPUT_H_

#include <cstddef>
#include <istream>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "plugin/etcd/etcdctl_json.h"

namespace signet::ctl {

// etcd holds values of 1.5 MiB at most; as hex, and several in one dump, they are longer.
inline constexpr size_t kMaxExplainInputBytes = size_t{16} << 20;

enum class InputEncoding { kRaw, kHex, kBase64 };

// `file` "-" is `in`. NOT_FOUND, PERMISSION_DENIED; INVALID_ARGUMENT: too long.
absl::StatusOr<std::string> ReadExplainInput(const std::string& file, std::istream& in);

// The blobs in `text`: the decoded bytes, or every entry of an etcdctl JSON dump. White space does not count
// in hex and base64; hex may have "0x" in front or "\x" before every byte. Keys are empty where unknown.
// INVALID_ARGUMENT: not in that encoding.
absl::StatusOr<std::vector<etcd::KeyValue>> DecodeExplainInput(absl::string_view text,
                                                               InputEncoding encoding);

// A hint for input that could not be explained as raw bytes: "" or which option to try.
std::string HintForRawInput(absl::string_view text);

}  // namespace signet::ctl

#endif  // SIGNET_PLUGIN_CMD_SIGNETCTL_EXPLAIN_INPUT_H_
