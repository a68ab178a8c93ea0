#include "kms_client/alibaba/alibaba_kms_client.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "kms_client/alibaba/alibaba_codec.h"
#include "kms_client/alibaba/alibaba_credentials.h"
#include "kms_client/alibaba/alibaba_errors.h"
#include "kms_client/alibaba/alibaba_rpc.h"
#include "kms_client/auth/credentials_cache.h"
#include "kms_client/call_wait.h"
#include "kms_client/failure_class.h"
#include "kms_client/fingerprint.h"

namespace signet::kms {
namespace {

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
        rpc_("alibaba", settings_.endpoint, settings_.signature, std::move(transports.kms), clock, random),
        credentials_(
            MakeAlibabaCredentials(
                settings_.auth,
                std::make_unique<AlibabaRpc>("alibaba STS", settings_.auth.sts_endpoint,
                                             AlibabaSignature::kRpc, std::move(transports.sts), clock,
                                             random),
                std::make_unique<EcsMetadata>(transports.metadata_address, std::move(transports.metadata)),
                provider, clock, observer),
            CredentialsCacheSettings(), clock) {}

  crypto::ProviderType type() const override { return crypto::ProviderType::kAlibaba; }
  const crypto::Fingerprint& fingerprint() const override { return fingerprint_; }

  absl::StatusOr<KeyDescription> Describe(const CallContext& call) override {
    SIGNET_RETURN_IF_ERROR(CheckCallAlive(clock_, call));
    if (settings_.is_dedicated) return DescribeByEncrypting(call);
    const AlibabaRequest request = Placed(EncodeAlibabaKeyRequest("DescribeKey", settings_.key_id));
    const std::string operation = rpc_.OperationName(request);
    SIGNET_ASSIGN_OR_RETURN(const AlibabaAnswer answer, CallAuthorized(request, call));
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
    const AlibabaRequest request = Placed(EncodeAlibabaEncrypt(settings_.key_id, plaintext, context));
    const std::string operation = rpc_.OperationName(request);
    SIGNET_ASSIGN_OR_RETURN(const AlibabaAnswer answer, CallAuthorized(request, call));
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

  absl::StatusOr<UnwrapResult> Unwrap(const CallContext& call, absl::string_view backend_field,
                                      absl::string_view blob, const WrapContext& context) override {
    SIGNET_RETURN_IF_ERROR(CheckCallAlive(clock_, call));
    SIGNET_RETURN_IF_ERROR(CheckAlibabaEntry(backend_field, blob));
    const AlibabaRequest request = Placed(EncodeAlibabaDecrypt(blob, context));
    const std::string operation = rpc_.OperationName(request);
    absl::StatusOr<AlibabaAnswer> answer = CallAuthorized(request, call);
    if (!answer.ok()) {
      if (GetFailureClass(answer.status()) != FailureClass::kRevoked) return answer.status();
      return RevokedOrOfAnotherKey(operation, call);
    }
    SIGNET_ASSIGN_OR_RETURN(AlibabaPlaintext plaintext, DecodeAlibabaPlaintext(operation, answer->body));
    // Decrypt takes no key: any that our credentials may use would do.
    if (plaintext.key_id != settings_.key_id) {
      return OfAnotherKey(operation);
    }
    return UnwrapResult{std::move(plaintext.bytes), AlibabaVersion(plaintext.key_version_id)};
  }

  absl::Status Rotate(const CallContext& call) override {
    SIGNET_RETURN_IF_ERROR(CheckCallAlive(clock_, call));
    if (settings_.is_dedicated) {
      return absl::UnimplementedError(
          "a dedicated gateway does not rotate: use the console or the shared one");
    }
    return CallAuthorized(Placed(EncodeAlibabaKeyRequest("CreateKeyVersion", settings_.key_id)), call)
        .status();
  }

 private:
  AlibabaRequest Placed(AlibabaRequest request) const {
    request.in_body = settings_.parameters_in_body;
    return request;
  }

  // Sends with our access key. Where it is refused, once more with a new one, which everybody shares. Only a
  // 2xx is returned.
  absl::StatusOr<AlibabaAnswer> CallAuthorized(const AlibabaRequest& request, const CallContext& call) {
    const std::string operation = rpc_.OperationName(request);
    SIGNET_ASSIGN_OR_RETURN(const CredentialsCache::Lease lease, credentials_.Get(call));
    SIGNET_ASSIGN_OR_RETURN(AlibabaAnswer answer, rpc_.Call(request, &lease.As<AlibabaAccessKey>(), call));
    if (answer.ok()) return answer;
    if (AlibabaRefusalOf(ParseAlibabaError(answer)) == AlibabaRefusal::kNone) {
      return AlibabaErrorStatus(operation, answer);
    }
    const absl::StatusOr<CredentialsCache::Lease> renewed = credentials_.Renew(call, lease.generation);
    if (!renewed.ok()) {
      return WithFailureClass(
          absl::Status(renewed.status().code(), absl::StrCat(AlibabaErrorStatus(operation, answer).message(),
                                                             ", and ", renewed.status().message())),
          FailureClass::kUnreachable);
    }
    if (renewed->generation != lease.generation) {
      SIGNET_ASSIGN_OR_RETURN(answer, rpc_.Call(request, &renewed->As<AlibabaAccessKey>(), call));
      if (answer.ok()) return answer;
    }
    absl::Status status = AlibabaErrorStatus(operation, answer);
    // An expired token may be answered as a missing permission.
    if (GetFailureClass(status) == FailureClass::kDenied && renewed->As<AlibabaAccessKey>().may_be_over) {
      return WithFailureClass(
          absl::UnavailableError(absl::StrCat(
              status.message(), ", unless the STS token has expired: its file has no Expiration")),
          FailureClass::kUnreachable);
    }
    return status;
  }

  static absl::Status OfAnotherKey(const std::string& operation) {
    return WithFailureClass(absl::DataLossError(absl::StrCat(operation, ": the blob is of another key")),
                            FailureClass::kBadBlob);
  }

  // Decrypt was refused for the state of the key that the blob names, and the blob comes from etcd: only the
  // word about our own key revokes it.
  absl::Status RevokedOrOfAnotherKey(const std::string& operation, const CallContext& call) {
    absl::Status own = Describe(call).status();
    if (!own.ok() && GetFailureClass(own) == FailureClass::kDenied) own = DescribeByEncrypting(call).status();
    if (own.ok()) return OfAnotherKey(operation);
    if (GetFailureClass(own) == FailureClass::kRevoked) return own;
    return WithFailureClass(std::move(own), FailureClass::kUnreachable);
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
    const absl::StatusOr<AlibabaAnswer> answer = CallAuthorized(request, call);
    if (answer.ok()) {
      SIGNET_ASSIGN_OR_RETURN(const auto versions,
                              DecodeAlibabaVersions(rpc_.OperationName(request), answer->body.Expose()));
      if (versions.has_value() && versions->size() == 1) {
        return KeyDescription{AlibabaVersion(versions->front())};
      }
    }
    // Not allowed, or not to be told apart: Encrypt names the one it uses.
    return DescribeByEncrypting(call);
  }

  absl::StatusOr<KeyDescription> DescribeByEncrypting(const CallContext& call) {
    SIGNET_ASSIGN_OR_RETURN(crypto::SecretBytes zeros, crypto::SecretBytes::Create(kAlibabaPlaintextBytes));
    std::fill(zeros.ExposeMutable().begin(), zeros.ExposeMutable().end(), 0);
    // For nobody: what comes back is not kept.
    SIGNET_ASSIGN_OR_RETURN(const WrapResult wrapped, Wrap(call, zeros, WrapContext{"probe"}));
    return KeyDescription{wrapped.version};
  }

  const AlibabaSettings settings_;
  const crypto::Fingerprint fingerprint_;
  const Clock& clock_;
  AlibabaRpc rpc_;
  CredentialsCache credentials_;
};

}  // namespace

std::unique_ptr<KmsClient> MakeAlibabaKmsClient(AlibabaSettings settings, AlibabaTransports transports,
                                                const std::string& provider, const Clock& clock,
                                                crypto::RandomSource& random, RemoteCallObserver& observer) {
  return std::make_unique<AlibabaKmsClient>(std::move(settings), std::move(transports), provider, clock,
                                            random, observer);
}

}  // namespace signet::kms
