#include "kms_client/vault/vault_credentials.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "kms_client/auth/secret_text.h"
#include "kms_client/json_body.h"
#include "kms_client/vault/vault_errors.h"
#include "kms_client/watched_file.h"

namespace signet::kms {
namespace {

using TokenPointer = std::shared_ptr<VaultToken>;

IssuedCredentials Issue(TokenPointer token, absl::Duration lifetime) { return {std::move(token), lifetime}; }

// Vault writes 0 for a token without end.
absl::Duration LifetimeOf(int64_t seconds) {
  return seconds <= 0 ? absl::InfiniteDuration() : absl::Seconds(seconds);
}

crypto::SensitiveString Copy(const crypto::SensitiveString& text) {
  return crypto::SensitiveString(std::string(text.Expose()));
}

// The answer to a login or a renewal: the token, and how long it lasts.
absl::StatusOr<IssuedCredentials> ParseAuthAnswer(absl::string_view operation, VaultAnswer& answer) {
  absl::StatusOr<crypto::SensitiveString> text = TakeJsonSecret(answer.body, "client_token");
  if (!text.ok() || text->size() == 0) return VaultMalformedStatus(operation);
  const absl::StatusOr<nlohmann::json> object = ParseJsonObject(answer.body.Expose());
  const nlohmann::json* const auth = object.ok() ? JsonObject(*object, "auth") : nullptr;
  if (auth == nullptr) return VaultMalformedStatus(operation);
  auto token = std::make_shared<VaultToken>();
  token->token = *std::move(text);
  token->renewable = JsonBool(*auth, "renewable").value_or(false);
  token->is_proven = true;
  token->granted = LifetimeOf(JsonInteger(*auth, "lease_duration").value_or(0));
  const absl::Duration lifetime = token->granted;
  return Issue(std::move(token), lifetime);
}

// What both kinds share: renewal, and telling the observer.
class VaultCredentialsBase : public CredentialsProvider {
 public:
  VaultCredentialsBase(VaultApi& api, std::string provider, RemoteCallObserver& observer)
      : api_(api), provider_(std::move(provider)), observer_(observer) {}

  absl::StatusOr<IssuedCredentials> Fetch(const CallContext& call, const Credentials* previous) final {
    if (previous != nullptr) {
      const auto& token = static_cast<const VaultToken&>(*previous);
      if (token.renewable) {
        absl::StatusOr<IssuedCredentials> renewed = Renew(call, token);
        observer_.OnCredentials(provider_, "renewal", renewed.status());
        if (renewed.ok() && renewed->lifetime >= token.granted / 2) return renewed;
      }
    }
    absl::StatusOr<IssuedCredentials> fresh = FetchFresh(call);
    observer_.OnCredentials(provider_, name(), fresh.status());
    return fresh;
  }

 protected:
  virtual absl::string_view name() const = 0;
  virtual absl::StatusOr<IssuedCredentials> FetchFresh(const CallContext& call) = 0;
  VaultApi& api() { return api_; }

 private:
  absl::StatusOr<IssuedCredentials> Renew(const CallContext& call, const VaultToken& token) {
    VaultRequest request;
    request.operation = "vault token renewal";
    request.method = HttpMethod::kPost;
    request.path = "auth/token/renew-self";
    request.token = token.token.Expose();
    request.body = crypto::SensitiveString("{}");
    SIGNET_ASSIGN_OR_RETURN(VaultAnswer answer, api_.Call(request, call));
    if (answer.refused()) return VaultRefusalStatus(request.operation, answer, /*token_is_proven=*/false);
    if (!answer.ok()) return VaultErrorStatus(request.operation, answer);
    SIGNET_ASSIGN_OR_RETURN(const IssuedCredentials renewed, ParseAuthAnswer(request.operation, answer));
    const auto& answered = static_cast<const VaultToken&>(*renewed.credentials);
    auto result = std::make_shared<VaultToken>();
    result->token = Copy(answered.token);
    result->renewable = answered.renewable;
    result->is_proven = true;
    result->granted = token.granted;
    result->file_generation = token.file_generation;
    return Issue(std::move(result), renewed.lifetime);
  }

  VaultApi& api_;
  const std::string provider_;
  RemoteCallObserver& observer_;
};

class TokenFileCredentials final : public VaultCredentialsBase {
 public:
  TokenFileCredentials(const VaultAuthSettings& settings, VaultApi& api, std::string provider,
                       RemoteCallObserver& observer)
      : VaultCredentialsBase(api, std::move(provider), observer),
        file_(settings.secret_file, FileSecrecy::kSecret, kMaxSecretTextBytes) {}

  bool HasChanged(const Credentials& credentials) override {
    const auto content = file_.Read();
    return content.ok() &&
           (*content)->generation != static_cast<const VaultToken&>(credentials).file_generation;
  }

 protected:
  absl::string_view name() const override { return "token file"; }

  absl::StatusOr<IssuedCredentials> FetchFresh(const CallContext& call) override {
    SIGNET_ASSIGN_OR_RETURN(const auto content, file_.Read());
    auto token = std::make_shared<VaultToken>();
    SIGNET_ASSIGN_OR_RETURN(token->token, SecretTextOf(*content, file_.path()));
    token->file_generation = content->generation;
    VaultRequest request;
    request.operation = "vault token look-up";
    request.path = "auth/token/lookup-self";
    request.token = token->token.Expose();
    SIGNET_ASSIGN_OR_RETURN(VaultAnswer answer, api().Call(request, call));
    // Expired, or without leave to look itself up: use shows which.
    if (answer.refused()) return Issue(std::move(token), absl::InfiniteDuration());
    if (!answer.ok()) return VaultErrorStatus(request.operation, answer);
    BlankJsonStrings(answer.body, "id");
    const absl::StatusOr<nlohmann::json> object = ParseJsonObject(answer.body.Expose());
    const nlohmann::json* const data = object.ok() ? JsonObject(*object, "data") : nullptr;
    if (data == nullptr) return VaultMalformedStatus(request.operation);
    token->renewable = JsonBool(*data, "renewable").value_or(false);
    token->is_proven = true;
    token->granted = LifetimeOf(JsonInteger(*data, "creation_ttl").value_or(0));
    return Issue(std::move(token), LifetimeOf(JsonInteger(*data, "ttl").value_or(0)));
  }

 private:
  WatchedFile file_;
};

class LoginCredentials final : public VaultCredentialsBase {
 public:
  LoginCredentials(VaultAuthSettings settings, VaultApi& api, std::string provider,
                   RemoteCallObserver& observer)
      : VaultCredentialsBase(api, std::move(provider), observer),
        settings_(std::move(settings)),
        file_(settings_.secret_file, SecrecyOf(settings_.method), kMaxSecretTextBytes) {}

 protected:
  absl::string_view name() const override { return "login"; }

  absl::StatusOr<IssuedCredentials> FetchFresh(const CallContext& call) override {
    VaultRequest request;
    request.operation = "vault login";
    request.method = HttpMethod::kPost;
    request.path = absl::StrCat("auth/", settings_.mount, "/login");
    SIGNET_ASSIGN_OR_RETURN(request.body, LoginBody());
    SIGNET_ASSIGN_OR_RETURN(VaultAnswer answer, api().Call(request, call));
    if (answer.status == 400 || answer.refused()) {
      return absl::UnavailableError(absl::StrCat("vault login: refused: check auth (HTTP ", answer.status,
                                                 ": ", VaultErrorText(answer), ")"));
    }
    if (!answer.ok()) return VaultErrorStatus(request.operation, answer);
    return ParseAuthAnswer(request.operation, answer);
  }

 private:
  // kubelet's tokens, and those that other agents put into a folder of their own, are often readable for all.
  static FileSecrecy SecrecyOf(VaultAuthMethod method) {
    return method == VaultAuthMethod::kKubernetes ? FileSecrecy::kMounted : FileSecrecy::kSecret;
  }

  absl::StatusOr<crypto::SensitiveString> LoginBody() {
    crypto::SensitiveString body;
    std::string& text = body.ExposeMutable();
    if (settings_.method == VaultAuthMethod::kCertificate) {
      if (settings_.role.empty()) return crypto::SensitiveString("{}");
      text = R"({"name":)";
      AppendJsonString(settings_.role, text);
      text += "}";
      return body;
    }
    SIGNET_ASSIGN_OR_RETURN(const auto content, file_.Read());
    SIGNET_ASSIGN_OR_RETURN(const crypto::SensitiveString secret, SecretTextOf(*content, file_.path()));
    const bool app_role = settings_.method == VaultAuthMethod::kAppRole;
    const std::string& name = app_role ? settings_.role_id : settings_.role;
    // Room for every character escaped, so that nothing is left behind by growing.
    text.reserve(64 + 2 * (name.size() + secret.size()));
    absl::StrAppend(&text, app_role ? R"({"role_id":)" : R"({"role":)");
    AppendJsonString(name, text);
    absl::StrAppend(&text, app_role ? R"(,"secret_id":)" : R"(,"jwt":)");
    AppendJsonString(secret.Expose(), text);
    text += "}";
    return body;
  }

  const VaultAuthSettings settings_;
  WatchedFile file_;
};

}  // namespace

std::unique_ptr<CredentialsProvider> MakeVaultCredentials(const VaultAuthSettings& settings, VaultApi& api,
                                                          std::string provider,
                                                          RemoteCallObserver& observer) {
  if (settings.method == VaultAuthMethod::kTokenFile) {
    return std::make_unique<TokenFileCredentials>(settings, api, std::move(provider), observer);
  }
  return std::make_unique<LoginCredentials>(settings, api, std::move(provider), observer);
}

}  // namespace signet::kms
