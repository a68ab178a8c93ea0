#include "plugin/cmd/signetctl/provider_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "kms_client/failure_class.h"
#include "tests/testing/fake_clock.h"
#include "tests/testing/fake_kms_client.h"

namespace signet::ctl {
namespace {

using kms::FailureClass;
using ::testing::Each;
using ::testing::ElementsAre;
using testing::FakeClock;
using testing::FakeKmsClient;
using testing::FakeRemoteKey;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using Operation = FakeKmsClient::Operation;

constexpr CheckResult kPassed = CheckResult::kPassed;
constexpr CheckResult kFailed = CheckResult::kFailed;
constexpr CheckResult kNotTried = CheckResult::kNotTried;

// Unwraps whatever the cluster, as a backend without associated data would.
class UnboundKmsClient final : public kms::KmsClient {
 public:
  explicit UnboundKmsClient(kms::KmsClient& inner) : inner_(inner) {}
  crypto::ProviderType type() const override { return inner_.type(); }
  const crypto::Fingerprint& fingerprint() const override { return inner_.fingerprint(); }
  absl::StatusOr<kms::KeyDescription> Describe(const kms::CallContext& call) override {
    return inner_.Describe(call);
  }
  absl::StatusOr<kms::WrapResult> Wrap(const kms::CallContext& call, const crypto::SecretBytes& plaintext,
                                       const kms::WrapContext&) override {
    return inner_.Wrap(call, plaintext, kms::WrapContext{"any"});
  }
  absl::StatusOr<kms::UnwrapResult> Unwrap(const kms::CallContext& call, absl::string_view backend_field,
                                           absl::string_view blob, const kms::WrapContext&) override {
    return inner_.Unwrap(call, backend_field, blob, kms::WrapContext{"any"});
  }

 private:
  kms::KmsClient& inner_;
};

class ProviderCheckTest : public ::testing::Test {
 protected:
  ProviderCheckTest() {
    provider_.name = "primary";
    provider_.type = "vault";
    provider_.vault.emplace().key = "signet";
    options_.cluster_id = "test";
  }
  std::vector<CheckLine> Run(kms::KmsClient& client) {
    return CheckProvider(client, provider_, options_, clock_, crypto::SystemRandom());
  }
  std::vector<CheckLine> Run() { return Run(client_); }
  static std::vector<CheckResult> Results(const std::vector<CheckLine>& lines) {
    std::vector<CheckResult> results;
    for (const CheckLine& line : lines) results.push_back(line.result);
    return results;
  }
  static absl::Status Denied() {
    return kms::WithFailureClass(absl::PermissionDeniedError("not allowed"), FailureClass::kDenied);
  }

  FakeClock clock_;
  FakeKmsClient client_{std::make_shared<FakeRemoteKey>("one"), clock_};
  ProviderConfig provider_;
  CheckOptions options_;
};

TEST_F(ProviderCheckTest, MakesEveryKindOfCallAndNamesItself) {
  const std::vector<CheckLine> lines = Run();
  EXPECT_THAT(Results(lines), ElementsAre(kPassed, kPassed, kPassed, kPassed));
  EXPECT_TRUE(AllPassed(lines));
  EXPECT_EQ(client_.calls(Operation::kDescribe), 1U);
  EXPECT_EQ(client_.calls(Operation::kWrap), 1U);
  EXPECT_EQ(client_.calls(Operation::kUnwrap), 2U);
  EXPECT_EQ(client_.calls(Operation::kRotate), 0U);
  EXPECT_THAT(client_.uids(), Each("signetctl-kms-check"));
}

TEST_F(ProviderCheckTest, SaysWhatWasAnsweredAndWhatToChange) {
  client_.FailNext(Operation::kUnwrap, 1, Denied());
  const std::vector<CheckLine> lines = Run();
  EXPECT_THAT(Results(lines), ElementsAre(kPassed, kPassed, kFailed, kNotTried));
  EXPECT_FALSE(AllPassed(lines));
  EXPECT_EQ(lines[2].check, "unwrap");
  EXPECT_EQ(lines[2].detail, "PERMISSION_DENIED: not allowed");
  EXPECT_THAT(lines[2].change, HasSubstr("transit/decrypt/signet"));
}

TEST_F(ProviderCheckTest, TriesNothingMoreWhereNobodyAnswers) {
  client_.FailAll(absl::UnavailableError("cannot connect"));
  EXPECT_THAT(Results(Run()), ElementsAre(kFailed, kNotTried, kNotTried, kNotTried));
  EXPECT_EQ(client_.calls(Operation::kWrap), 0U);
}

TEST_F(ProviderCheckTest, GoesOnWhereOnlyDescribeIsDenied) {
  client_.FailNext(Operation::kDescribe, 1, Denied());
  EXPECT_THAT(Results(Run()), ElementsAre(kFailed, kPassed, kPassed, kPassed));
}

TEST_F(ProviderCheckTest, AsksLittleOfAProviderThatOnlyDecrypts) {
  options_.writes = false;
  client_.FailNext(Operation::kDescribe, 1, Denied());
  client_.FailNext(Operation::kWrap, 1, Denied());
  const std::vector<CheckLine> lines = Run();
  EXPECT_THAT(Results(lines), ElementsAre(kNotTried, kNotTried, kNotTried, kNotTried));
  EXPECT_THAT(lines[1].detail, HasSubstr("only decrypts"));
  EXPECT_TRUE(AllPassed(lines));
}

TEST_F(ProviderCheckTest, NoticesAKmsThatUnwrapsForAnyCluster) {
  UnboundKmsClient unbound(client_);
  const std::vector<CheckLine> lines = Run(unbound);
  EXPECT_THAT(Results(lines), ElementsAre(kPassed, kPassed, kPassed, kFailed));
  EXPECT_THAT(lines[3].detail, StartsWith("DATA_LOSS: the KMS unwrapped it for another cluster_id"));
}

TEST_F(ProviderCheckTest, GivesEachCallItsTime) {
  options_.timeout = absl::Seconds(1);
  client_.Hang(Operation::kDescribe);
  std::thread time([this] {
    while (client_.blocked() == 0) std::this_thread::yield();
    clock_.Advance(absl::Seconds(1));
  });
  const std::vector<CheckLine> lines = Run();
  time.join();
  EXPECT_EQ(lines[0].result, kFailed);
  EXPECT_THAT(lines[0].detail, StartsWith("DEADLINE_EXCEEDED"));
}

}  // namespace
}  // namespace signet::ctl
