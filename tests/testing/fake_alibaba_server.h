// FakeAlibaba: the stand-in for Alibaba Cloud (fake_alibaba/, in Python, so that it shares no code with what
// it checks) as a child of the test, and a hand on it.
#ifndef SIGNET_TESTS_TESTING_FAKE_ALIBABA_SERVER_H_
#define SIGNET_TESTS_TESTING_FAKE_ALIBABA_SERVER_H_

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/clock.h"
#include "kms_client/alibaba/alibaba_settings.h"
#include "kms_client/http/http_transport.h"
#include "kms_client/kms_client.h"
#include "kms_client/remote_call_observer.h"
#include "tests/testing/process.h"

namespace signet::testing {

// One region of one account, empty but for the access key of kAccessKeyId. Thread-safe once made.
class FakeAlibaba {
 public:
  static constexpr char kRegion[] = "cn-hangzhou";
  static constexpr char kAccount[] = "1234567890";
  static constexpr char kAccessKeyId[] = "LTAI.test";
  static constexpr char kAccessKeySecret[] = "a-secret-of-the-test";
  static constexpr char kRole[] = "acs:ram::1:role/signet";
  // Its trust policy asks for kExternalId besides.
  static constexpr char kGuardedRole[] = "acs:ram::1:role/guarded";
  static constexpr char kExternalId[] = "the-external-id";
  static constexpr char kOidcProvider[] = "acs:ram::1:oidc-provider/ack-rrsa-c1";
  static constexpr char kOidcToken[] = "eyJhbGciOiJub25lIn0.e30.fake";

  // PEM files; without them it speaks plain HTTP.
  struct Tls {
    std::string certificate_file;
    std::string key_file;
    std::string ca_file;
  };

  FakeAlibaba();
  explicit FakeAlibaba(const Tls& tls);

  // KMS, STS and the metadata service.
  const std::string& url() const { return url_; }

  // Sends a command of fake_alibaba/cloud.py. "look" returns what has been seen so far.
  nlohmann::json Control(const std::string& verb, nlohmann::json command = nlohmann::json::object()) const;
  nlohmann::json Look() const { return Control("look"); }
  // How often `action` was called with a good signature.
  int Count(const std::string& action) const { return Look().at("counts").value(action, 0); }
  void CreateKey(const std::string& key) const { Control("create_key", {{"key", key}}); }
  void Rotate(const std::string& key) const { Control("rotate", {{"key", key}}); }
  void SetKeyState(const std::string& key, const std::string& state) const {
    Control("set_key", {{"key", key}, {"set", {{"state", state}}}});
  }
  // A further access key, which may do everything, but with `key` alone.
  void AddAccessKey(const std::string& id, const std::string& secret, const std::string& key) const {
    Control("add_access_key", {{"access_key", {{"key_id", id}, {"secret", secret}, {"keys", {key}}}}});
  }
  // What every access key and role may do from now on, and with which keys; without any with all.
  void Permit(const std::vector<std::string>& actions, const std::vector<std::string>& keys = {}) const {
    nlohmann::json policy = {{"actions", actions}};
    if (!keys.empty()) policy["keys"] = keys;
    Control("permit", policy);
  }
  void AnswerNext(int count, int status, const std::string& body,
                  const nlohmann::json& headers = nlohmann::json::object()) const {
    Control("answer_next", {{"count", count}, {"status", status}, {"body", body}, {"headers", headers}});
  }

  // The next answers of KMS and STS are sent too late ("hang"), in part ("cut") or not at all ("drop").
  void Fault(const std::string& kind, int count, double seconds = 0) const {
    Control("fault", {{"fault", {{"kind", kind}, {"count", count}, {"seconds", seconds}}}});
  }

 private:
  std::unique_ptr<Process> process_;
  std::string url_;
  std::unique_ptr<kms::HttpTransport> transport_;
};

// The JSON of an access key file.
std::string AccessKeyJson(const std::string& id, const std::string& secret, const std::string& token = "",
                          const std::string& expiration = "");

// For `key` in the fake, with an access key from `file`.
kms::AlibabaSettings AlibabaSettingsFor(const FakeAlibaba& cloud, const std::string& key,
                                        const std::string& file);

// Over the real transport. `ca_file` is that of KMS and STS, empty for plain HTTP. `clock` outlives the
// client.
std::unique_ptr<kms::KmsClient> ConnectAlibaba(const kms::AlibabaSettings& settings, const FakeAlibaba& cloud,
                                               kms::RemoteCallObserver& observer,
                                               const std::string& ca_file = "",
                                               const Clock& clock = SystemClock());

}  // namespace signet::testing

#endif  // SIGNET_TESTS_TESTING_FAKE_ALIBABA_SERVER_H_
