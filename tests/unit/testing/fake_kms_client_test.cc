// The faults of FakeKmsClient, on which the tests of the hierarchy rely. What a healthy one does is the
// contract's business.
#include "tests/testing/fake_kms_client.h"

#include <gmock/gmock.h>

#include <thread>

#include "tests/testing/fake_clock.h"
#include "tests/testing/poll.h"
#include "tests/testing/status_matchers.h"

namespace signet::testing {
namespace {

using ::testing::ElementsAre;
using Operation = FakeKmsClient::Operation;

class FakeKmsClientTest : public ::testing::Test {
 protected:
  kms::CallContext Call() const { return {clock_.Monotonic() + absl::Seconds(10), nullptr, "uid"}; }
  // Runs Describe on a thread of its own, so that it may block.
  void StartDescribe(const kms::CallContext& call) {
    thread_ = std::thread([this, call] { result_ = client_.Describe(call).status(); });
    ASSERT_TRUE(PollUntil([this] { return clock_.waiters() == 1; }));
    EXPECT_EQ(client_.blocked(), 1u);
  }
  absl::Status Finish() {
    thread_.join();
    EXPECT_EQ(client_.blocked(), 0u);
    return result_;
  }

  FakeClock clock_;
  std::shared_ptr<FakeRemoteKey> remote_ = std::make_shared<FakeRemoteKey>();
  FakeKmsClient client_{remote_, clock_};
  std::thread thread_;
  absl::Status result_;
};

TEST_F(FakeKmsClientTest, FailsAsOftenAsToldInOrderAndPerOperation) {
  client_.FailNext(Operation::kDescribe, 2, absl::UnavailableError("first"));
  client_.FailNext(Operation::kDescribe, 1, absl::PermissionDeniedError("then"), kms::FailureClass::kDenied);
  EXPECT_THAT(client_.Describe(Call()), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_THAT(client_.Describe(Call()), StatusIs(absl::StatusCode::kUnavailable));
  const absl::Status denied = client_.Describe(Call()).status();
  EXPECT_THAT(denied, StatusIs(absl::StatusCode::kPermissionDenied));
  EXPECT_EQ(kms::GetFailureClass(denied), kms::FailureClass::kDenied);
  EXPECT_THAT(client_.Describe(Call()), IsOk());
  EXPECT_EQ(client_.calls(Operation::kDescribe), 4u);
  EXPECT_EQ(client_.calls(Operation::kWrap), 0u);
}

TEST_F(FakeKmsClientTest, FailsAllUntilTurnedOff) {
  client_.FailAll(absl::UnavailableError("down"));
  EXPECT_THAT(client_.Describe(Call()), StatusIs(absl::StatusCode::kUnavailable));
  client_.FailAll(absl::OkStatus());
  EXPECT_THAT(client_.Describe(Call()), IsOk());
}

TEST_F(FakeKmsClientTest, HangsUntilReleased) {
  client_.Hang(Operation::kDescribe);
  StartDescribe(Call());
  client_.Release(Operation::kDescribe);
  EXPECT_THAT(Finish(), IsOk());
}

TEST_F(FakeKmsClientTest, HangsUntilCancelled) {
  client_.Hang(Operation::kDescribe);
  kms::CallContext call = Call();
  call.cancellation = std::make_shared<CancellationToken>();
  StartDescribe(call);
  call.cancellation->Cancel();
  EXPECT_THAT(Finish(), StatusIs(absl::StatusCode::kCancelled));
}

TEST_F(FakeKmsClientTest, HangsUntilTheDeadline) {
  client_.Hang(Operation::kDescribe);
  StartDescribe(Call());
  clock_.Advance(absl::Seconds(10));
  EXPECT_THAT(Finish(), StatusIs(absl::StatusCode::kDeadlineExceeded));
}

TEST_F(FakeKmsClientTest, TakesItsLatencyOnTheClock) {
  client_.SetLatency(absl::Seconds(3));
  StartDescribe(Call());
  clock_.Advance(absl::Seconds(3));
  EXPECT_THAT(Finish(), IsOk());
}

TEST_F(FakeKmsClientTest, ReplicasShareTheKeyButNotTheFaults) {
  FakeKmsClient replica(remote_, clock_);
  client_.FailAll(absl::UnavailableError("partitioned"));
  remote_->Rotate();
  EXPECT_THAT(client_.Describe(Call()), StatusIs(absl::StatusCode::kUnavailable));
  ASSERT_OK_AND_ASSIGN(const kms::KeyDescription description, replica.Describe(Call()));
  EXPECT_EQ(description.current.number, 2u);
}

TEST_F(FakeKmsClientTest, KeepsTheUidsInOrder) {
  kms::CallContext call = Call();
  call.uid = "another";
  EXPECT_THAT(client_.Describe(Call()), IsOk());
  EXPECT_THAT(client_.Describe(call), IsOk());
  EXPECT_THAT(client_.uids(), ElementsAre("uid", "another"));
}

TEST_F(FakeKmsClientTest, KnowsRollbacks) {
  remote_->Rotate();
  remote_->SetCurrent(1);
  ASSERT_OK_AND_ASSIGN(const kms::KeyDescription description, client_.Describe(Call()));
  EXPECT_EQ(description.current.number, 1u);
}

}  // namespace
}  // namespace signet::testing
