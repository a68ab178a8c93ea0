// ParseEnvelope and OpenEnvelope on hostile bytes: as they come, behind a good header, and as a list of
// changes to a good envelope. Only that good envelope opens. And what is sealed opens again.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <utility>

#include "crypto/envelope.h"
#include "crypto/secure_heap.h"
#include "tests/fuzz/fuzz_check.h"
#include "tests/testing/counting_random.h"

namespace signet::crypto {
namespace {

constexpr absl::string_view kKeyId = "local-v1-8f3a1c0d9e7b2a44";
constexpr absl::string_view kPlaintext = "thirty-two bytes of a seed, so..";

struct Fixture {
  std::unique_ptr<const LocalKek> kek;
  LocalKekId kek_id;
  std::string envelope;
};

const Fixture& Good() {
  static const Fixture* const fixture = [] {
    if (const absl::Status heap = InitializeSecureHeap(); !heap.ok() && !absl::IsFailedPrecondition(heap)) {
      std::abort();
    }
    auto* const made = new Fixture();
    testing::CountingRandom random(0x33);
    made->kek = *LocalKek::Derive(*GenerateLocalKek(random));
    made->kek_id = ComputeLocalKekId("a record");
    made->envelope = *SealEnvelope(*made->kek, made->kek_id, kKeyId, kPlaintext, random);
    return made;
  }();
  return *fixture;
}

void CheckOpen(absl::string_view bytes) {
  const absl::StatusOr<EnvelopeView> view = ParseEnvelope(bytes);
  if (!view.ok()) {
    FUZZ_CHECK(absl::IsInvalidArgument(view.status()));
    return;
  }
  FUZZ_CHECK(view->header.size() + view->wrapped_dek.size() + view->payload.size() == bytes.size());
  const absl::StatusOr<SensitiveString> opened = OpenEnvelope(*Good().kek, kKeyId, *view);
  if (bytes == Good().envelope) {
    FUZZ_CHECK(opened.ok() && opened->Expose() == kPlaintext);
  } else {
    FUZZ_CHECK(absl::IsDataLoss(opened.status()));
  }
}

// Three bytes per change: a place (16 bits, counted round the envelope) and what is XORed in there. The first
// byte cuts the envelope or makes it longer.
void CheckChanges(absl::string_view changes) {
  if (changes.empty()) return;
  std::string bytes = Good().envelope;
  const auto resize = static_cast<int8_t>(changes[0]);
  const int64_t size = static_cast<int64_t>(bytes.size()) + resize;
  bytes.resize(static_cast<size_t>(size), '\0');
  changes.remove_prefix(1);
  for (; changes.size() >= 3 && !bytes.empty(); changes.remove_prefix(3)) {
    const size_t place = (size_t{static_cast<uint8_t>(changes[0])} << 8 | static_cast<uint8_t>(changes[1]));
    char& changed = bytes[place % bytes.size()];
    changed = static_cast<char>(changed ^ changes[2]);
  }
  CheckOpen(bytes);
}

void CheckRoundTrip(absl::string_view plaintext) {
  const absl::StatusOr<std::string> sealed =
      SealEnvelope(*Good().kek, Good().kek_id, kKeyId, plaintext, SystemRandom());
  FUZZ_CHECK(sealed.ok() == (!plaintext.empty() && plaintext.size() <= kMaxPlaintextBytes));
  if (!sealed.ok()) return;
  const absl::StatusOr<EnvelopeView> view = ParseEnvelope(*sealed);
  FUZZ_CHECK(view.ok() && view->local_kek_id == Good().kek_id);
  const absl::StatusOr<SensitiveString> opened = OpenEnvelope(*Good().kek, kKeyId, *view);
  FUZZ_CHECK(opened.ok() && opened->Expose() == plaintext);
  FUZZ_CHECK(absl::IsDataLoss(OpenEnvelope(*Good().kek, "another", *view).status()));
}

int TestOneInput(const uint8_t* data, size_t size) {
  const std::string input(reinterpret_cast<const char*>(data), size);
  CheckOpen(input);
  CheckOpen(Good().envelope.substr(0, kEnvelopeHeaderBytes) + input);
  CheckChanges(input);
  CheckRoundTrip(input);
  return 0;
}

}  // namespace
}  // namespace signet::crypto

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  return signet::crypto::TestOneInput(data, size);
}
