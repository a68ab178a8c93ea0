// A DecryptRequest as it comes off the wire, through parser, translation, service and a real hierarchy on a
// fake KMS. Even first byte: the rest is the message. Odd: the rest changes a message that is good, as a list
// of {u16 offset, u8 xor}, so that the fuzzer gets past every check it has not broken.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "absl/strings/string_view.h"
#include "base/byte_io.h"
#include "crypto/secure_heap.h"
#include "plugin/server/kms_translation.h"
#include "plugin/service/kms_service.h"
#include "proto/kms/v2/api.pb.h"
#include "tests/fuzz/fuzz_check.h"
#include "tests/testing/hierarchy_harness.h"

namespace {

constexpr absl::string_view kPlaintext = "a seed of thirty-two bytes, more";

struct Target {
  Target() {
    FUZZ_CHECK(signet::crypto::InitializeSecureHeap().code() != absl::StatusCode::kResourceExhausted);
    harness.Start();
    const absl::StatusOr<signet::EncryptResult> sealed = service().Encrypt(kPlaintext, "uid");
    FUZZ_CHECK(sealed.ok());
    v2::DecryptRequest request;
    request.set_ciphertext(sealed->ciphertext);
    request.set_uid("uid");
    request.set_key_id(sealed->key->key_id);
    (*request.mutable_annotations())["kek.signet.internal"] = sealed->key->record;
    good = request.SerializeAsString();
    FUZZ_CHECK(Decrypt(good) == kPlaintext);
  }
  signet::KmsService service() { return signet::KmsService({}, *harness.hierarchy); }

  // The plaintext, or "" for every refusal.
  std::string Decrypt(const std::string& message) {
    v2::DecryptRequest request;
    if (!request.ParseFromString(message)) return "";
    signet::testing::Answer answer;
    signet::KmsService kms = service();
    kms.Decrypt(signet::ToDecryptCall(request), answer.callback());
    return answer.Wait().value_or("");
  }

  signet::testing::HierarchyHarness harness;
  std::string good;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static Target* const target = new Target();
  if (size == 0) return 0;
  const absl::string_view input(reinterpret_cast<const char*>(data) + 1, size - 1);
  std::string message(input);
  if (data[0] % 2 == 1) {
    message = target->good;
    signet::ByteReader changes(input);
    uint16_t offset = 0;
    uint8_t bits = 0;
    while (changes.ReadU16(offset) && changes.ReadU8(bits)) {
      char& byte = message[offset % message.size()];
      byte = static_cast<char>(static_cast<uint8_t>(byte) ^ bits);
    }
  }
  const std::string plaintext = target->Decrypt(message);
  // Anything but the one plaintext there is would sit in kube-apiserver's cache for a day.
  FUZZ_CHECK(plaintext.empty() || plaintext == kPlaintext);
  return 0;
}
