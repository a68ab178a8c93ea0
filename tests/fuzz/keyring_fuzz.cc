// A keyring file of hostile bytes: as it comes, as a body behind a good header and checksum, as a body under
// a good seal, and as a blob of a version. What is read is written back as the same bytes.
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "absl/strings/str_cat.h"
#include "base/byte_io.h"
#include "crypto/aes_gcm.h"
#include "crypto/digest.h"
#include "crypto/secure_heap.h"
#include "kms_client/local/keyring_codec.h"
#include "kms_client/local/local_blob.h"
#include "tests/fuzz/fuzz_check.h"
#include "tests/testing/counting_random.h"

namespace signet::kms {
namespace {

absl::Span<const uint8_t> Bytes(absl::string_view text) {
  return absl::MakeConstSpan(reinterpret_cast<const uint8_t*>(text.data()), text.size());
}

struct Fixture {
  crypto::SecretBytes seal_key;
  Keyring keyring;
};

const Fixture& Good() {
  static const Fixture* const fixture = [] {
    const absl::Status heap = crypto::InitializeSecureHeap();
    if (!heap.ok() && !absl::IsFailedPrecondition(heap)) std::abort();
    testing::CountingRandom random(0x11);
    return new Fixture{*crypto::SecretBytes::CopyOf(std::string(32, 's')),
                       *Keyring::Generate(random, absl::FromUnixSeconds(1700000000))};
  }();
  return *fixture;
}

bool IsExpected(const absl::Status& status) {
  return absl::IsDataLoss(status) || absl::IsFailedPrecondition(status) ||
         absl::IsResourceExhausted(status) || absl::IsPermissionDenied(status);
}

void CheckFile(const std::string& bytes) {
  const absl::StatusOr<KeyringFileParts> parts = ParseKeyringFile(bytes);
  if (!parts.ok()) {
    FUZZ_CHECK(IsExpected(parts.status()));
    return;
  }
  const bool sealed = parts->seal.has_value();
  const absl::StatusOr<Keyring> keyring = DecodeKeyring(*parts, sealed ? &Good().seal_key : nullptr);
  if (!keyring.ok()) {
    FUZZ_CHECK(IsExpected(keyring.status()));
    return;
  }
  FUZZ_CHECK(!keyring->versions().empty() && keyring->versions().size() <= kMaxKeyringVersions);
  const absl::StatusOr<crypto::SensitiveString> again = EncodeKeyring(*keyring);
  FUZZ_CHECK(again.ok());
  if (!sealed) FUZZ_CHECK(again->Expose() == bytes);
}

// Head, seal and length of a file around a body of `size` bytes.
std::string Head(bool sealed, size_t size) {
  std::string head(kKeyringMagic);
  ByteWriter writer(head);
  writer.WriteU8(kKeyringFormat);
  writer.WriteU8(sealed ? 1 : 0);
  writer.WriteU16(0);
  writer.WriteBytes("sixteen bytes id");
  writer.WriteU64(1);
  if (sealed) {
    writer.WriteU16(0x0A00);
    writer.WriteU16(1);
    writer.WriteU16(1);
    writer.WriteBytes(std::string(kSealSaltBytes + crypto::kGcmNonceBytes, 'n'));
  }
  writer.WriteU32(static_cast<uint32_t>(size));
  return head;
}

void CheckFramed(std::string bytes) {
  const crypto::Sha256Digest digest = crypto::Sha256(bytes);
  bytes.append(digest.begin(), digest.end());
  CheckFile(bytes);
}

void CheckSealedBody(absl::string_view body) {
  const std::string head = Head(true, body.size() + crypto::kGcmTagBytes);
  std::string sealed(body.size() + crypto::kGcmTagBytes, '\0');
  const std::string associated_data = absl::StrCat("signet/v1/keyring", absl::string_view("\0", 1), head);
  FUZZ_CHECK(crypto::AesGcmSeal(Good().seal_key.Expose(), Bytes(std::string(crypto::kGcmNonceBytes, 'n')),
                                Bytes(associated_data), Bytes(body),
                                absl::MakeSpan(reinterpret_cast<uint8_t*>(sealed.data()), sealed.size()))
                 .ok());
  CheckFramed(head + sealed);
}

void CheckBlob(absl::string_view blob) {
  const absl::StatusOr<crypto::SecretBytes> opened =
      OpenLocalBlob(Good().keyring, *Good().keyring.Find(1), blob, WrapContext{"fuzz"});
  FUZZ_CHECK(absl::IsInvalidArgument(opened.status()) || absl::IsDataLoss(opened.status()));
}

int TestOneInput(const uint8_t* data, size_t size) {
  Good();
  const std::string input(reinterpret_cast<const char*>(data), size);
  CheckFile(input);
  CheckFramed(Head(false, size) + input);
  CheckSealedBody(input);
  CheckBlob(input);
  return 0;
}

}  // namespace
}  // namespace signet::kms

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  return signet::kms::TestOneInput(data, size);
}
