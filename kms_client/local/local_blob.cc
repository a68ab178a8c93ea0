#include "kms_client/local/local_blob.h"

#include <array>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"

namespace signet::kms {
namespace {

constexpr absl::string_view kDomain("signet/v1/local\0", 16);

template <typename Array>
absl::string_view AsString(const Array& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

absl::Span<const uint8_t> AsBytes(absl::string_view text) {
  return absl::MakeConstSpan(reinterpret_cast<const uint8_t*>(text.data()), text.size());
}

std::string AssociatedData(const Keyring& keyring, const KeyringVersion& version,
                           const WrapContext& context) {
  return absl::StrCat(kDomain, AsString(keyring.id()), AsString(version.id), context.ToJson());
}

}  // namespace

absl::StatusOr<std::string> SealLocalBlob(const Keyring& keyring, const KeyringVersion& version,
                                          const crypto::SecretBytes& plaintext, const WrapContext& context,
                                          crypto::RandomSource& random) {
  if (plaintext.size() != kLocalPlaintextBytes) {
    return absl::InvalidArgumentError("only 32 bytes can be wrapped");
  }
  std::array<uint8_t, kLocalBlobBytes> blob;
  const absl::Span<uint8_t> nonce = absl::MakeSpan(blob).subspan(0, crypto::kGcmNonceBytes);
  SIGNET_RETURN_IF_ERROR(random.Fill(nonce));
  SIGNET_RETURN_IF_ERROR(
      crypto::AesGcmSeal(version.key.Expose(), nonce, AsBytes(AssociatedData(keyring, version, context)),
                         plaintext.Expose(), absl::MakeSpan(blob).subspan(crypto::kGcmNonceBytes)));
  return std::string(AsString(blob));
}

absl::StatusOr<crypto::SecretBytes> OpenLocalBlob(const Keyring& keyring, const KeyringVersion& version,
                                                  absl::string_view blob, const WrapContext& context) {
  if (blob.size() != kLocalBlobBytes) {
    return absl::InvalidArgumentError("the blob is not one of the local provider");
  }
  SIGNET_ASSIGN_OR_RETURN(crypto::SecretBytes plaintext, crypto::SecretBytes::Create(kLocalPlaintextBytes));
  const absl::Status opened =
      crypto::AesGcmOpen(version.key.Expose(), AsBytes(blob.substr(0, crypto::kGcmNonceBytes)),
                         AsBytes(AssociatedData(keyring, version, context)),
                         AsBytes(blob.substr(crypto::kGcmNonceBytes)), plaintext.ExposeMutable());
  if (absl::IsDataLoss(opened)) return absl::DataLossError("the blob does not open");
  SIGNET_RETURN_IF_ERROR(opened);
  return plaintext;
}

}  // namespace signet::kms
