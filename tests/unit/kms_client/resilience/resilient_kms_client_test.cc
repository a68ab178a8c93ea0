#include "kms_client/resilience/resilient_kms_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/testing/fake_clock.h"
#include "tests/testing/fake_kms_client.h"
#include "tests/testing/fixed_random.h"
#include "tests/testing/status_matchers.h"

namespace signet::kms {
namespace {

using ::signet::testing::FakeClock;
using ::signet::testing::FakeKmsClient;
using ::signet::testing::FakeRemoteKey;
using ::signet::testing::FixedRandom;
using ::signet::testing::IsOk;
using ::signet::testing::StatusIs;
using ::testing::ElementsAre;
using Operation = FakeKmsClient::Operation;

class RecordingObserver final : public RemoteCallObserver {
 public:
  void OnAttempt(absl::string_view provider, RemoteOperation operation, const absl::Status& status,
                 absl::Duration latency) override {
    events.push_back(absl::StrCat(provider, " ", RemoteOperationName(operation), " ",
                                  absl::StatusCodeToString(status.code()), " ",
                                  absl::FormatDuration(latency)));
  }
  void OnCircuit(absl::string_view provider, bool open) override {
    events.push_back(absl::StrCat(provider, open ? " opened" : " closed"));
  }

  std::vector<std::string> events;
};

class ResilientKmsClientTest : public ::testing::Test {
 protected:
  ResilientKmsClientTest() {
    auto fake = std::make_unique<FakeKmsClient>(std::make_shared<FakeRemoteKey>(), clock_);
    fake_ = fake.get();
    ResilienceSettings settings;
    settings.breaker.failures_to_open = 2;
    client_ = MakeResilientKmsClient(std::move(fake), settings, "primary", clock_, random_, observer_);
  }

  FakeClock clock_;
  FixedRandom random_{uint8_t{0}};  // no wait between attempts
  RecordingObserver observer_;
  FakeKmsClient* fake_;
  std::unique_ptr<KmsClient> client_;
};

TEST_F(ResilientKmsClientTest, PassesAllOperationsOn) {
  const WrapContext context{"cluster-1"};
  ASSERT_OK_AND_ASSIGN(const crypto::SecretBytes key, crypto::SecretBytes::Create(32));
  ASSERT_THAT(client_->Describe({}), IsOk());
  ASSERT_OK_AND_ASSIGN(const WrapResult wrapped, client_->Wrap({}, key, context));
  ASSERT_OK_AND_ASSIGN(const UnwrapResult unwrapped,
                       client_->Unwrap({}, wrapped.backend_field, wrapped.blob, context));
  EXPECT_TRUE(unwrapped.plaintext == key);
  EXPECT_THAT(client_->Rotate({}), IsOk());
  EXPECT_EQ(client_->type(), fake_->type());
  EXPECT_EQ(client_->fingerprint(), fake_->fingerprint());
  EXPECT_THAT(observer_.events, ElementsAre("primary describe OK 0", "primary wrap OK 0",
                                            "primary unwrap OK 0", "primary rotate OK 0"));
}

TEST_F(ResilientKmsClientTest, TellsOfEveryAttempt) {
  fake_->FailNext(Operation::kDescribe, 1, absl::UnavailableError("down"));
  EXPECT_THAT(client_->Describe({}), IsOk());
  EXPECT_THAT(observer_.events, ElementsAre("primary describe UNAVAILABLE 0", "primary describe OK 0"));
}

TEST_F(ResilientKmsClientTest, AnOpenBreakerEndsTheRetriesAndKeepsCallsAway) {
  fake_->FailAll(absl::UnavailableError("down"));
  CallContext call;
  call.deadline = clock_.Monotonic() + absl::Milliseconds(900);
  EXPECT_THAT(client_->Describe(call), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_THAT(client_->Describe(call), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_EQ(fake_->calls(Operation::kDescribe), 2U);
  fake_->FailAll(absl::OkStatus());
  clock_.Advance(absl::Seconds(1));
  EXPECT_THAT(client_->Describe({}), IsOk());
  EXPECT_THAT(observer_.events,
              ElementsAre("primary describe UNAVAILABLE 0", "primary describe UNAVAILABLE 0",
                          "primary opened", "primary describe OK 0", "primary closed"));
}

}  // namespace
}  // namespace signet::kms
