#include "kms_client/resilience/retry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <thread>

#include "kms_client/failure_class.h"
#include "kms_client/retry_after.h"
#include "tests/testing/fake_clock.h"
#include "tests/testing/fake_kms_client.h"
#include "tests/testing/fixed_random.h"
#include "tests/testing/poll.h"
#include "tests/testing/status_matchers.h"

namespace signet::kms {
namespace {

using ::signet::testing::FakeClock;
using ::signet::testing::FakeKmsClient;
using ::signet::testing::FakeRemoteKey;
using ::signet::testing::FixedRandom;
using ::signet::testing::IsOk;
using ::signet::testing::PollUntil;
using ::signet::testing::StatusIs;
using ::testing::HasSubstr;
using ::testing::Not;
using Operation = FakeKmsClient::Operation;

class RetryTest : public ::testing::Test {
 protected:
  RetryTest() {
    auto fake = std::make_unique<FakeKmsClient>(std::make_shared<FakeRemoteKey>(), clock_);
    fake_ = fake.get();
    client_ = MakeRetryingKmsClient(std::move(fake), settings_, clock_, random_);
  }
  CallContext In(absl::Duration duration) {
    CallContext call;
    call.deadline = clock_.Monotonic() + duration;
    return call;
  }
  // Runs a Describe on another thread and moves the clock by `wait` each of the `times` it sleeps.
  absl::Status DescribeWaiting(const CallContext& call, int times, absl::Duration wait) {
    absl::Status status = absl::UnknownError("");
    std::thread caller([&] { status = client_->Describe(call).status(); });
    for (int i = 0; i < times; ++i) {
      EXPECT_TRUE(PollUntil([&] { return clock_.waiters() == 1; }));
      clock_.Advance(wait);
      EXPECT_TRUE(
          PollUntil([&] { return fake_->calls(Operation::kDescribe) == static_cast<size_t>(i) + 2; }));
    }
    caller.join();
    return status;
  }

  FakeClock clock_;
  // Half of each bound: waits of 50, 100 and 200 ms.
  FixedRandom random_{uint8_t{0x80}};
  const RetrySettings settings_{
      .max_attempts = 4, .first_wait = absl::Milliseconds(100), .longest_wait = absl::Seconds(10)};
  FakeKmsClient* fake_;
  std::unique_ptr<KmsClient> client_;
};

TEST_F(RetryTest, TriesAgainUntilTheRemoteIsBack) {
  fake_->FailNext(Operation::kDescribe, 2, absl::UnavailableError("down"));
  EXPECT_THAT(DescribeWaiting({}, 2, absl::Seconds(10)), IsOk());
  EXPECT_EQ(fake_->calls(Operation::kDescribe), 3U);
}

TEST_F(RetryTest, SleepsForTheJitteredWait) {
  fake_->FailNext(Operation::kDescribe, 1, absl::UnavailableError("down"));
  std::thread caller([&] { EXPECT_THAT(client_->Describe({}), IsOk()); });
  EXPECT_TRUE(PollUntil([&] { return clock_.waiters() == 1; }));
  clock_.Advance(absl::Milliseconds(49));
  EXPECT_TRUE(PollUntil([&] { return clock_.waiters() == 1; }));
  EXPECT_EQ(fake_->calls(Operation::kDescribe), 1U);
  clock_.Advance(absl::Milliseconds(2));
  caller.join();
  EXPECT_EQ(fake_->calls(Operation::kDescribe), 2U);
}

TEST_F(RetryTest, GivesUpAfterTheLastAttemptAndSaysHowMany) {
  fake_->FailAll(WithFailureClass(absl::UnavailableError("down"), FailureClass::kUnreachable));
  const absl::Status status = DescribeWaiting({}, 3, absl::Seconds(10));
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kUnavailable, HasSubstr("down (4 attempts)")));
  EXPECT_EQ(GetFailureClass(status), FailureClass::kUnreachable);
  EXPECT_EQ(fake_->calls(Operation::kDescribe), 4U);
}

TEST_F(RetryTest, DoesNotBeginAWaitThatTheDeadlineCutsShort) {
  fake_->FailAll(absl::UnavailableError("down"));
  EXPECT_THAT(client_->Describe(In(absl::Milliseconds(50))), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_EQ(fake_->calls(Operation::kDescribe), 1U);
}

TEST_F(RetryTest, TriesTransientErrorsOnly) {
  const absl::Status final_errors[] = {
      absl::DataLossError(""),
      absl::InvalidArgumentError(""),
      absl::NotFoundError(""),
      absl::DeadlineExceededError(""),
      absl::CancelledError(""),
      WithFailureClass(absl::PermissionDeniedError(""), FailureClass::kDenied),
      WithFailureClass(absl::FailedPreconditionError(""), FailureClass::kRevoked),
      WithFailureClass(absl::UnavailableError(""), FailureClass::kDenied),
  };
  size_t calls = 0;
  for (const absl::Status& error : final_errors) {
    fake_->FailNext(Operation::kDescribe, 1, error);
    EXPECT_THAT(client_->Describe({}), StatusIs(error.code()));
    EXPECT_EQ(fake_->calls(Operation::kDescribe), ++calls) << error;
  }
}

TEST_F(RetryTest, WaitsAsLongAsTheRemoteAsks) {
  fake_->FailNext(Operation::kDescribe, 1,
                  WithRetryAfter(absl::ResourceExhaustedError("slow down"), absl::Seconds(7)));
  std::thread caller([&] { EXPECT_THAT(client_->Describe({}), IsOk()); });
  EXPECT_TRUE(PollUntil([&] { return clock_.waiters() == 1; }));
  clock_.Advance(absl::Milliseconds(6900));
  EXPECT_TRUE(PollUntil([&] { return clock_.waiters() == 1; }));
  EXPECT_EQ(fake_->calls(Operation::kDescribe), 1U);
  clock_.Advance(absl::Milliseconds(200));
  caller.join();
}

TEST_F(RetryTest, GivesUpAtOnceWhereTheRemoteAsksForMoreThanThereIs) {
  fake_->FailNext(Operation::kDescribe, 1,
                  WithRetryAfter(absl::ResourceExhaustedError("slow down"), absl::Seconds(7)));
  EXPECT_THAT(client_->Describe(In(absl::Seconds(3))), StatusIs(absl::StatusCode::kResourceExhausted));
}

TEST_F(RetryTest, CancellationEndsTheWait) {
  fake_->FailAll(absl::UnavailableError("down"));
  CallContext call;
  call.cancellation = std::make_shared<CancellationToken>();
  std::thread caller([&] { EXPECT_THAT(client_->Describe(call), StatusIs(absl::StatusCode::kCancelled)); });
  EXPECT_TRUE(PollUntil([&] { return clock_.waiters() == 1; }));
  call.cancellation->Cancel();
  caller.join();
}

TEST_F(RetryTest, NeverRotatesTwice) {
  class FailingRotate final : public KmsClient {
   public:
    explicit FailingRotate(int& calls) : calls_(calls) {}
    crypto::ProviderType type() const override { return crypto::ProviderType::kVault; }
    const crypto::Fingerprint& fingerprint() const override { return fingerprint_; }
    absl::StatusOr<KeyDescription> Describe(const CallContext&) override { return absl::UnknownError(""); }
    absl::StatusOr<WrapResult> Wrap(const CallContext&, const crypto::SecretBytes&,
                                    const WrapContext&) override {
      return absl::UnknownError("");
    }
    absl::StatusOr<UnwrapResult> Unwrap(const CallContext&, absl::string_view, absl::string_view,
                                        const WrapContext&) override {
      return absl::UnknownError("");
    }
    absl::Status Rotate(const CallContext&) override {
      ++calls_;
      return absl::UnavailableError("cut short");
    }

   private:
    int& calls_;
    const crypto::Fingerprint fingerprint_{};
  };
  int calls = 0;
  const auto client =
      MakeRetryingKmsClient(std::make_unique<FailingRotate>(calls), settings_, clock_, random_);
  EXPECT_THAT(client->Rotate({}), StatusIs(absl::StatusCode::kUnavailable, Not(HasSubstr("attempts"))));
  EXPECT_EQ(calls, 1);
}

TEST(JitteredWaitTest, DoublesTheBoundUpToTheLongest) {
  const RetrySettings settings{
      .max_attempts = 9, .first_wait = absl::Milliseconds(100), .longest_wait = absl::Seconds(1)};
  FixedRandom half{uint8_t{0x80}};
  FixedRandom most{uint8_t{0xFF}};
  FixedRandom least{uint8_t{0}};
  for (const auto& [failures, bound] :
       {std::pair{1, 100}, {2, 200}, {3, 400}, {4, 800}, {5, 1000}, {99, 1000}}) {
    EXPECT_EQ(JitteredWait(settings, failures, least), absl::ZeroDuration());
    EXPECT_LE(JitteredWait(settings, failures, most), absl::Milliseconds(bound));
    EXPECT_GT(JitteredWait(settings, failures, most), absl::Milliseconds(bound) * 0.999);
    EXPECT_GT(JitteredWait(settings, failures, half), absl::Milliseconds(bound) * 0.49);
    EXPECT_LT(JitteredWait(settings, failures, half), absl::Milliseconds(bound) * 0.51);
  }
}

TEST(JitteredWaitTest, WaitsTheWholeBoundWithoutChance) {
  FixedRandom broken(absl::UnavailableError("no entropy"));
  EXPECT_EQ(JitteredWait({}, 1, broken), RetrySettings{}.first_wait);
}

}  // namespace
}  // namespace signet::kms
