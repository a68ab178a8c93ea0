// The built signetd with its key in a real OpenBao.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "tests/integration/openbao/openbao_node.h"
#include "tests/testing/kms_caller.h"
#include "tests/testing/openbao_client.h"
#include "tests/testing/openbao_server.h"
#include "tests/testing/poll.h"
#include "tests/testing/status_matchers.h"

namespace signet::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class OpenBaoDaemonTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (OpenBaoPath().empty()) GTEST_SKIP() << "SIGNET_BAO is not set";
    server_ = std::make_unique<OpenBaoServer>();
    server_->admin().Write("transit/keys/signet");
    token_ = server_->CreateToken("signet", TransitPolicy("signet"), "1h");
  }

  std::unique_ptr<OpenBaoServer> server_;
  std::string token_;
};

TEST_F(OpenBaoDaemonTest, NodesReadWhatTheOthersWrote) {
  OpenBaoNode first({server_->address()});
  OpenBaoNode second({server_->address()});
  for (OpenBaoNode* node : {&first, &second}) {
    node->SetToken(token_);
    ASSERT_TRUE(node->Start().WaitUntilReady()) << node->daemon().Logs();
  }
  KmsCaller writer = first.Caller();
  KmsCaller reader = second.Caller();
  ASSERT_OK_AND_ASSIGN(const auto encrypted, writer.Encrypt("seed"));
  EXPECT_THAT(encrypted.key_id(), StartsWith("vault-v1-"));
  // Needs OpenBao, which a busy machine may keep for longer than signetd waits.
  absl::StatusOr<std::string> plaintext;
  EXPECT_TRUE(PollUntil(
      [&] {
        plaintext = reader.Decrypt(encrypted);
        return plaintext.ok();
      },
      kOpenBaoPatience))
      << plaintext.status();
  EXPECT_EQ(plaintext.value_or(""), "seed");
  ASSERT_OK_AND_ASSIGN(const auto here, writer.Status());
  ASSERT_OK_AND_ASSIGN(const auto there, reader.Status());
  EXPECT_EQ(here.key_id(), there.key_id());
}

TEST_F(OpenBaoDaemonTest, GoesOnWhileVaultIsSealed) {
  OpenBaoNode node({server_->address()});
  node.SetToken(token_);
  ASSERT_TRUE(node.Start().WaitUntilReady()) << node.daemon().Logs();
  KmsCaller caller = node.Caller();
  ASSERT_OK_AND_ASSIGN(const auto before, caller.Encrypt("seed"));
  server_->Seal();
  ASSERT_OK_AND_ASSIGN(const auto during, caller.Encrypt("seed"));
  EXPECT_EQ(during.key_id(), before.key_id());
  EXPECT_THAT(caller.Decrypt(before), IsOk());
  EXPECT_THAT(caller.Decrypt(during), IsOk());
}

TEST_F(OpenBaoDaemonTest, AnnouncesNothingUntilItsCredentialsAreThere) {
  OpenBaoNode node({server_->address()});
  node.Start();
  KmsCaller caller = node.Caller();
  EXPECT_THAT(caller.Status(), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_TRUE(PollUntil([&] { return node.daemon().Logs().find("does not exist") != std::string::npos; },
                        kOpenBaoPatience));
  node.SetToken(token_);
  EXPECT_TRUE(node.daemon().WaitUntilReady()) << node.daemon().Logs();
  EXPECT_THAT(caller.Encrypt("seed"), IsOk());
}

TEST_F(OpenBaoDaemonTest, LogsNeitherTokenNorBlob) {
  OpenBaoNode node({server_->address()});
  node.SetToken("s.a-token-that-is-not-valid");
  node.Start();
  EXPECT_TRUE(PollUntil([&] { return node.daemon().Logs().find("may have expired") != std::string::npos; },
                        kOpenBaoPatience))
      << node.daemon().Logs();
  node.SetToken(token_);
  ASSERT_TRUE(node.daemon().WaitUntilReady()) << node.daemon().Logs();
  ASSERT_THAT(node.Caller().Encrypt("seed"), IsOk());
  EXPECT_EQ(node.daemon().Stop(), 0);
  const std::string logs = node.daemon().Logs();
  EXPECT_THAT(logs, HasSubstr("remote attempt"));
  for (const std::string& secret : {token_, std::string("a-token-that-is"), std::string("vault:v1:")}) {
    EXPECT_THAT(logs, Not(HasSubstr(secret)));
  }
}

}  // namespace
}  // namespace signet::testing
