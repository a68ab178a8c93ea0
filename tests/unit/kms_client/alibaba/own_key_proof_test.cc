#include "kms_client/alibaba/own_key_proof.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <thread>

#include "kms_client/failure_class.h"
#include "tests/testing/fake_clock.h"
#include "tests/testing/poll.h"
#include "tests/testing/status_matchers.h"

namespace signet::kms {
namespace {

using testing::IsOk;
using testing::StatusIs;

absl::Status Denied() { return WithFailureClass(absl::PermissionDeniedError("no"), FailureClass::kDenied); }

class OwnKeyProofTest : public ::testing::Test {
 protected:
  testing::FakeClock clock_;
  std::atomic<int> asked_ = 0;
  absl::Status answer_;
  OwnKeyProof proof_{[this](const CallContext&) {
                       ++asked_;
                       return answer_;
                     },
                     clock_};
};

TEST_F(OwnKeyProofTest, IsBelievedForAMoment) {
  for (const absl::Status& answer : {absl::OkStatus(), Denied()}) {
    asked_ = 0;
    answer_ = answer;
    EXPECT_EQ(proof_.Get({}), answer);
    clock_.Advance(OwnKeyProof::kLasts - absl::Milliseconds(1));
    EXPECT_EQ(proof_.Get({}), answer);
    EXPECT_EQ(asked_, 1);
    clock_.Advance(absl::Milliseconds(1));
    EXPECT_EQ(proof_.Get({}), answer);
    EXPECT_EQ(asked_, 2);
    clock_.Advance(OwnKeyProof::kLasts);
  }
}

TEST_F(OwnKeyProofTest, NoAnswerIsNotBelieved) {
  answer_ = absl::UnavailableError("away");
  EXPECT_THAT(proof_.Get({}), StatusIs(absl::StatusCode::kUnavailable));
  answer_ = absl::OkStatus();
  EXPECT_THAT(proof_.Get({}), IsOk());
  EXPECT_EQ(asked_, 2);
}

TEST_F(OwnKeyProofTest, ACallerWhoLeavesWaitsForNobody) {
  std::atomic<bool> go_on = false;
  OwnKeyProof proof(
      [&](const CallContext&) {
        ++asked_;
        EXPECT_TRUE(testing::PollUntil([&] { return go_on.load(); }, std::chrono::minutes(1)));
        return absl::OkStatus();
      },
      clock_);
  std::thread first([&] { EXPECT_THAT(proof.Get({}), IsOk()); });
  ASSERT_TRUE(testing::PollUntil([&] { return asked_ == 1; }));
  CallContext leaving;
  leaving.cancellation = std::make_shared<CancellationToken>();
  std::thread second([&] { EXPECT_THAT(proof.Get(leaving), StatusIs(absl::StatusCode::kCancelled)); });
  std::thread third([&] { EXPECT_THAT(proof.Get({}), IsOk()); });
  EXPECT_TRUE(testing::PollUntil([&] { return clock_.waiters() == 2; }));
  leaving.cancellation->Cancel();
  second.join();
  go_on = true;
  first.join();
  third.join();
  EXPECT_EQ(asked_, 1);
}

}  // namespace
}  // namespace signet::kms
