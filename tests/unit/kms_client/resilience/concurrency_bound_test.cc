#include "kms_client/resilience/concurrency_bound.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <thread>
#include <vector>

#include "kms_client/failure_class.h"
#include "tests/testing/fake_clock.h"
#include "tests/testing/fake_kms_client.h"
#include "tests/testing/poll.h"
#include "tests/testing/status_matchers.h"

namespace signet::kms {
namespace {

using ::signet::testing::FakeClock;
using ::signet::testing::FakeKmsClient;
using ::signet::testing::FakeRemoteKey;
using ::signet::testing::IsOk;
using ::signet::testing::PollUntil;
using ::signet::testing::StatusIs;
using Operation = FakeKmsClient::Operation;

class ConcurrencyBoundTest : public ::testing::Test {
 protected:
  ConcurrencyBoundTest() {
    auto fake = std::make_unique<FakeKmsClient>(std::make_shared<FakeRemoteKey>(), clock_);
    fake_ = fake.get();
    client_ = MakeBoundedKmsClient(std::move(fake), 2, clock_);
  }
  // Two calls that stay inside until Release.
  void Fill() {
    fake_->Hang(Operation::kDescribe);
    for (int i = 0; i < 2; ++i) {
      callers_.emplace_back([this] { EXPECT_THAT(client_->Describe({}), IsOk()); });
    }
    EXPECT_TRUE(PollUntil([&] { return fake_->blocked() == 2; }));
  }
  void Release() {
    fake_->Release(Operation::kDescribe);
    for (std::thread& caller : callers_) caller.join();
  }

  FakeClock clock_;
  FakeKmsClient* fake_;
  std::unique_ptr<KmsClient> client_;
  std::vector<std::thread> callers_;
};

TEST_F(ConcurrencyBoundTest, LetsNoMoreInThanItMay) {
  Fill();
  for (int i = 0; i < 10; ++i) {
    callers_.emplace_back([this] { EXPECT_THAT(client_->Describe({}), IsOk()); });
  }
  EXPECT_TRUE(PollUntil([&] { return clock_.waiters() == 12; }));
  EXPECT_EQ(fake_->blocked(), 2U);
  Release();
  EXPECT_EQ(fake_->calls(Operation::kDescribe), 12U);
  EXPECT_EQ(fake_->most_at_once(), 2U);
}

TEST_F(ConcurrencyBoundTest, WaitsNoLongerThanTheDeadline) {
  Fill();
  CallContext call;
  call.deadline = clock_.Monotonic() + absl::Seconds(1);
  std::thread waiter([&] {
    const absl::Status status = client_->Describe(call).status();
    EXPECT_THAT(status, StatusIs(absl::StatusCode::kResourceExhausted));
    EXPECT_EQ(GetFailureClass(status), FailureClass::kThrottled);
  });
  EXPECT_TRUE(PollUntil([&] { return clock_.waiters() == 3; }));
  clock_.Advance(absl::Seconds(1));
  waiter.join();
  Release();
}

TEST_F(ConcurrencyBoundTest, ACallerWhoLeavesStopsWaiting) {
  Fill();
  CallContext call;
  call.cancellation = std::make_shared<CancellationToken>();
  std::thread waiter([&] { EXPECT_THAT(client_->Describe(call), StatusIs(absl::StatusCode::kCancelled)); });
  EXPECT_TRUE(PollUntil([&] { return clock_.waiters() == 3; }));
  call.cancellation->Cancel();
  waiter.join();
  Release();
}

TEST_F(ConcurrencyBoundTest, AFailedCallMakesRoom) {
  for (int i = 0; i < 5; ++i) {
    fake_->FailNext(Operation::kDescribe, 1, absl::UnavailableError("down"));
    EXPECT_THAT(client_->Describe({}), StatusIs(absl::StatusCode::kUnavailable));
  }
  EXPECT_THAT(client_->Describe({}), IsOk());
}

}  // namespace
}  // namespace signet::kms
