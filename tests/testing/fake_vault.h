// FakeVault: the part of Vault's HTTP API that signetd uses, in memory, strict about what it is sent and
// breakable as tests need. What it answers was taken from OpenBao 2.7; tests/integration holds the client
// against that itself.
#ifndef SIGNET_TESTS_TESTING_FAKE_VAULT_H_
#define SIGNET_TESTS_TESTING_FAKE_VAULT_H_

#include <cstdint>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/mutex.h"
#include "crypto/secret_bytes.h"
#include "tests/testing/fake_http_transport.h"

namespace signet::testing {

// Thread-safe. One cluster; MakeTransport gives each client its own way to it.
class FakeVault {
 public:
  static constexpr char kRoleId[] = "role-1";
  static constexpr char kSecretId[] = "9b1f2f04-secret-id";
  static constexpr char kJwt[] = "header.claims.signature";

  // `clock` outlives the object. Token "root" may do everything, for ever.
  explicit FakeVault(const Clock& clock);

  // Answers at http://vault-1, http://vault-2, …, all nodes of the cluster.
  std::unique_ptr<kms::HttpTransport> MakeTransport();

  void CreateKey(const std::string& name);
  void DeleteKey(const std::string& name);
  void Rotate(const std::string& name);
  void SetSoftDeleted(const std::string& name, bool deleted);
  // Older versions vanish from the API.
  void SetMinDecryptionVersion(const std::string& name, uint32_t version);
  uint32_t latest_version(const std::string& name) const;

  // A token that may do `capabilities`: "encrypt", "decrypt", "read", "rotate", "lookup", "renew". Zero: no
  // end.
  std::string CreateToken(std::set<std::string> capabilities, absl::Duration ttl, bool renewable = true);
  void RevokeTokens();
  // What logins grant from now on.
  void SetLoginGrant(std::set<std::string> capabilities, absl::Duration ttl, absl::Duration max_ttl);
  // Changes what existing tokens may do, as an edited policy does.
  void SetPolicy(std::set<std::string> capabilities);

  void SetSealed(bool sealed);
  void SetDown(const std::string& host, bool down);
  // The next answers at any node, whatever is asked or to one operation only.
  void AnswerNext(int count, kms::HttpResponse response, const std::string& operation = "");

  size_t requests(const std::string& operation) const;
  std::vector<std::string> uids() const;
  // What was wrong with requests; tests expect none.
  std::vector<std::string> complaints() const;

 private:
  struct Version {
    crypto::SecretBytes key;
    int64_t created = 0;
  };
  struct Key {
    std::map<uint32_t, Version> versions;
    uint32_t min_decryption_version = 1;
    bool soft_deleted = false;
  };
  struct Token {
    std::set<std::string> capabilities;
    absl::Duration expires;
    absl::Duration ttl;
    absl::Duration ends;  // renewals reach no further
    bool renewable = true;
  };
  struct Grant {
    std::set<std::string> capabilities = {"encrypt", "decrypt", "read", "rotate", "lookup", "renew"};
    absl::Duration ttl = absl::Hours(1);
    absl::Duration max_ttl = absl::Hours(24);
  };

  absl::StatusOr<kms::HttpResponse> Handle(const SeenRequest& request);
  kms::HttpResponse Answer(const SeenRequest& request) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  kms::HttpResponse Transit(const std::string& action, const std::string& name, const nlohmann::json& body)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  kms::HttpResponse Encrypt(const Key& key, const nlohmann::json& body) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  kms::HttpResponse Decrypt(const Key& key, const nlohmann::json& body) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  kms::HttpResponse DescribeKey(const Key& key) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  kms::HttpResponse Login(const std::string& mount, const nlohmann::json& body)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  kms::HttpResponse RenewSelf(const std::string& token) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  kms::HttpResponse LookupSelf(const std::string& token) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  std::string AddToken(std::set<std::string> capabilities, absl::Duration ttl, absl::Duration max_ttl,
                       bool renewable) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void AddVersion(Key& key) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const Clock& clock_;
  mutable Mutex mutex_;
  std::map<std::string, Key> keys_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, Token> tokens_ ABSL_GUARDED_BY(mutex_);
  Grant grant_ ABSL_GUARDED_BY(mutex_);
  int next_token_ ABSL_GUARDED_BY(mutex_) = 1;
  bool sealed_ ABSL_GUARDED_BY(mutex_) = false;
  std::set<std::string> down_ ABSL_GUARDED_BY(mutex_);
  int forced_count_ ABSL_GUARDED_BY(mutex_) = 0;
  std::string forced_operation_ ABSL_GUARDED_BY(mutex_);
  int forced_status_ ABSL_GUARDED_BY(mutex_) = 0;
  std::string forced_body_ ABSL_GUARDED_BY(mutex_);
  std::string forced_header_lines_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, size_t> requests_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::string> uids_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::string> complaints_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace signet::testing

#endif  // SIGNET_TESTS_TESTING_FAKE_VAULT_H_
