// Three nodes: the leader dies under load; certificates as credentials.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "crypto/random.h"
#include "kms_client/resilience/resilient_kms_client.h"
#include "tests/testing/openbao_client.h"
#include "tests/testing/openbao_server.h"
#include "tests/testing/poll.h"
#include "tests/testing/status_matchers.h"
#include "tests/testing/temp_dir.h"

namespace signet::testing {
namespace {

class OpenBaoClusterTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (OpenBaoPath().empty()) GTEST_SKIP() << "SIGNET_BAO is not set";
    cluster_ = std::make_unique<OpenBaoCluster>(ca_);
    leader_ = cluster_->WaitForLeader();
    OpenBaoAdmin& admin = cluster_->admin(leader_);
    admin.Write("transit/keys/k");
    admin.Write("sys/policies/acl/signet", {{"policy", TransitPolicy("k")}});
    admin.Write("sys/auth/cert", {{"type", "cert"}});
    admin.Write(
        "auth/cert/certs/signet",
        {{"certificate", ca_.pem()}, {"allowed_common_names", "node-1"}, {"token_policies", "signet"}});
    const PemPair pair = ca_.Issue("node-1", "");
    WriteSecretFile(folder_.File("client.pem"), pair.certificate);
    WriteSecretFile(folder_.File("client.key"), pair.key);
  }
  // Logs in with a TLS certificate.
  std::unique_ptr<kms::KmsClient> Connect() {
    kms::VaultSettings settings = SettingsFor(cluster_->addresses(), "k", "");
    settings.auth.method = kms::VaultAuthMethod::kCertificate;
    settings.auth.mount = "cert";
    settings.auth.role = "signet";
    return ConnectOpenBao(settings, observer_, cluster_->ca_file(), folder_.File("client.pem"),
                          folder_.File("client.key"));
  }

  TempDir folder_;
  TestCa ca_;
  std::unique_ptr<OpenBaoCluster> cluster_;
  size_t leader_ = 0;
  kms::RemoteCallObserver observer_;
  const crypto::SecretBytes plaintext_ = *crypto::SecretBytes::Create(32);
  const kms::WrapContext context_{"cluster-1"};
};

TEST_F(OpenBaoClusterTest, NoCallWithTimeLeftFailsWhenTheLeaderDies) {
  kms::ResilienceSettings settings;
  settings.retry.max_attempts = 1000;
  const std::unique_ptr<kms::KmsClient> client = kms::MakeResilientKmsClient(
      Connect(), settings, "primary", SystemClock(), crypto::SystemRandom(), observer_);
  ASSERT_OK_AND_ASSIGN(const kms::WrapResult wrapped, client->Wrap({}, plaintext_, context_));
  std::atomic<bool> done = false;
  std::atomic<int> calls = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      while (!done) {
        kms::CallContext call;
        call.deadline = SystemClock().Monotonic() + absl::Minutes(3);
        EXPECT_THAT(client->Unwrap(call, wrapped.backend_field, wrapped.blob, context_), IsOk());
        ++calls;
      }
    });
  }
  EXPECT_TRUE(PollUntil([&] { return calls >= 50; }, std::chrono::minutes(1)));
  cluster_->Kill(leader_);
  const size_t successor = cluster_->WaitForLeader();
  EXPECT_NE(successor, leader_);
  const int before = calls;
  EXPECT_TRUE(PollUntil([&] { return calls >= before + 100; }, std::chrono::minutes(2)));
  done = true;
  for (std::thread& thread : threads) thread.join();
}

TEST_F(OpenBaoClusterTest, EveryNodeServes) {
  ASSERT_OK_AND_ASSIGN(const kms::WrapResult wrapped, Connect()->Wrap({}, plaintext_, context_));
  for (const std::string& address : cluster_->addresses()) {
    kms::VaultSettings settings = SettingsFor({address}, "k", "");
    settings.auth.method = kms::VaultAuthMethod::kCertificate;
    settings.auth.mount = "cert";
    const auto client = ConnectOpenBao(settings, observer_, cluster_->ca_file(), folder_.File("client.pem"),
                                       folder_.File("client.key"));
    EXPECT_THAT(client->Unwrap({}, wrapped.backend_field, wrapped.blob, context_), IsOk()) << address;
  }
}

}  // namespace
}  // namespace signet::testing
