#include "tests/testing/fake_alibaba_server.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/clock.h"
#include "crypto/random.h"
#include "kms_client/alibaba/alibaba_kms_client.h"
#include "kms_client/http/curl_transport.h"
#include "kms_client/http/http_library.h"
#include "tests/testing/paths.h"
#include "tests/testing/poll.h"

namespace signet::testing {
namespace {

using nlohmann::json;

constexpr std::chrono::milliseconds kStartLimit = std::chrono::seconds(60);

std::unique_ptr<kms::HttpTransport> MakeTransport(const std::string& ca_file = "",
                                                  const Clock& clock = SystemClock()) {
  kms::HttpSettings settings;
  settings.allow_plain_http = true;
  // A busy machine is no reason for a test to fail.
  settings.connect_timeout = absl::Minutes(1);
  settings.total_timeout = absl::Minutes(2);
  settings.tls.ca_file = ca_file;
  return kms::MakeCurlTransport(settings, clock);
}

}  // namespace

FakeAlibaba::FakeAlibaba() : FakeAlibaba(Tls()) {}

FakeAlibaba::FakeAlibaba(const Tls& tls) {
  if (!kms::InitializeHttpLibrary().ok()) std::abort();
  const bool has_tls = !tls.certificate_file.empty();
  std::vector<std::string> arguments = {"/usr/bin/python3", "-B", SourcePath("tests/testing/fake_alibaba")};
  if (has_tls) arguments.insert(arguments.end(), {tls.certificate_file, tls.key_file});
  process_ = std::make_unique<Process>(ProcessOptions{.arguments = arguments});
  // The port, and a line break when it is complete.
  if (!PollUntil([&] { return process_->Output().find('\n') != std::string::npos; }, kStartLimit)) {
    ADD_FAILURE() << "the fake did not start: " << process_->Errors();
    std::abort();
  }
  const std::string output = process_->Output();
  url_ = absl::StrCat(has_tls ? "https" : "http", "://127.0.0.1:", output.substr(0, output.find('\n')));
  transport_ = MakeTransport(tls.ca_file);
  Control("add_access_key", {{"access_key", {{"key_id", kAccessKeyId}, {"secret", kAccessKeySecret}}}});
}

json FakeAlibaba::Control(const std::string& verb, json command) const {
  command["do"] = verb;
  kms::HttpRequest request;
  request.operation = "control";
  request.method = kms::HttpMethod::kPost;
  request.SetUrl(url_ + "/_control");
  request.body = crypto::SensitiveString(command.dump());
  request.max_response_bytes = size_t{16} << 20;
  const absl::StatusOr<kms::HttpResponse> response = transport_->Send(request, {});
  EXPECT_TRUE(response.ok() && response->status == 200) << verb << ": " << response.status();
  if (!response.ok()) return nullptr;
  const absl::string_view text = response->body.Expose();
  return json::parse(text.begin(), text.end(), nullptr, false);
}

std::string AccessKeyJson(const std::string& id, const std::string& secret, const std::string& token,
                          const std::string& expiration) {
  json key = {{"AccessKeyId", id}, {"AccessKeySecret", secret}};
  if (!token.empty()) key["SecurityToken"] = token;
  if (!expiration.empty()) key["Expiration"] = expiration;
  return key.dump();
}

kms::AlibabaSettings AlibabaSettingsFor(const FakeAlibaba& cloud, const std::string& key,
                                        const std::string& file) {
  kms::AlibabaSettings settings;
  settings.endpoint = cloud.url();
  settings.region = FakeAlibaba::kRegion;
  settings.account_id = FakeAlibaba::kAccount;
  settings.key_id = key;
  settings.auth.secret_file = file;
  settings.auth.sts_endpoint = cloud.url();
  return settings;
}

std::unique_ptr<kms::KmsClient> ConnectAlibaba(const kms::AlibabaSettings& settings, const FakeAlibaba& cloud,
                                               kms::RemoteCallObserver& observer, const std::string& ca_file,
                                               const Clock& clock) {
  kms::AlibabaTransports transports{MakeTransport(ca_file, clock), MakeTransport(ca_file, clock),
                                    MakeTransport("", clock), cloud.url()};
  return kms::MakeAlibabaKmsClient(settings, std::move(transports), "primary", clock, crypto::SystemRandom(),
                                   observer);
}

}  // namespace signet::testing
