#include "tests/testing/fake_vault.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "crypto/aes_gcm.h"
#include "crypto/base64.h"
#include "crypto/random.h"

namespace signet::testing {
namespace {

using nlohmann::json;

kms::HttpResponse Error(int status, const std::string& text) {
  json errors = json::array();
  if (!text.empty()) errors.push_back(text);
  return MakeResponse(status, json{{"errors", errors}}.dump() + "\n");
}

kms::HttpResponse Data(const json& data) {
  return MakeResponse(200, json{{"request_id", "5e3b"},
                                {"lease_id", ""},
                                {"renewable", false},
                                {"lease_duration", 0},
                                {"data", data},
                                {"wrap_info", nullptr},
                                {"warnings", nullptr},
                                {"auth", nullptr}}
                                   .dump() +
                               "\n");
}

kms::HttpResponse Auth(const std::string& token, absl::Duration ttl, bool renewable) {
  return MakeResponse(200, json{{"request_id", "5e3c"},
                                {"data", nullptr},
                                {"auth",
                                 {{"client_token", token},
                                  {"accessor", "acc"},
                                  {"policies", {"default", "signet"}},
                                  {"lease_duration", absl::ToInt64Seconds(ttl)},
                                  {"renewable", renewable}}}}
                               .dump());
}

absl::Span<const uint8_t> Bytes(const std::string& text) {
  return absl::MakeConstSpan(reinterpret_cast<const uint8_t*>(text.data()), text.size());
}

absl::Span<uint8_t> MutableBytes(std::string& text) {
  return absl::MakeSpan(reinterpret_cast<uint8_t*>(text.data()), text.size());
}

std::optional<std::string> Base64Field(const json& body, const char* name) {
  const auto field = body.find(name);
  if (field == body.end() || !field->is_string()) return std::nullopt;
  return crypto::Base64Decode(field->get<std::string>());
}

bool HasOnly(const json& body, const std::set<std::string>& names) {
  return body.is_object() && std::all_of(body.items().begin(), body.items().end(),
                                         [&](const auto& item) { return names.count(item.key()) == 1; });
}

}  // namespace

FakeVault::FakeVault(const Clock& clock) : clock_(clock) {
  MutexLock lock(mutex_);
  Token& root = tokens_["root"];
  root.capabilities = grant_.capabilities;
  root.expires = root.ends = absl::InfiniteDuration();
  root.ttl = absl::ZeroDuration();
  root.renewable = false;
}

std::unique_ptr<kms::HttpTransport> FakeVault::MakeTransport() {
  class Transport final : public kms::HttpTransport {
   public:
    explicit Transport(FakeVault& vault)
        : clock_(vault.clock_),
          fake_([&vault](const SeenRequest& request) { return vault.Handle(request); }) {}
    absl::StatusOr<kms::HttpResponse> Send(const kms::HttpRequest& request,
                                           const kms::CallContext& call) override {
      if (clock_.Monotonic() >= call.deadline) return absl::DeadlineExceededError("out of time");
      return fake_.Send(request, call);
    }

   private:
    const Clock& clock_;
    FakeHttpTransport fake_;
  };
  return std::make_unique<Transport>(*this);
}

void FakeVault::AddVersion(Key& key) {
  Version version;
  version.key = *crypto::SecretBytes::Create(crypto::kAesKeyBytes);
  if (!crypto::SystemRandom().Fill(version.key.ExposeMutable()).ok()) std::abort();
  version.created = absl::ToUnixSeconds(clock_.Wall());
  const uint32_t number = key.versions.empty() ? 1 : key.versions.rbegin()->first + 1;
  key.versions.emplace(number, std::move(version));
}

void FakeVault::CreateKey(const std::string& name) {
  MutexLock lock(mutex_);
  AddVersion(keys_[name]);
}

void FakeVault::DeleteKey(const std::string& name) {
  MutexLock lock(mutex_);
  keys_.erase(name);
}

void FakeVault::Rotate(const std::string& name) {
  MutexLock lock(mutex_);
  AddVersion(keys_.at(name));
}

void FakeVault::SetSoftDeleted(const std::string& name, bool deleted) {
  MutexLock lock(mutex_);
  keys_.at(name).soft_deleted = deleted;
}

void FakeVault::SetMinDecryptionVersion(const std::string& name, uint32_t version) {
  MutexLock lock(mutex_);
  keys_.at(name).min_decryption_version = version;
}

uint32_t FakeVault::latest_version(const std::string& name) const {
  MutexLock lock(mutex_);
  return keys_.at(name).versions.rbegin()->first;
}

std::string FakeVault::AddToken(std::set<std::string> capabilities, absl::Duration ttl,
                                absl::Duration max_ttl, bool renewable) {
  const std::string name = absl::StrCat("s.token-of-the-fake-number-", next_token_++);
  const absl::Duration now = clock_.BootTime();
  const bool endless = ttl == absl::ZeroDuration();
  tokens_[name] = {std::move(capabilities), endless ? absl::InfiniteDuration() : now + ttl, ttl,
                   endless ? absl::InfiniteDuration() : now + max_ttl, renewable};
  return name;
}

std::string FakeVault::CreateToken(std::set<std::string> capabilities, absl::Duration ttl, bool renewable) {
  MutexLock lock(mutex_);
  return AddToken(std::move(capabilities), ttl, absl::Hours(24 * 32), renewable);
}

void FakeVault::RevokeTokens() {
  MutexLock lock(mutex_);
  tokens_.clear();
}

void FakeVault::SetLoginGrant(std::set<std::string> capabilities, absl::Duration ttl,
                              absl::Duration max_ttl) {
  MutexLock lock(mutex_);
  grant_ = {std::move(capabilities), ttl, max_ttl};
}

void FakeVault::SetPolicy(std::set<std::string> capabilities) {
  MutexLock lock(mutex_);
  for (auto& [name, token] : tokens_) token.capabilities = capabilities;
  grant_.capabilities = std::move(capabilities);
}

void FakeVault::SetSealed(bool sealed) {
  MutexLock lock(mutex_);
  sealed_ = sealed;
}

void FakeVault::SetDown(const std::string& host, bool down) {
  MutexLock lock(mutex_);
  if (down) {
    down_.insert(host);
  } else {
    down_.erase(host);
  }
}

void FakeVault::AnswerNext(int count, kms::HttpResponse response, const std::string& operation) {
  MutexLock lock(mutex_);
  forced_operation_ = operation;
  forced_count_ = count;
  forced_status_ = response.status;
  forced_body_ = std::string(response.body.Expose());
  forced_header_lines_ = std::move(response.header_lines);
}

size_t FakeVault::requests(const std::string& operation) const {
  MutexLock lock(mutex_);
  const auto found = requests_.find(operation);
  return found == requests_.end() ? 0 : found->second;
}

std::vector<std::string> FakeVault::uids() const {
  MutexLock lock(mutex_);
  return uids_;
}

std::vector<std::string> FakeVault::complaints() const {
  MutexLock lock(mutex_);
  return complaints_;
}

absl::StatusOr<kms::HttpResponse> FakeVault::Handle(const SeenRequest& request) {
  MutexLock lock(mutex_);
  ++requests_[request.operation];
  const std::string rest = request.url.substr(std::min(request.url.size(), std::string("http://").size()));
  if (down_.count(rest.substr(0, rest.find('/'))) == 1) {
    return absl::UnavailableError(absl::StrCat(request.operation, ": cannot connect: connection refused"));
  }
  if (request.headers.count("x-vault-request") == 0) complaints_.push_back("no X-Vault-Request");
  const auto uid = request.headers.find("x-signet-uid");
  if (uid != request.headers.end()) uids_.push_back(uid->second);
  if (forced_count_ > 0 && (forced_operation_.empty() || forced_operation_ == request.operation)) {
    --forced_count_;
    return MakeResponse(forced_status_, forced_body_, forced_header_lines_);
  }
  if (sealed_) return Error(503, "Vault is sealed");
  return Answer(request);
}

kms::HttpResponse FakeVault::Answer(const SeenRequest& request) {
  const std::vector<std::string> parts = absl::StrSplit(request.url, '/');
  // http: "" host v1 mount action…
  if (parts.size() < 6 || parts[3] != "v1") {
    complaints_.push_back("not below /v1/");
    return Error(404, "");
  }
  json body = json::object();
  if (request.method == "POST") {
    body = json::parse(request.body, nullptr, false);
    if (request.headers.count("content-type") == 0) complaints_.push_back("no content type");
    if (!body.is_object()) return Error(400, "failed to parse JSON input");
  }
  if (parts[4] == "auth" && parts.size() == 7 && parts[6] == "login") return Login(parts[5], body);
  const auto header = request.headers.find("x-vault-token");
  const std::string name = header == request.headers.end() ? "" : header->second;
  const auto token = tokens_.find(name);
  if (token == tokens_.end() || clock_.BootTime() >= token->second.expires) {
    return Error(403, "permission denied");
  }
  const auto may = [&](const char* what) { return token->second.capabilities.count(what) == 1; };
  const auto deny = [] { return Error(403, "1 error occurred:\n\t* permission denied\n\n"); };
  const std::string path = absl::StrCat(request.method, " ", parts[4], "/", parts[5]);
  if (path == "GET auth/token" && parts.back() == "lookup-self")
    return may("lookup") ? LookupSelf(name) : deny();
  if (path == "POST auth/token" && parts.back() == "renew-self")
    return may("renew") ? RenewSelf(name) : deny();
  if (parts[4] != "transit") return Error(404, "no handler for route. route entry not found.");
  if (path == "POST transit/encrypt") return may("encrypt") ? Transit("encrypt", parts[6], body) : deny();
  if (path == "POST transit/decrypt") return may("decrypt") ? Transit("decrypt", parts[6], body) : deny();
  if (path == "GET transit/keys") return may("read") ? Transit("keys", parts[6], body) : deny();
  if (path == "POST transit/keys" && parts.back() == "rotate") {
    return may("rotate") ? Transit("rotate", parts[6], body) : deny();
  }
  return Error(405, "1 error occurred:\n\t* unsupported operation\n\n");
}

kms::HttpResponse FakeVault::Transit(const std::string& action, const std::string& name, const json& body) {
  const auto found = keys_.find(name);
  if (found == keys_.end()) {
    return action == "keys" ? Error(404, "") : Error(400, "encryption key not found");
  }
  Key& key = found->second;
  if (action == "keys") return DescribeKey(key);
  if (key.soft_deleted) return Error(400, "refusing to use soft-deleted key; restore first");
  if (action == "encrypt") return Encrypt(key, body);
  if (action == "decrypt") return Decrypt(key, body);
  AddVersion(key);
  return DescribeKey(key);
}

kms::HttpResponse FakeVault::DescribeKey(const Key& key) const {
  json keys = json::object();
  for (const auto& [number, version] : key.versions) {
    if (number >= key.min_decryption_version) keys[absl::StrCat(number)] = version.created;
  }
  return Data({{"type", "aes256-gcm96"},
               {"latest_version", key.versions.rbegin()->first},
               {"min_decryption_version", key.min_decryption_version},
               {"keys", keys},
               {"derived", false},
               {"soft_deleted", key.soft_deleted},
               {"supports_encryption", true}});
}

kms::HttpResponse FakeVault::Encrypt(const Key& key, const json& body) {
  const std::optional<std::string> plaintext = Base64Field(body, "plaintext");
  const std::optional<std::string> associated_data = Base64Field(body, "associated_data");
  if (!HasOnly(body, {"plaintext", "associated_data"}) || !plaintext || !associated_data) {
    complaints_.push_back("odd body of encrypt");
    return Error(400, "failed to base64-decode plaintext");
  }
  const auto& [number, version] = *key.versions.rbegin();
  std::string bytes(crypto::kGcmNonceBytes + plaintext->size() + crypto::kGcmTagBytes, '\0');
  const absl::Span<uint8_t> nonce = MutableBytes(bytes).subspan(0, crypto::kGcmNonceBytes);
  if (!crypto::SystemRandom().Fill(nonce).ok() ||
      !crypto::AesGcmSeal(version.key.Expose(), nonce, Bytes(*associated_data), Bytes(*plaintext),
                          MutableBytes(bytes).subspan(crypto::kGcmNonceBytes))
           .ok()) {
    std::abort();
  }
  return Data({{"ciphertext", absl::StrCat("vault:v", number, ":", crypto::Base64Encode(bytes))},
               {"key_version", number}});
}

kms::HttpResponse FakeVault::Decrypt(const Key& key, const json& body) {
  const std::optional<std::string> associated_data = Base64Field(body, "associated_data");
  if (!HasOnly(body, {"ciphertext", "associated_data"}) || !associated_data) {
    complaints_.push_back("odd body of decrypt");
    return Error(400, "missing ciphertext to decrypt");
  }
  const std::vector<std::string> parts = absl::StrSplit(body.value("ciphertext", ""), ':');
  uint32_t number = 0;
  if (parts.size() != 3 || parts[0] != "vault" || !absl::StartsWith(parts[1], "v") ||
      !absl::SimpleAtoi(parts[1].substr(1), &number)) {
    return Error(400, "invalid ciphertext: no prefix");
  }
  const std::optional<std::string> bytes = crypto::Base64Decode(parts[2]);
  if (!bytes.has_value()) return Error(400, "invalid ciphertext: could not decode base64");
  if (number > key.versions.rbegin()->first) return Error(400, "invalid ciphertext: version is too new");
  if (number < key.min_decryption_version) {
    return Error(400, "ciphertext or signature version is disallowed by policy (too old)");
  }
  if (bytes->size() < crypto::kGcmNonceBytes + crypto::kGcmTagBytes) {
    return Error(400, "invalid ciphertext length");
  }
  std::string plaintext(bytes->size() - crypto::kGcmNonceBytes - crypto::kGcmTagBytes, '\0');
  if (!crypto::AesGcmOpen(key.versions.at(number).key.Expose(),
                          Bytes(*bytes).subspan(0, crypto::kGcmNonceBytes), Bytes(*associated_data),
                          Bytes(*bytes).subspan(crypto::kGcmNonceBytes), MutableBytes(plaintext))
           .ok()) {
    return Error(400, "cipher: message authentication failed");
  }
  return Data({{"plaintext", crypto::Base64Encode(plaintext)}});
}

kms::HttpResponse FakeVault::Login(const std::string& mount, const json& body) {
  const bool good = mount == "approle" ? body == json{{"role_id", kRoleId}, {"secret_id", kSecretId}}
                    : mount == "cert"  ? HasOnly(body, {"name"})
                    : mount == "jwt" || mount == "kubernetes"
                        ? body == json{{"role", "signet"}, {"jwt", kJwt}}
                        : false;
  if (!good) return Error(mount == "kubernetes" ? 403 : 400, "invalid role or secret ID");
  const std::string token = AddToken(grant_.capabilities, grant_.ttl, grant_.max_ttl, true);
  return Auth(token, grant_.ttl, true);
}

kms::HttpResponse FakeVault::RenewSelf(const std::string& name) {
  Token& token = tokens_.at(name);
  if (!token.renewable) return Error(400, "lease is not renewable");
  const absl::Duration now = clock_.BootTime();
  token.expires = std::min(now + token.ttl, token.ends);
  return Auth(name, token.expires - now, true);
}

kms::HttpResponse FakeVault::LookupSelf(const std::string& name) {
  const Token& token = tokens_.at(name);
  const bool endless = token.expires == absl::InfiniteDuration();
  return Data({{"id", name},
               {"accessor", "acc"},
               {"creation_ttl", absl::ToInt64Seconds(token.ttl)},
               {"ttl", endless ? 0 : absl::ToInt64Seconds(token.expires - clock_.BootTime())},
               {"renewable", token.renewable},
               {"meta", nullptr}});
}

}  // namespace signet::testing
