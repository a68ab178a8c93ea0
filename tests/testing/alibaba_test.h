// AlibabaTest: a test with the stand-in for Alibaba Cloud, one key in it, an access key in a file, and a
// client.
#ifndef SIGNET_TESTS_TESTING_ALIBABA_TEST_H_
#define SIGNET_TESTS_TESTING_ALIBABA_TEST_H_

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>

#include "kms_client/alibaba/alibaba_settings.h"
#include "kms_client/kms_client.h"
#include "tests/testing/fake_alibaba_server.h"
#include "tests/testing/openbao_client.h"
#include "tests/testing/temp_dir.h"

namespace signet::testing {

class AlibabaTest : public ::testing::Test {
 protected:
  static constexpr char kKey[] = "key-hzz0000000000000001";

  AlibabaTest() {
    cloud_.CreateKey(kKey);
    WriteKeyFile(FakeAlibaba::kAccessKeyId, FakeAlibaba::kAccessKeySecret);
    settings_ = AlibabaSettingsFor(cloud_, kKey, key_file());
  }
  // Whatever a test does, the client never sends what the vendor would not understand.
  ~AlibabaTest() override { EXPECT_EQ(cloud_.Look().at("complaints"), nlohmann::json::array()); }

  std::string key_file() const { return folder_.File("key"); }
  void WriteKeyFile(const std::string& id, const std::string& secret, const std::string& token = "",
                    const std::string& expiration = "") {
    WriteSecretFile(key_file(), AccessKeyJson(id, secret, token, expiration));
  }
  // Made of settings_ at the first use.
  kms::KmsClient& client() {
    if (client_ == nullptr) client_ = ConnectAlibaba(settings_, cloud_, observer_);
    return *client_;
  }
  static kms::CallContext Call() {
    kms::CallContext call;
    call.deadline = SystemClock().Monotonic() + absl::Seconds(30);
    return call;
  }
  absl::StatusOr<kms::WrapResult> Wrap(const kms::CallContext& call = Call()) {
    absl::StatusOr<crypto::SecretBytes> bytes = crypto::SecretBytes::Create(32);
    if (!bytes.ok()) return bytes.status();
    std::fill(bytes->ExposeMutable().begin(), bytes->ExposeMutable().end(), 0x42);
    return client().Wrap(call, *bytes, context_);
  }
  absl::Status Unwrap(const kms::WrapResult& wrapped) {
    return client().Unwrap(Call(), wrapped.backend_field, wrapped.blob, context_).status();
  }

  TempDir folder_;
  FakeAlibaba cloud_;
  kms::RemoteCallObserver observer_;
  kms::AlibabaSettings settings_;
  std::unique_ptr<kms::KmsClient> client_;
  const kms::WrapContext context_{"cluster-1"};
};

}  // namespace signet::testing

#endif  // SIGNET_TESTS_TESTING_ALIBABA_TEST_H_
