#include "kms_client/local/local_kms_client.h"

#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "crypto/aes_gcm.h"
#include "kms_client/failure_class.h"
#include "kms_client/local/keyring_watcher.h"

namespace signet::kms {
namespace {

constexpr size_t kPlaintextBytes = 32;
constexpr size_t kBlobBytes = crypto::kGcmNonceBytes + kPlaintextBytes + crypto::kGcmTagBytes;
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

RemoteVersion ToRemoteVersion(const KeyringVersion& version) {
  return {absl::StrCat(version.number), std::string(AsString(version.id)), version.number};
}

absl::Status CheckEnabled(const KeyringVersion& version) {
  switch (version.state) {
    case KeyringVersionState::kEnabled:
      return absl::OkStatus();
    case KeyringVersionState::kDisabled:
      return WithFailureClass(absl::FailedPreconditionError("the keyring version is disabled"),
                              FailureClass::kRevoked);
    case KeyringVersionState::kDestroyed:
      break;
  }
  return WithFailureClass(absl::NotFoundError("the keyring version is destroyed"), FailureClass::kRevoked);
}

absl::Status BadBlob(absl::Status status) {
  return WithFailureClass(std::move(status), FailureClass::kBadBlob);
}

class LocalKmsClient final : public KmsClient {
 public:
  LocalKmsClient(std::unique_ptr<KeyringWatcher> watcher, const crypto::Fingerprint& fingerprint,
                 const Clock& clock, crypto::RandomSource& random)
      : watcher_(std::move(watcher)), fingerprint_(fingerprint), clock_(clock), random_(random) {}

  crypto::ProviderType type() const override { return crypto::ProviderType::kLocal; }
  const crypto::Fingerprint& fingerprint() const override { return fingerprint_; }

  absl::StatusOr<KeyDescription> Describe(const CallContext& call) override {
    SIGNET_RETURN_IF_ERROR(CheckWanted(call));
    SIGNET_ASSIGN_OR_RETURN(const ActiveVersion active, watcher_->Active(call));
    SIGNET_RETURN_IF_ERROR(CheckEnabled(*active.version));
    return KeyDescription{ToRemoteVersion(*active.version)};
  }

  absl::StatusOr<WrapResult> Wrap(const CallContext& call, const crypto::SecretBytes& plaintext,
                                  const WrapContext& context) override {
    if (plaintext.size() != kPlaintextBytes) {
      return absl::InvalidArgumentError("only 32 bytes can be wrapped");
    }
    SIGNET_RETURN_IF_ERROR(CheckWanted(call));
    SIGNET_ASSIGN_OR_RETURN(const ActiveVersion active, watcher_->Active(call));
    SIGNET_RETURN_IF_ERROR(CheckEnabled(*active.version));
    const KeyringVersion& version = *active.version;
    std::array<uint8_t, kBlobBytes> blob;
    const absl::Span<uint8_t> nonce = absl::MakeSpan(blob).subspan(0, crypto::kGcmNonceBytes);
    SIGNET_RETURN_IF_ERROR(random_.Fill(nonce));
    SIGNET_RETURN_IF_ERROR(crypto::AesGcmSeal(
        version.key.Expose(), nonce, AsBytes(AssociatedData(*active.keyring, version, context)),
        plaintext.Expose(), absl::MakeSpan(blob).subspan(crypto::kGcmNonceBytes)));
    return WrapResult{std::string(AsString(version.id)), std::string(AsString(blob)),
                      ToRemoteVersion(version)};
  }

  absl::StatusOr<UnwrapResult> Unwrap(const CallContext& call, absl::string_view backend_field,
                                      absl::string_view blob, const WrapContext& context) override {
    if (backend_field.size() != kKeyringVersionIdBytes || blob.size() != kBlobBytes) {
      return BadBlob(absl::InvalidArgumentError("the blob is not one of the local provider"));
    }
    SIGNET_RETURN_IF_ERROR(CheckWanted(call));
    SIGNET_ASSIGN_OR_RETURN(const std::shared_ptr<const Keyring> keyring,
                            watcher_->KeyringWith(call, backend_field));
    const KeyringVersion* const version = keyring->FindById(backend_field);
    if (version == nullptr) return BadBlob(absl::NotFoundError("the keyring has no such version"));
    SIGNET_RETURN_IF_ERROR(CheckEnabled(*version));
    SIGNET_ASSIGN_OR_RETURN(crypto::SecretBytes plaintext, crypto::SecretBytes::Create(kPlaintextBytes));
    const absl::Status opened =
        crypto::AesGcmOpen(version->key.Expose(), AsBytes(blob.substr(0, crypto::kGcmNonceBytes)),
                           AsBytes(AssociatedData(*keyring, *version, context)),
                           AsBytes(blob.substr(crypto::kGcmNonceBytes)), plaintext.ExposeMutable());
    if (absl::IsDataLoss(opened)) return BadBlob(absl::DataLossError("the blob does not open"));
    SIGNET_RETURN_IF_ERROR(opened);
    return UnwrapResult{std::move(plaintext), ToRemoteVersion(*version)};
  }

 private:
  absl::Status CheckWanted(const CallContext& call) const {
    if (call.cancellation != nullptr && call.cancellation->cancelled()) {
      return absl::CancelledError("the caller is gone");
    }
    if (clock_.Monotonic() >= call.deadline) return absl::DeadlineExceededError("out of time");
    return absl::OkStatus();
  }

  const std::unique_ptr<KeyringWatcher> watcher_;
  const crypto::Fingerprint fingerprint_;
  const Clock& clock_;
  crypto::RandomSource& random_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<KmsClient>> MakeLocalKmsClient(LocalKmsOptions options, const Clock& clock,
                                                              crypto::RandomSource& random,
                                                              DurableFiles& files,
                                                              KeyringObserver* observer) {
  static KeyringObserver* const silent = new KeyringObserver();
  KeyringFile file(std::move(options.keyring), std::move(options.seal), files, random);
  SIGNET_ASSIGN_OR_RETURN(
      std::unique_ptr<KeyringWatcher> watcher,
      KeyringWatcher::Open(std::move(file), clock, observer == nullptr ? *silent : *observer));
  const crypto::Fingerprint fingerprint = watcher->fingerprint();
  return std::make_unique<LocalKmsClient>(std::move(watcher), fingerprint, clock, random);
}

}  // namespace signet::kms
