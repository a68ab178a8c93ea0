// AlibabaRpc: one signed call of Alibaba Cloud's RPC style to one endpoint, KMS or STS.
//
// Thread-safe. Learns how far this machine's clock is off from the endpoint's answers: a request that was
// refused for its time is signed anew and sent once more, and so is one for its nonce, if it may be repeated:
// whoever had that nonce before may have been this very request, sent again by libcurl on a new connection.
// Nothing else is retried here.
#ifndef SIGNET_KMS_CLIENT_ALIBABA_ALIBABA_RPC_H_
#define SIGNET_KMS_CLIENT_ALIBABA_ALIBABA_RPC_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "base/clock.h"
#include "crypto/random.h"
#include "crypto/sensitive_string.h"
#include "kms_client/alibaba/alibaba_settings.h"
#include "kms_client/alibaba/percent_encoding.h"
#include "kms_client/auth/credentials.h"
#include "kms_client/http/http_transport.h"
#include "kms_client/kms_client.h"

namespace signet::kms {

// An access key; with a security token it is a temporary one of STS.
struct AlibabaAccessKey final : Credentials {
  std::string id;
  crypto::SensitiveString secret;
  crypto::SensitiveString security_token;  // empty: none
  uint64_t file_generation = 0;            // of an access key file
  // A temporary key whose end nobody told us: it may be over without our knowing.
  bool may_be_over = false;
};

// Wipes its values when it goes.
struct AlibabaRequest {
  AlibabaRequest() = default;
  AlibabaRequest(AlibabaRequest&&) = default;
  AlibabaRequest& operator=(AlibabaRequest&&) = delete;
  ~AlibabaRequest();

  std::string action;             // "Encrypt"
  absl::string_view api_version;  // "2016-01-20"
  AlibabaParameters parameters;
  // The parameters go into the body, which no proxy writes down, and not into the query.
  bool in_body = false;
  // Doing it twice does no harm. If not, it is never sent again once it may have been carried out.
  bool may_repeat = true;
};

struct AlibabaAnswer {
  int status = 0;
  crypto::SensitiveString body;
  std::optional<absl::Duration> retry_after;
  std::optional<absl::Time> date;  // the server's clock

  bool ok() const { return status >= 200 && status < 300; }
};

class AlibabaRpc {
 public:
  // `endpoint` is "https://host[:port]"; a port that is the scheme's own is left out. `service` stands in
  // front of the action in logs and errors: "alibaba Encrypt". `clock` and `random` outlive the object.
  AlibabaRpc(std::string service, const std::string& endpoint, AlibabaSignature signature,
             std::unique_ptr<HttpTransport> transport, const Clock& clock, crypto::RandomSource& random);

  // Any HTTP status is an answer. `key` may be null: an unsigned request. Status codes of
  // HttpTransport::Send, of class unreachable; UNAVAILABLE: no randomness; INTERNAL: OpenSSL refused.
  absl::StatusOr<AlibabaAnswer> Call(const AlibabaRequest& request, const AlibabaAccessKey* key,
                                     const CallContext& call);

  std::string OperationName(const AlibabaRequest& request) const;

 private:
  // `skew`, in seconds, is what the request is signed with.
  absl::StatusOr<AlibabaAnswer> CallOnce(const AlibabaRequest& request, const AlibabaAccessKey* key,
                                         int64_t skew, const CallContext& call);
  absl::StatusOr<HttpRequest> SignWithAcs3(const AlibabaRequest& request, const AlibabaAccessKey& key,
                                           int64_t skew) const;
  absl::StatusOr<HttpRequest> SignWithRpc(const AlibabaRequest& request, const AlibabaAccessKey* key,
                                          int64_t skew) const;
  HttpRequest MakeHttpRequest(const AlibabaRequest& request) const;
  absl::StatusOr<std::string> MakeNonce() const;
  // The time as the endpoint has it.
  std::string Timestamp(int64_t skew) const;
  // The skew to sign with, where it is another one than the refused request was signed with, by which the
  // shared one may have been put right meanwhile.
  std::optional<int64_t> LearnSkew(const AlibabaAnswer& answer, int64_t used);

  const std::string service_;
  const std::string endpoint_;
  const std::string host_;  // as libcurl makes it of the endpoint and sends it
  const AlibabaSignature signature_;
  const std::unique_ptr<HttpTransport> transport_;
  const Clock& clock_;
  crypto::RandomSource& random_;
  // The endpoint's clock less ours.
  std::atomic<int64_t> skew_seconds_ = 0;
};

}  // namespace signet::kms

#endif  // SIGNET_KMS_CLIENT_ALIBABA_ALIBABA_RPC_H_
