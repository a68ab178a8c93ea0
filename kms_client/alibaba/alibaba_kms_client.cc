#include "kms_client/alibaba/alibaba_kms_client.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/mutex.h"
#include "base/status_macros.h"
#include "kms_client/alibaba/alibaba_caller.h"
#include "kms_client/alibaba/alibaba_codec.h"
#include "kms_client/alibaba/alibaba_credentials.h"
#include "kms_client/alibaba/alibaba_errors.h"
#include "kms_client/alibaba/alibaba_rpc.h"
#include "kms_client/alibaba/own_key_proof.h"
#include "kms_client/call_wait.h"
#include "kms_client/failure_class.h"
#include "kms_client/fingerprint.h"

namespace signet::kms {
namespace {

// How long we go without what only further permissions or a rotation would change.
constexpr absl::Duration kVersionsStayHidden = absl::Hours(1);
// What a proof is bound to: no cluster, for what it wraps is not kept.
constexpr char kProofContext[] = "probe";

absl::Status Revoked(absl::Status status) {
  return WithFailureClass(std::move(status), FailureClass::kRevoked);
}

absl::Status CheckState(const std::string& operation, const std::string& state) {
  if (state == "Enabled") return absl::OkStatus();
  if (state == "Disabled") {
    return Revoked(absl::FailedPreconditionError(absl::StrCat(operation, ": the key is disabled")));
  }
  if (state == "PendingDeletion") {
    return Revoked(
        absl::FailedPreconditionError(absl::StrCat(operation, ": the key is about to be deleted")));
  }
  if (state == "PendingImport") {
    return Revoked(absl::FailedPreconditionError(
        absl::StrCat(operation, ": the key's material was taken away or has expired")));
  }
  return WithFailureClass(
      absl::UnavailableError(
          absl::StrCat(operation, ": the key is not available: its KMS instance expired or is not paid")),
      FailureClass::kUnreachable);
}

class AlibabaKmsClient final : public KmsClient {
 public:
  AlibabaKmsClient(AlibabaSettings settings, AlibabaTransports transports, const std::string& provider,
                   const Clock& clock, crypto::RandomSource& random, RemoteCallObserver& observer)
      : settings_(std::move(settings)),
        fingerprint_(ComputeFingerprint(crypto::ProviderType::kAlibaba,
                                        {settings_.region, settings_.account_id, settings_.key_id})),
        clock_(clock),
        caller_(std::make_unique<AlibabaRpc>("alibaba", settings_.endpoint, settings_.signature,
                                             std::move(transports.kms), clock, random),
                MakeAlibabaCredentials(settings_.auth,
                                       std::make_unique<AlibabaRpc>(
                                           "alibaba STS", settings_.auth.sts_endpoint, AlibabaSignature::kRpc,
                                           std::move(transports.sts), clock, random),
                                       std::make_unique<EcsMetadata>(transports.metadata_address,
                                                                     std::move(transports.metadata)),
                                       provider, clock, observer),
                clock),
        own_key_([this](const CallContext& call) { return ProveOwnKey(call); }, clock) {}

  crypto::ProviderType type() const override { return crypto::ProviderType::kAlibaba; }
  const crypto::Fingerprint& fingerprint() const override { return fingerprint_; }

  absl::StatusOr<KeyDescription> Describe(const CallContext& call) override {
    SIGNET_RETURN_IF_ERROR(CheckCallAlive(clock_, call));
    if (settings_.is_dedicated || VersionsAreHidden()) return DescribeByEncrypting(call);
    const AlibabaRequest request = Placed(EncodeAlibabaKeyRequest("DescribeKey", settings_.key_id));
    const std::string operation = caller_.OperationName(request);
    SIGNET_ASSIGN_OR_RETURN(const AlibabaAnswer answer, caller_.Call(request, call));
    SIGNET_ASSIGN_OR_RETURN(const AlibabaKey key, DecodeAlibabaKey(operation, answer.body.Expose()));
    SIGNET_RETURN_IF_ERROR(CheckArn(operation, key.arn));
    SIGNET_RETURN_IF_ERROR(CheckState(operation, key.state));
    if (!key.primary_key_version.empty()) return KeyDescription{AlibabaVersion(key.primary_key_version)};
    return DescribeTheOnlyVersion(call);
  }

  absl::StatusOr<WrapResult> Wrap(const CallContext& call, const crypto::SecretBytes& plaintext,
                                  const WrapContext& context) override {
    SIGNET_RETURN_IF_ERROR(CheckCallAlive(clock_, call));
    if (plaintext.size() != kAlibabaPlaintextBytes) {
      return absl::InvalidArgumentError("only 32 bytes are wrapped");
    }
    return Encrypt(call, plaintext, context);
  }

  absl::StatusOr<UnwrapResult> Unwrap(const CallContext& call, absl::string_view backend_field,
                                      absl::string_view blob, const WrapContext& context) override {
    SIGNET_RETURN_IF_ERROR(CheckCallAlive(clock_, call));
    SIGNET_RETURN_IF_ERROR(CheckAlibabaEntry(backend_field, blob));
    AlibabaRefusal refusal = AlibabaRefusal::kNone;
    absl::StatusOr<UnwrapResult> unwrapped = Decrypt(call, blob, context, &refusal);
    if (unwrapped.ok()) {
      const auto opened = std::make_shared<const Opened>(Opened{std::string(blob), context});
      MutexLock lock(mutex_);
      opened_ = opened;
      return unwrapped;
    }
    if (refusal != AlibabaRefusal::kPermission && refusal != AlibabaRefusal::kKey) return unwrapped;
    return RefusedOrOfAnotherKey(unwrapped.status(), call);
  }

  absl::Status Rotate(const CallContext& call) override {
    SIGNET_RETURN_IF_ERROR(CheckCallAlive(clock_, call));
    if (settings_.is_dedicated) {
      return absl::UnimplementedError(
          "a dedicated gateway does not rotate: use the console or the shared one");
    }
    return caller_.Call(Placed(EncodeAlibabaKeyRequest("CreateKeyVersion", settings_.key_id)), call).status();
  }

 private:
  AlibabaRequest Placed(AlibabaRequest request) const {
    request.in_body = settings_.parameters_in_body;
    return request;
  }

  // `refusal`, if not null, as AlibabaCaller::Call has it.
  absl::StatusOr<WrapResult> Encrypt(const CallContext& call, const crypto::SecretBytes& plaintext,
                                     const WrapContext& context, AlibabaRefusal* refusal = nullptr) {
    const AlibabaRequest request = Placed(EncodeAlibabaEncrypt(settings_.key_id, plaintext, context));
    const std::string operation = caller_.OperationName(request);
    SIGNET_ASSIGN_OR_RETURN(const AlibabaAnswer answer, caller_.Call(request, call, refusal));
    SIGNET_ASSIGN_OR_RETURN(AlibabaCiphertext ciphertext,
                            DecodeAlibabaCiphertext(operation, answer.body.Expose()));
    if (ciphertext.key_id != settings_.key_id) {
      return WithFailureClass(absl::FailedPreconditionError(absl::StrCat(
                                  operation, ": another key encrypted: `key` must be the key's own id")),
                              FailureClass::kUnreachable);
    }
    WrapResult result;
    result.version = AlibabaVersion(ciphertext.key_version_id);
    result.blob = std::move(ciphertext.blob);
    return result;
  }

  absl::StatusOr<WrapResult> EncryptZeros(const CallContext& call, AlibabaRefusal* refusal = nullptr) {
    SIGNET_ASSIGN_OR_RETURN(crypto::SecretBytes zeros, crypto::SecretBytes::Create(kAlibabaPlaintextBytes));
    std::fill(zeros.ExposeMutable().begin(), zeros.ExposeMutable().end(), 0);
    return Encrypt(call, zeros, WrapContext{kProofContext}, refusal);
  }

  absl::StatusOr<UnwrapResult> Decrypt(const CallContext& call, absl::string_view blob,
                                       const WrapContext& context, AlibabaRefusal* refusal = nullptr) {
    const AlibabaRequest request = Placed(EncodeAlibabaDecrypt(blob, context));
    const std::string operation = caller_.OperationName(request);
    SIGNET_ASSIGN_OR_RETURN(AlibabaAnswer answer, caller_.Call(request, call, refusal));
    SIGNET_ASSIGN_OR_RETURN(AlibabaPlaintext plaintext, DecodeAlibabaPlaintext(operation, answer.body));
    // Decrypt takes no key: any that our credentials may use would do.
    if (plaintext.key_id != settings_.key_id) return OfAnotherKey();
    return UnwrapResult{std::move(plaintext.bytes), AlibabaVersion(plaintext.key_version_id)};
  }

  static absl::Status OfAnotherKey() {
    return WithFailureClass(absl::DataLossError("alibaba Decrypt: the blob is of another key"),
                            FailureClass::kBadBlob);
  }

  // Decrypt was refused for want of permission, or for the state of the key that the blob names. The blob
  // comes from etcd, and our policy names one key alone: only what our own key does tells which it is.
  absl::Status RefusedOrOfAnotherKey(const absl::Status& refused, const CallContext& call) {
    absl::Status own = own_key_.Get(call);
    if (own.ok()) return OfAnotherKey();
    switch (GetFailureClass(own)) {
      case FailureClass::kRevoked:
      case FailureClass::kThrottled:
        return own;
      case FailureClass::kDenied:
        if (GetFailureClass(refused) != FailureClass::kRevoked) return refused;
        break;
      case FailureClass::kUnreachable:
      case FailureClass::kBadBlob:
        break;
    }
    return WithFailureClass(std::move(own), FailureClass::kUnreachable);
  }

  // Whether our own key opens what it wrapped.
  absl::Status ProveOwnKey(const CallContext& call) {
    AlibabaRefusal refusal = AlibabaRefusal::kNone;
    const absl::StatusOr<WrapResult> wrapped = EncryptZeros(call, &refusal);
    if (wrapped.ok()) return Decrypt(call, wrapped->blob, WrapContext{kProofContext}).status();
    if (refusal != AlibabaRefusal::kPermission) return wrapped.status();
    // A provider that only reads may not encrypt. What it opened before is as good.
    std::shared_ptr<const Opened> opened;
    {
      MutexLock lock(mutex_);
      opened = opened_;
    }
    return opened == nullptr ? wrapped.status() : Decrypt(call, opened->blob, opened->context).status();
  }

  // The fingerprint is made of what is configured: it must be true.
  absl::Status CheckArn(const std::string& operation, const std::string& arn) const {
    const std::string expected =
        absl::StrCat("acs:kms:", settings_.region, ":", settings_.account_id, ":key/", settings_.key_id);
    if (arn.empty() || arn == expected) return absl::OkStatus();
    return WithFailureClass(
        absl::FailedPreconditionError(absl::StrCat(
            operation, ": region, account_id or key is not the key's own: the KMS calls it ", arn)),
        FailureClass::kUnreachable);
  }

  // Keys that are never rotated tell no primary version.
  absl::StatusOr<KeyDescription> DescribeTheOnlyVersion(const CallContext& call) {
    const AlibabaRequest request = Placed(EncodeAlibabaKeyRequest("ListKeyVersions", settings_.key_id));
    const absl::StatusOr<AlibabaAnswer> answer = caller_.CallWithProvenKey(request, call);
    if (answer.ok()) {
      SIGNET_ASSIGN_OR_RETURN(const auto versions,
                              DecodeAlibabaVersions(caller_.OperationName(request), answer->body.Expose()));
      if (versions.has_value() && versions->size() == 1) {
        return KeyDescription{AlibabaVersion(versions->front())};
      }
    }
    // Not allowed, which is no fault, or not to be told apart: Encrypt names the one it uses.
    if (answer.ok() || absl::IsPermissionDenied(answer.status())) {
      MutexLock lock(mutex_);
      versions_hidden_until_ = clock_.BootTime() + kVersionsStayHidden;
    }
    return DescribeByEncrypting(call);
  }

  bool VersionsAreHidden() {
    MutexLock lock(mutex_);
    return clock_.BootTime() < versions_hidden_until_;
  }

  absl::StatusOr<KeyDescription> DescribeByEncrypting(const CallContext& call) {
    SIGNET_ASSIGN_OR_RETURN(const WrapResult wrapped, EncryptZeros(call));
    return KeyDescription{wrapped.version};
  }

  // A blob that our key opened.
  struct Opened {
    std::string blob;
    WrapContext context;
  };

  const AlibabaSettings settings_;
  const crypto::Fingerprint fingerprint_;
  const Clock& clock_;
  AlibabaCaller caller_;
  OwnKeyProof own_key_;

  Mutex mutex_;
  std::shared_ptr<const Opened> opened_ ABSL_GUARDED_BY(mutex_);  // the last one
  // Boot time. Until then only Encrypt is asked for the version.
  absl::Duration versions_hidden_until_ ABSL_GUARDED_BY(mutex_) = absl::ZeroDuration();
};

}  // namespace

std::unique_ptr<KmsClient> MakeAlibabaKmsClient(AlibabaSettings settings, AlibabaTransports transports,
                                                const std::string& provider, const Clock& clock,
                                                crypto::RandomSource& random, RemoteCallObserver& observer) {
  return std::make_unique<AlibabaKmsClient>(std::move(settings), std::move(transports), provider, clock,
                                            random, observer);
}

}  // namespace signet::kms
