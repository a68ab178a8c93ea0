// The state file: whole, and as a body behind a good frame, which a checksum would otherwise hide.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "absl/strings/string_view.h"
#include "plugin/hierarchy/framed_file.h"
#include "plugin/hierarchy/state_format.h"

namespace {

// What was read is written again as the same state.
void Check(absl::string_view bytes) {
  const absl::StatusOr<signet::PersistentState> state = signet::DecodeState(bytes);
  if (!state.ok()) return;
  const absl::StatusOr<std::string> written = signet::EncodeState(*state);
  // A file may be as long as allowed without its empty sections.
  if (!written.ok()) return;
  const absl::StatusOr<signet::PersistentState> again = signet::DecodeState(*written);
  if (!again.ok() || !(*again == *state)) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view input(reinterpret_cast<const char*>(data), size);
  Check(input);
  Check(signet::FrameFile("SGNTSTAT", 1, input));
  Check(signet::FrameFile("SGNTSTAT", 2, input));
  return 0;
}
