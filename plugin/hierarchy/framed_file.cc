#include "plugin/hierarchy/framed_file.h"

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/byte_io.h"
#include "crypto/digest.h"

namespace signet {
namespace {

absl::string_view View(const crypto::Sha256Digest& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

}  // namespace

std::string FrameFile(absl::string_view magic, uint32_t format, absl::string_view body) {
  std::string bytes;
  ByteWriter writer(bytes);
  writer.WriteBytes(magic);
  writer.WriteU32(format);
  writer.WriteU32(static_cast<uint32_t>(body.size()));
  writer.WriteBytes(body);
  const crypto::Sha256Digest checksum = crypto::Sha256(bytes);
  writer.WriteBytes(View(checksum));
  return bytes;
}

absl::StatusOr<UnframedFile> UnframeFile(absl::string_view magic, uint32_t newest_format,
                                         absl::string_view bytes) {
  ByteReader reader(bytes);
  absl::string_view found_magic, body, checksum;
  uint32_t format = 0, size = 0;
  if (!reader.ReadBytes(magic.size(), found_magic)) return absl::DataLossError("truncated");
  if (found_magic != magic) return absl::DataLossError("not a file of signetd");
  if (!reader.ReadU32(format) || !reader.ReadU32(size) || !reader.ReadBytes(size, body) ||
      !reader.ReadBytes(sizeof(crypto::Sha256Digest), checksum)) {
    return absl::DataLossError("truncated");
  }
  if (!reader.empty()) return absl::DataLossError("trailing bytes");
  if (View(crypto::Sha256(bytes.substr(0, bytes.size() - checksum.size()))) != checksum) {
    return absl::DataLossError("wrong checksum");
  }
  if (format == 0) return absl::DataLossError("format 0");
  if (format > newest_format) {
    return absl::FailedPreconditionError(absl::StrCat("written by a newer signetd (format ", format,
                                                      ", this one reads up to ", newest_format, ")"));
  }
  return UnframedFile{format, body};
}

}  // namespace signet
