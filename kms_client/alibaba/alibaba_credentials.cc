#include "kms_client/alibaba/alibaba_credentials.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "kms_client/alibaba/alibaba_errors.h"
#include "kms_client/alibaba/issued_key.h"
#include "kms_client/auth/secret_text.h"
#include "kms_client/watched_file.h"

namespace signet::kms {
namespace {

constexpr absl::string_view kStsVersion = "2015-04-01";

// Where a key comes from, before anybody assumes a role with it.
class KeySource {
 public:
  virtual ~KeySource() = default;
  virtual absl::string_view name() const = 0;
  virtual absl::StatusOr<IssuedAlibabaKey> Read(const CallContext& call) = 0;
  virtual bool HasChanged(const AlibabaAccessKey& /*key*/) { return false; }
};

class KeyFile final : public KeySource {
 public:
  explicit KeyFile(const std::string& path) : file_(path, FileSecrecy::kSecret, kMaxSecretTextBytes) {}

  absl::string_view name() const override { return "access key file"; }

  absl::StatusOr<IssuedAlibabaKey> Read(const CallContext& /*call*/) override {
    SIGNET_ASSIGN_OR_RETURN(const auto content, file_.Read());
    crypto::SensitiveString body(std::string(content->bytes.Expose()));
    SIGNET_ASSIGN_OR_RETURN(IssuedAlibabaKey issued, ParseAlibabaKey(file_.path(), "", body));
    issued.key->file_generation = content->generation;
    return issued;
  }

  bool HasChanged(const AlibabaAccessKey& key) override {
    const auto content = file_.Read();
    return content.ok() && (*content)->generation != key.file_generation;
  }

 private:
  WatchedFile file_;
};

class EcsRole final : public KeySource {
 public:
  EcsRole(std::string role, std::unique_ptr<EcsMetadata> metadata)
      : role_(std::move(role)), metadata_(std::move(metadata)) {}

  absl::string_view name() const override { return "ECS RAM role"; }
  absl::StatusOr<IssuedAlibabaKey> Read(const CallContext& call) override {
    return metadata_->ReadKey(role_, call);
  }

 private:
  const std::string role_;
  const std::unique_ptr<EcsMetadata> metadata_;
};

// Sends a request to STS and reads the key out of the answer.
absl::StatusOr<IssuedAlibabaKey> AskSts(AlibabaRpc& sts, const AlibabaRequest& request,
                                        const AlibabaAccessKey* key, const CallContext& call) {
  const std::string operation = sts.OperationName(request);
  SIGNET_ASSIGN_OR_RETURN(AlibabaAnswer answer, sts.Call(request, key, call));
  // Whatever it says, it says nothing about the KMS key.
  if (!answer.ok()) return absl::UnavailableError(AlibabaErrorStatus(operation, answer).message());
  SIGNET_ASSIGN_OR_RETURN(IssuedAlibabaKey issued, ParseAlibabaKey(operation, "Credentials", answer.body));
  if (issued.key->security_token.size() == 0 || issued.expires == absl::InfiniteFuture()) {
    return absl::UnavailableError(absl::StrCat(operation, ": no temporary access key"));
  }
  issued.issuer_time = answer.date;
  return issued;
}

AlibabaRequest MakeAssumeRequest(const AlibabaAuthSettings& settings, absl::string_view action,
                                 const std::string& role_arn) {
  AlibabaRequest request;
  request.action = std::string(action);
  request.api_version = kStsVersion;
  request.in_body = true;
  request.parameters = {{"RoleArn", role_arn},
                        {"RoleSessionName", settings.session_name},
                        {"DurationSeconds", absl::StrCat(absl::ToInt64Seconds(settings.session_duration))}};
  return request;
}

class OidcRole final : public KeySource {
 public:
  // `sts` outlives the object.
  OidcRole(AlibabaAuthSettings settings, AlibabaRpc& sts)
      : settings_(std::move(settings)),
        sts_(sts),
        file_(settings_.secret_file, FileSecrecy::kMounted, kMaxSecretTextBytes) {}

  absl::string_view name() const override { return "OIDC role"; }

  absl::StatusOr<IssuedAlibabaKey> Read(const CallContext& call) override {
    SIGNET_ASSIGN_OR_RETURN(const auto content, file_.Read());
    SIGNET_ASSIGN_OR_RETURN(const crypto::SensitiveString token, SecretTextOf(*content, file_.path()));
    AlibabaRequest request = MakeAssumeRequest(settings_, "AssumeRoleWithOIDC", settings_.oidc_role_arn);
    request.parameters["OIDCProviderArn"] = settings_.oidc_provider_arn;
    request.parameters["OIDCToken"] = std::string(token.Expose());
    return AskSts(sts_, request, nullptr, call);
  }

 private:
  const AlibabaAuthSettings settings_;
  AlibabaRpc& sts_;
  WatchedFile file_;
};

class AlibabaCredentials final : public CredentialsProvider {
 public:
  AlibabaCredentials(AlibabaAuthSettings settings, std::unique_ptr<AlibabaRpc> sts,
                     std::unique_ptr<EcsMetadata> metadata, std::string provider, const Clock& clock,
                     RemoteCallObserver& observer)
      : settings_(std::move(settings)),
        sts_(std::move(sts)),
        provider_(std::move(provider)),
        clock_(clock),
        observer_(observer) {
    switch (settings_.source) {
      case AlibabaCredentialSource::kAccessKeyFile:
        source_ = std::make_unique<KeyFile>(settings_.secret_file);
        break;
      case AlibabaCredentialSource::kEcsRole:
        source_ = std::make_unique<EcsRole>(settings_.ecs_role, std::move(metadata));
        break;
      case AlibabaCredentialSource::kOidc:
        source_ = std::make_unique<OidcRole>(settings_, *sts_);
        break;
    }
  }

  // A temporary key cannot be prolonged: a new one takes its place.
  absl::StatusOr<IssuedCredentials> Fetch(const CallContext& call, const Credentials* /*previous*/) override {
    absl::StatusOr<IssuedAlibabaKey> issued = FetchKey(call);
    absl::Status status = issued.status();
    absl::Duration lifetime = absl::InfiniteDuration();
    if (status.ok() && issued->expires != absl::InfiniteFuture()) {
      lifetime = LifetimeOf(*issued, clock_.Wall());
      if (lifetime <= absl::ZeroDuration()) {
        status = absl::UnavailableError(absl::StrCat(source_->name(), ": the access key has expired"));
      }
    }
    observer_.OnCredentials(provider_, assumes_role() ? "assumed role" : source_->name(), status);
    if (!status.ok()) return status;
    return IssuedCredentials{std::move(issued->key), lifetime};
  }

  bool HasChanged(const Credentials& credentials) override {
    return source_->HasChanged(static_cast<const AlibabaAccessKey&>(credentials));
  }

 private:
  bool assumes_role() const { return !settings_.assume_role_arn.empty(); }

  absl::StatusOr<IssuedAlibabaKey> FetchKey(const CallContext& call) {
    SIGNET_ASSIGN_OR_RETURN(IssuedAlibabaKey base, source_->Read(call));
    if (!assumes_role()) return base;
    AlibabaRequest request = MakeAssumeRequest(settings_, "AssumeRole", settings_.assume_role_arn);
    if (!settings_.external_id.empty()) request.parameters["ExternalId"] = settings_.external_id;
    SIGNET_ASSIGN_OR_RETURN(IssuedAlibabaKey assumed, AskSts(*sts_, request, base.key.get(), call));
    assumed.key->file_generation = base.key->file_generation;
    return assumed;
  }

  const AlibabaAuthSettings settings_;
  const std::unique_ptr<AlibabaRpc> sts_;
  const std::string provider_;
  const Clock& clock_;
  RemoteCallObserver& observer_;
  std::unique_ptr<KeySource> source_;
};

}  // namespace

std::unique_ptr<CredentialsProvider> MakeAlibabaCredentials(const AlibabaAuthSettings& settings,
                                                            std::unique_ptr<AlibabaRpc> sts,
                                                            std::unique_ptr<EcsMetadata> metadata,
                                                            std::string provider, const Clock& clock,
                                                            RemoteCallObserver& observer) {
  return std::make_unique<AlibabaCredentials>(settings, std::move(sts), std::move(metadata),
                                              std::move(provider), clock, observer);
}

}  // namespace signet::kms
