#include "kms_client/local/local_kms_client.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "kms_client/failure_class.h"
#include "kms_client/local/keyring_watcher.h"
#include "kms_client/local/local_blob.h"

namespace signet::kms {
namespace {

absl::string_view IdOf(const KeyringVersion& version) {
  return {reinterpret_cast<const char*>(version.id.data()), version.id.size()};
}

RemoteVersion ToRemoteVersion(const KeyringVersion& version) {
  return {absl::StrCat(version.number), std::string(IdOf(version)), version.number};
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
                 bool allow_rotate, const Clock& clock, crypto::RandomSource& random)
      : watcher_(std::move(watcher)),
        fingerprint_(fingerprint),
        allow_rotate_(allow_rotate),
        clock_(clock),
        random_(random) {}

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
    SIGNET_RETURN_IF_ERROR(CheckWanted(call));
    SIGNET_ASSIGN_OR_RETURN(const ActiveVersion active, watcher_->Active(call));
    SIGNET_RETURN_IF_ERROR(CheckEnabled(*active.version));
    SIGNET_ASSIGN_OR_RETURN(std::string blob,
                            SealLocalBlob(*active.keyring, *active.version, plaintext, context, random_));
    return WrapResult{std::string(IdOf(*active.version)), std::move(blob), ToRemoteVersion(*active.version)};
  }

  absl::StatusOr<UnwrapResult> Unwrap(const CallContext& call, absl::string_view backend_field,
                                      absl::string_view blob, const WrapContext& context) override {
    if (backend_field.size() != kKeyringVersionIdBytes || blob.size() != kLocalBlobBytes) {
      return BadBlob(absl::InvalidArgumentError("the blob is not one of the local provider"));
    }
    SIGNET_RETURN_IF_ERROR(CheckWanted(call));
    SIGNET_ASSIGN_OR_RETURN(const std::shared_ptr<const Keyring> keyring,
                            watcher_->KeyringWith(call, backend_field));
    const KeyringVersion* const version = keyring->FindById(backend_field);
    if (version == nullptr) return BadBlob(absl::NotFoundError("the keyring has no such version"));
    SIGNET_RETURN_IF_ERROR(CheckEnabled(*version));
    absl::StatusOr<crypto::SecretBytes> plaintext = OpenLocalBlob(*keyring, *version, blob, context);
    if (absl::IsDataLoss(plaintext.status())) return BadBlob(plaintext.status());
    if (!plaintext.ok()) return plaintext.status();
    return UnwrapResult{*std::move(plaintext), ToRemoteVersion(*version)};
  }

  absl::Status Rotate(const CallContext& call) override {
    if (!allow_rotate_) {
      return absl::UnimplementedError(
          "local.allow_rotate is false: a keyring is rotated on all nodes together, by signetctl keyring "
          "add, "
          "export and import, and keyring activate --at");
    }
    SIGNET_RETURN_IF_ERROR(CheckWanted(call));
    return watcher_->Rotate(call, random_);
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
  const bool allow_rotate_;
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
  return std::make_unique<LocalKmsClient>(std::move(watcher), fingerprint, options.allow_rotate, clock,
                                          random);
}

}  // namespace signet::kms
