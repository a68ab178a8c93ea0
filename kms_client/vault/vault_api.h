// VaultApi: one HTTP call to a Vault cluster, at whichever of its addresses answers.
//
// Thread-safe. Starts with the address that answered last and goes on to the next when a node is unreachable,
// sealed or without a leader, as long as time allows. Follows a standby's redirect to one of the configured
// addresses only.
#ifndef SIGNET_KMS_CLIENT_VAULT_VAULT_API_H_
#define SIGNET_KMS_CLIENT_VAULT_VAULT_API_H_

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "base/clock.h"
#include "crypto/sensitive_string.h"
#include "kms_client/http/http_transport.h"
#include "kms_client/kms_client.h"

namespace signet::kms {

struct VaultRequest {
  std::string operation;  // "vault encrypt"
  HttpMethod method = HttpMethod::kGet;
  std::string path;         // below /v1/, percent-encoded
  absl::string_view token;  // empty: none
  crypto::SensitiveString body;
  bool may_repeat = true;  // false: a request that may have arrived is not sent again
};

struct VaultAnswer {
  int status = 0;
  crypto::SensitiveString body;
  std::optional<absl::Duration> retry_after;

  bool ok() const { return status >= 200 && status < 300; }
  // The credential was not accepted, or may not do this.
  bool refused() const { return status == 401 || status == 403; }
};

class VaultApi {
 public:
  // `addresses` is not empty. `clock` outlives the object.
  VaultApi(std::vector<std::string> addresses, std::string name_space,
           std::unique_ptr<HttpTransport> transport, const Clock& clock);

  // Any HTTP status but a redirect is an answer. Status codes of HttpTransport::Send, of class unreachable.
  absl::StatusOr<VaultAnswer> Call(const VaultRequest& request, const CallContext& call);

 private:
  absl::StatusOr<VaultAnswer> CallOne(size_t address, const VaultRequest& request, const CallContext& call);
  // The configured address that a Location header points to.
  std::optional<size_t> FindAddress(absl::string_view location) const;

  const std::vector<std::string> addresses_;
  const std::string name_space_;
  const std::unique_ptr<HttpTransport> transport_;
  const Clock& clock_;
  std::atomic<size_t> preferred_ = 0;
};

}  // namespace signet::kms

#endif  // SIGNET_KMS_CLIENT_VAULT_VAULT_API_H_
