#include "kms_client/vault/vault_kms_client.h"

#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/mutex.h"
#include "base/status_macros.h"
#include "kms_client/auth/credentials_cache.h"
#include "kms_client/call_wait.h"
#include "kms_client/failure_class.h"
#include "kms_client/fingerprint.h"
#include "kms_client/vault/transit_codec.h"
#include "kms_client/vault/transit_key.h"
#include "kms_client/vault/vault_api.h"
#include "kms_client/vault/vault_credentials.h"
#include "kms_client/vault/vault_errors.h"

namespace signet::kms {
namespace {

// How long what Vault told about the key is good enough to name a version by. A key that is deleted and made
// anew counts from 1 again, so an older answer might give a new version an old one's mark.
constexpr absl::Duration kKeyStaysFresh = absl::Seconds(10);

class VaultKmsClient final : public KmsClient {
 public:
  VaultKmsClient(VaultSettings settings, std::unique_ptr<HttpTransport> transport,
                 const std::string& provider, const Clock& clock, RemoteCallObserver& observer)
      : settings_(std::move(settings)),
        fingerprint_(
            ComputeFingerprint(crypto::ProviderType::kVault,
                               {settings_.instance, settings_.name_space, settings_.mount, settings_.key})),
        clock_(clock),
        api_(settings_.addresses, settings_.name_space, std::move(transport), clock),
        credentials_(MakeVaultCredentials(settings_.auth, api_, provider, observer),
                     CredentialsCacheSettings(), clock) {}

  crypto::ProviderType type() const override { return crypto::ProviderType::kVault; }
  const crypto::Fingerprint& fingerprint() const override { return fingerprint_; }

  absl::StatusOr<KeyDescription> Describe(const CallContext& call) override {
    SIGNET_ASSIGN_OR_RETURN(const TransitKey key, ReadKey(call));
    return KeyDescription{*key.Version(key.latest_version)};
  }

  absl::StatusOr<WrapResult> Wrap(const CallContext& call, const crypto::SecretBytes& plaintext,
                                  const WrapContext& context) override {
    if (plaintext.size() != kTransitPlaintextBytes) {
      return absl::InvalidArgumentError("only 32 bytes are wrapped");
    }
    VaultRequest request = MakeRequest("vault encrypt", HttpMethod::kPost, "encrypt/");
    request.body = EncodeEncryptRequest(plaintext, context);
    SIGNET_ASSIGN_OR_RETURN(const VaultAnswer answer, CallAuthorized(request, call));
    if (!answer.ok()) return VaultErrorStatus(request.operation, answer);
    SIGNET_ASSIGN_OR_RETURN(TransitCiphertext ciphertext,
                            DecodeEncryptAnswer(request.operation, answer.body.Expose()));
    WrapResult result;
    SIGNET_ASSIGN_OR_RETURN(result.version, NameVersion(call, ciphertext.key_version));
    result.backend_field = EncodeBackendField(ciphertext.key_version);
    result.blob = std::move(ciphertext.bytes);
    return result;
  }

  absl::StatusOr<UnwrapResult> Unwrap(const CallContext& call, absl::string_view backend_field,
                                      absl::string_view blob, const WrapContext& context) override {
    SIGNET_RETURN_IF_ERROR(CheckCallAlive(clock_, call));
    SIGNET_ASSIGN_OR_RETURN(const TransitCiphertext ciphertext, DecodeRecordEntry(backend_field, blob));
    VaultRequest request = MakeRequest("vault decrypt", HttpMethod::kPost, "decrypt/");
    request.body = EncodeDecryptRequest(ciphertext, context);
    SIGNET_ASSIGN_OR_RETURN(VaultAnswer answer, CallAuthorized(request, call));
    if (MayBeReplicationLag(answer)) {
      SIGNET_ASSIGN_OR_RETURN(answer, CallAuthorized(request, call));
    }
    if (!answer.ok()) return VaultErrorStatus(request.operation, answer);
    SIGNET_ASSIGN_OR_RETURN(crypto::SecretBytes plaintext,
                            DecodeDecryptAnswer(request.operation, answer.body));
    return UnwrapResult{std::move(plaintext), FreshVersion(ciphertext.key_version)};
  }

  absl::Status Rotate(const CallContext& call) override {
    VaultRequest request = MakeRequest("vault rotate", HttpMethod::kPost, "keys/");
    absl::StrAppend(&request.path, "/rotate");
    request.body = crypto::SensitiveString("{}");
    request.may_repeat = false;
    SIGNET_ASSIGN_OR_RETURN(const VaultAnswer answer, CallAuthorized(request, call));
    return answer.ok() ? absl::OkStatus() : VaultErrorStatus(request.operation, answer);
  }

 private:
  VaultRequest MakeRequest(absl::string_view operation, HttpMethod method, absl::string_view action) const {
    VaultRequest request;
    request.operation = std::string(operation);
    request.method = method;
    request.path = absl::StrCat(settings_.mount, "/", action, settings_.key);
    return request;
  }

  // Sends with our token; where it is refused, once more with a new one, which everybody shares.
  absl::StatusOr<VaultAnswer> CallAuthorized(VaultRequest& request, const CallContext& call) {
    SIGNET_ASSIGN_OR_RETURN(CredentialsCache::Lease lease, credentials_.Get(call));
    request.token = lease.As<VaultToken>().token.Expose();
    SIGNET_ASSIGN_OR_RETURN(VaultAnswer answer, api_.Call(request, call));
    if (!answer.refused()) return answer;
    absl::StatusOr<CredentialsCache::Lease> renewed = credentials_.Renew(call, lease.generation);
    if (!renewed.ok()) {
      return WithFailureClass(
          absl::Status(renewed.status().code(),
                       absl::StrCat(request.operation, ": refused, and ", renewed.status().message())),
          FailureClass::kUnreachable);
    }
    const bool is_new = renewed->generation != lease.generation;
    lease = *std::move(renewed);
    if (is_new) {
      request.token = lease.As<VaultToken>().token.Expose();
      SIGNET_ASSIGN_OR_RETURN(answer, api_.Call(request, call));
      if (!answer.refused()) return answer;
    }
    return VaultRefusalStatus(request.operation, answer, lease.is_recent && lease.As<VaultToken>().is_proven);
  }

  absl::StatusOr<TransitKey> ReadKey(const CallContext& call) {
    VaultRequest request = MakeRequest("vault read key", HttpMethod::kGet, "keys/");
    // Taken before the request: the answer is at least as young.
    const MonotonicTime now = clock_.Monotonic();
    SIGNET_ASSIGN_OR_RETURN(const VaultAnswer answer, CallAuthorized(request, call));
    if (!answer.ok()) return VaultErrorStatus(request.operation, answer);
    SIGNET_ASSIGN_OR_RETURN(TransitKey key, ParseTransitKey(request.operation, answer.body.Expose()));
    MutexLock lock(mutex_);
    key_ = key;
    key_read_at_ = now;
    return key;
  }

  std::optional<RemoteVersion> KnownVersion(uint32_t number, bool only_fresh) {
    MutexLock lock(mutex_);
    if (!key_.has_value() || (only_fresh && clock_.Monotonic() - key_read_at_ > kKeyStaysFresh)) {
      return std::nullopt;
    }
    return key_->Version(number);
  }
  std::optional<RemoteVersion> FreshVersion(uint32_t number) { return KnownVersion(number, true); }

  // With its mark, which Encrypt does not tell.
  absl::StatusOr<RemoteVersion> NameVersion(const CallContext& call, uint32_t number) {
    if (std::optional<RemoteVersion> version = FreshVersion(number)) return *std::move(version);
    const absl::StatusOr<TransitKey> key = ReadKey(call);
    if (!key.ok()) {
      // Only reading the key is refused: what is known from before must do. After any other failure it may
      // have been made anew meanwhile.
      if (GetFailureClass(key.status()) == FailureClass::kDenied) {
        if (std::optional<RemoteVersion> version = KnownVersion(number, false)) return *std::move(version);
      }
      return key.status();
    }
    if (std::optional<RemoteVersion> version = key->Version(number)) return *std::move(version);
    return WithFailureClass(
        absl::UnavailableError("vault read key: this node does not know the newest version yet"),
        FailureClass::kUnreachable);
  }

  const VaultSettings settings_;
  const crypto::Fingerprint fingerprint_;
  const Clock& clock_;
  VaultApi api_;
  CredentialsCache credentials_;

  Mutex mutex_;
  std::optional<TransitKey> key_ ABSL_GUARDED_BY(mutex_);
  MonotonicTime key_read_at_ ABSL_GUARDED_BY(mutex_) = absl::ZeroDuration();
};

}  // namespace

std::unique_ptr<KmsClient> MakeVaultKmsClient(VaultSettings settings,
                                              std::unique_ptr<HttpTransport> transport,
                                              const std::string& provider, const Clock& clock,
                                              RemoteCallObserver& observer) {
  return std::make_unique<VaultKmsClient>(std::move(settings), std::move(transport), provider, clock,
                                          observer);
}

}  // namespace signet::kms
