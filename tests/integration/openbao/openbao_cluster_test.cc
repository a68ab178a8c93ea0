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
#include "tests/testing/openbao_cluster.h"
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
    OpenBaoAdmin& admin = cluster_->admin();
    admin.Ensure("transit/keys/k");
    admin.Ensure("sys/policies/acl/signet", {{"policy", TransitPolicy("k")}});
    admin.Mount("sys/auth/cert", "cert");
    admin.Ensure(
        "auth/cert/certs/signet",
        {{"certificate", ca_.pem()}, {"allowed_common_names", "node-1"}, {"token_policies", "signet"}});
    const PemPair pair = ca_.Issue("node-1", "");
    WriteSecretFile(folder_.File("client.pem"), pair.certificate);
    WriteSecretFile(folder_.File("client.key"), pair.key);
  }
  // Logs in with a TLS certificate. Asks again for as long as a call has time: a leader may always be lost.
  std::unique_ptr<kms::KmsClient> Connect(const std::vector<std::string>& addresses,
                                          const std::string& role) {
    kms::VaultSettings vault = SettingsFor(addresses, "k", "");
    vault.auth.method = kms::VaultAuthMethod::kCertificate;
    vault.auth.mount = "cert";
    vault.auth.role = role;
    kms::ResilienceSettings resilience;
    resilience.retry.max_attempts = 1000;
    return kms::MakeResilientKmsClient(ConnectOpenBao(vault, observer_, cluster_->ca_file(),
                                                      folder_.File("client.pem"), folder_.File("client.key")),
                                       resilience, "primary", SystemClock(), crypto::SystemRandom(),
                                       observer_);
  }
  absl::StatusOr<kms::WrapResult> Wrap(kms::KmsClient& client) {
    return client.Wrap(WithTimeLeft(), plaintext_, context_);
  }
  absl::Status Unwrap(kms::KmsClient& client, const kms::WrapResult& wrapped) {
    return client.Unwrap(WithTimeLeft(), wrapped.backend_field, wrapped.blob, context_).status();
  }
  static kms::CallContext WithTimeLeft() {
    kms::CallContext call;
    call.deadline = SystemClock().Monotonic() + absl::Minutes(3);
    return call;
  }

  TempDir folder_;
  TestCa ca_;
  std::unique_ptr<OpenBaoCluster> cluster_;
  kms::RemoteCallObserver observer_;
  const crypto::SecretBytes plaintext_ = *crypto::SecretBytes::Create(32);
  const kms::WrapContext context_{"cluster-1"};
};

TEST_F(OpenBaoClusterTest, NoCallWithTimeLeftFailsWhenTheLeaderDies) {
  const std::unique_ptr<kms::KmsClient> client = Connect(cluster_->addresses(), "signet");
  ASSERT_OK_AND_ASSIGN(const kms::WrapResult wrapped, Wrap(*client));
  std::atomic<bool> done = false;
  std::atomic<int> calls = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      while (!done) {
        EXPECT_THAT(Unwrap(*client, wrapped), IsOk());
        ++calls;
      }
    });
  }
  EXPECT_TRUE(PollUntil([&] { return calls >= 50; }, std::chrono::minutes(2)));
  const absl::Time killed = cluster_->KillLeader();
  EXPECT_GT(cluster_->LeadsSince(), killed) << "another node led when this one was killed";
  const int before = calls;
  EXPECT_TRUE(PollUntil([&] { return calls >= before + 100; }, std::chrono::minutes(3)));
  done = true;
  for (std::thread& thread : threads) thread.join();
}

TEST_F(OpenBaoClusterTest, EveryNodeServes) {
  ASSERT_OK_AND_ASSIGN(const kms::WrapResult wrapped, Wrap(*Connect(cluster_->addresses(), "signet")));
  for (const std::string& address : cluster_->addresses()) {
    // Whatever role the certificate is good for.
    EXPECT_THAT(Unwrap(*Connect({address}, ""), wrapped), IsOk()) << address;
  }
}

}  // namespace
}  // namespace signet::testing
