// The built signetd with its key in the fake Alibaba Cloud.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "tests/testing/daemon.h"
#include "tests/testing/fake_alibaba_server.h"
#include "tests/testing/kms_caller.h"
#include "tests/testing/openbao_client.h"
#include "tests/testing/poll.h"
#include "tests/testing/status_matchers.h"

namespace signet::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr char kKey[] = "key-hzz0000000000000001";

// One control-plane node: a home whose configuration leads to the fake, with its secret beside it.
class Node {
 public:
  // `auth` is how it finds its access key, `top` further settings of the file.
  explicit Node(const FakeAlibaba& cloud, const std::string& auth = "source: access_key_file",
                const std::string& region = FakeAlibaba::kRegion, const std::string& top = "") {
    std::ofstream(home_.config(), std::ios::trunc)
        << "cluster_id: test\nstate_directory: " << home_.state() << "\nactive: primary\nproviders:\n"
        << "  - name: primary\n    alibaba:\n      region: " << region
        << "\n      account_id: " << FakeAlibaba::kAccount << "\n      key: " << kKey
        << "\n      endpoint: " << cloud.url() << "\n      auth: {" << auth
        << ", secret_file: " << secret_file() << "}\nlog: {level: debug}\n"
        << "admin_socket: {path: " << home_.admin_socket() << "}\nkms_socket: {path: " << home_.kms_socket()
        << "}\n"
        << top;
    SetSecret(AccessKeyJson(FakeAlibaba::kAccessKeyId, FakeAlibaba::kAccessKeySecret));
  }
  std::string secret_file() const { return home_.path() + "/secret"; }
  void SetSecret(const std::string& text) { WriteSecretFile(secret_file(), text); }
  DaemonProcess& Start() {
    daemon_ = std::make_unique<DaemonProcess>(home_);
    return *daemon_;
  }
  DaemonProcess& daemon() { return *daemon_; }
  KmsCaller Caller() const { return KmsCaller(home_.kms_socket()); }
  bool LogsSay(const std::string& words) {
    return PollUntil([&] { return daemon_->Logs().find(words) != std::string::npos; });
  }

 private:
  DaemonHome home_;
  std::unique_ptr<DaemonProcess> daemon_;
};

class AlibabaDaemonTest : public ::testing::Test {
 protected:
  AlibabaDaemonTest() { cloud_.CreateKey(kKey); }
  ~AlibabaDaemonTest() override { EXPECT_EQ(cloud_.Look().at("complaints"), nlohmann::json::array()); }

  FakeAlibaba cloud_;
};

TEST_F(AlibabaDaemonTest, NodesReadWhatTheOthersWrote) {
  Node first(cloud_);
  Node second(cloud_);
  for (Node* node : {&first, &second}) ASSERT_TRUE(node->Start().WaitUntilReady()) << node->daemon().Logs();
  KmsCaller writer = first.Caller();
  KmsCaller reader = second.Caller();
  ASSERT_OK_AND_ASSIGN(const auto encrypted, writer.Encrypt("seed"));
  EXPECT_THAT(encrypted.key_id(), StartsWith("alibaba-v"));
  ASSERT_OK_AND_ASSIGN(const std::string plaintext, reader.Decrypt(encrypted));
  EXPECT_EQ(plaintext, "seed");
  ASSERT_OK_AND_ASSIGN(const auto here, writer.Status());
  ASSERT_OK_AND_ASSIGN(const auto there, reader.Status());
  EXPECT_EQ(here.key_id(), there.key_id());
}

TEST_F(AlibabaDaemonTest, AnnouncesANewVersionOfTheKey) {
  Node node(cloud_, "source: access_key_file", FakeAlibaba::kRegion,
            "watch: {interval: 100ms, confirm_interval: 100ms, activation_delay: 100ms}\n");
  ASSERT_TRUE(node.Start().WaitUntilReady()) << node.daemon().Logs();
  KmsCaller caller = node.Caller();
  ASSERT_OK_AND_ASSIGN(const auto before, caller.Encrypt("seed"));
  cloud_.Rotate(kKey);
  EXPECT_TRUE(PollUntil([&] {
    const auto status = caller.Status();
    return status.ok() && status->key_id() != before.key_id();
  })) << node.daemon().Logs();
  EXPECT_THAT(caller.Decrypt(before), IsOk());
}

TEST_F(AlibabaDaemonTest, AssumesARoleWithTheTokenOfAnIdentityProvider) {
  Node node(cloud_, absl::StrCat("source: oidc, oidc_provider_arn: \"", FakeAlibaba::kOidcProvider,
                                 "\", oidc_role_arn: \"", FakeAlibaba::kRole, "\", sts_endpoint: \"",
                                 cloud_.url(), "\""));
  node.SetSecret(FakeAlibaba::kOidcToken);
  ASSERT_TRUE(node.Start().WaitUntilReady()) << node.daemon().Logs();
  EXPECT_THAT(node.Caller().Encrypt("seed"), IsOk());
  EXPECT_GE(cloud_.Count("AssumeRoleWithOIDC"), 1);
  EXPECT_THAT(node.daemon().Logs(), HasSubstr("these credentials come from a running API server"));
}

TEST_F(AlibabaDaemonTest, GoesOnWhileTheBillIsUnpaid) {
  Node node(cloud_, "source: access_key_file", FakeAlibaba::kRegion,
            "watch: {probe_interval: 100ms, interval: 100ms}\n");
  ASSERT_TRUE(node.Start().WaitUntilReady()) << node.daemon().Logs();
  KmsCaller caller = node.Caller();
  ASSERT_OK_AND_ASSIGN(const auto before, caller.Encrypt("seed"));
  cloud_.Control("set_identity", {{"set", {{"unpaid", true}}}});
  ASSERT_TRUE(node.LogsSay("the account's bill is unpaid")) << node.daemon().Logs();
  ASSERT_OK_AND_ASSIGN(const auto during, caller.Encrypt("seed"));
  EXPECT_EQ(during.key_id(), before.key_id());
  EXPECT_THAT(caller.Decrypt(before), IsOk());
}

TEST_F(AlibabaDaemonTest, BecomesReadyWhenItsAccessKeyComes) {
  Node node(cloud_);
  node.SetSecret("{}");
  node.Start();
  ASSERT_TRUE(node.LogsSay("no AccessKeySecret")) << node.daemon().Logs();
  EXPECT_THAT(node.Caller().Status(), StatusIs(absl::StatusCode::kUnavailable));
  node.SetSecret(AccessKeyJson(FakeAlibaba::kAccessKeyId, FakeAlibaba::kAccessKeySecret));
  EXPECT_TRUE(node.daemon().WaitUntilReady()) << node.daemon().Logs();
}

TEST_F(AlibabaDaemonTest, SaysThatTheRegionIsWrong) {
  Node node(cloud_, "source: access_key_file", "cn-beijing");
  node.Start();
  EXPECT_TRUE(node.LogsSay(
      absl::StrCat("region, account_id or key is not the key's own: the KMS calls it acs:kms:cn-hangzhou:",
                   FakeAlibaba::kAccount, ":key/", kKey)))
      << node.daemon().Logs();
  EXPECT_THAT(node.Caller().Status(), StatusIs(absl::StatusCode::kUnavailable));
}

TEST_F(AlibabaDaemonTest, LogsNoSecretAndNoSignature) {
  Node node(cloud_);
  node.SetSecret(AccessKeyJson(FakeAlibaba::kAccessKeyId, "a-wrong-secret"));
  node.Start();
  ASSERT_TRUE(node.LogsSay("check the access key's secret")) << node.daemon().Logs();
  node.SetSecret(AccessKeyJson(FakeAlibaba::kAccessKeyId, FakeAlibaba::kAccessKeySecret));
  ASSERT_TRUE(node.daemon().WaitUntilReady()) << node.daemon().Logs();
  ASSERT_THAT(node.Caller().Encrypt("seed"), IsOk());
  EXPECT_EQ(node.daemon().Stop(), 0);
  const std::string logs = node.daemon().Logs();
  EXPECT_THAT(logs, HasSubstr("remote attempt"));
  EXPECT_THAT(logs, HasSubstr("request id"));
  for (const char* secret : {"a-wrong-secret", FakeAlibaba::kAccessKeySecret, "Plaintext",
                             "Signature=", "ACS3-HMAC", "CiphertextBlob"}) {
    EXPECT_THAT(logs, Not(HasSubstr(secret)));
  }
}

}  // namespace
}  // namespace signet::testing
