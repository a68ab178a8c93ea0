// The journal: whole, and as a body behind a good frame, which a checksum would otherwise hide.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "plugin/hierarchy/framed_file.h"
#include "plugin/hierarchy/journal.h"

namespace {

void Check(absl::string_view bytes) {
  const absl::StatusOr<std::vector<std::string>> records = signet::DecodeJournal(bytes);
  // The format is canonical.
  if (records.ok() && signet::EncodeJournal(*records) != bytes) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view input(reinterpret_cast<const char*>(data), size);
  Check(input);
  Check(signet::FrameFile("SGNTJRNL", 1, input));
  return 0;
}
