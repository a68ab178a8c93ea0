// Calls in flight: how many, until when, and what becomes of them when the caller or the server goes.
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "tests/testing/poll.h"
#include "tests/unit/plugin/server/kms_server_fixture.h"
#include "tests/unit/plugin/server/raw_client.h"

namespace signet {
namespace {

using ::signet::testing::IsOk;
using ::signet::testing::KmsCaller;
using ::signet::testing::KmsServerTest;
using ::signet::testing::PollUntil;
using ::signet::testing::RawClient;
using ::signet::testing::StatusIs;

class KmsServerFlightTest : public KmsServerTest {
 protected:
  void SetUp() override {
    KmsServerTest::SetUp();
    hierarchy_.HoldDecrypts();
  }
  // A Decrypt on a thread and connection of its own.
  void StartDecrypt() {
    threads_.emplace_back([this] {
      KmsCaller caller(path());
      const absl::Status status = caller.Decrypt(RequestFor("dees")).status();
      MutexLock lock(mutex_);
      results_.push_back(status);
    });
  }
  std::vector<absl::Status> JoinDecrypts() {
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
    MutexLock lock(mutex_);
    return results_;
  }
  void TearDown() override {
    hierarchy_.ReleaseDecrypts();
    JoinDecrypts();
    KmsServerTest::TearDown();
  }

  std::vector<std::thread> threads_;
  Mutex mutex_;
  std::vector<absl::Status> results_ ABSL_GUARDED_BY(mutex_);
};

TEST_F(KmsServerFlightTest, StatusAndEncryptAreNotHeldUpByDecrypts) {
  StartServer();
  for (int i = 0; i < 20; ++i) StartDecrypt();
  ASSERT_TRUE(PollUntil([&] { return hierarchy_.held() == 20; }));
  KmsCaller caller(path());
  EXPECT_THAT(caller.Status(), IsOk());
  EXPECT_THAT(caller.Encrypt("seed"), IsOk());
  EXPECT_TRUE(PollUntil([&] { return server_->State().calls_in_flight == 20; }));
  hierarchy_.ReleaseDecrypts();
  for (const absl::Status& status : JoinDecrypts()) EXPECT_THAT(status, IsOk());
}

TEST_F(KmsServerFlightTest, ACallOverTheBoundIsResourceExhausted) {
  options_.max_calls_in_flight = 2;
  StartServer();
  StartDecrypt();
  StartDecrypt();
  ASSERT_TRUE(PollUntil([&] { return hierarchy_.held() == 2; }));
  KmsCaller caller(path());
  EXPECT_THAT(caller.Decrypt(RequestFor("dees")), StatusIs(absl::StatusCode::kResourceExhausted));
  hierarchy_.ReleaseDecrypts();
  for (const absl::Status& status : JoinDecrypts()) EXPECT_THAT(status, IsOk());
  EXPECT_TRUE(PollUntil([&] { return server_->State().calls_in_flight == 0; }));
  EXPECT_THAT(caller.Decrypt(RequestFor("dees")), IsOk());
}

TEST_F(KmsServerFlightTest, HandsTheCallersDeadlineOn) {
  StartServer();
  hierarchy_.ReleaseDecrypts();
  const MonotonicTime before = SystemClock().Monotonic();
  ASSERT_THAT(KmsCaller(path(), std::chrono::hours(1)).Decrypt(RequestFor("dees")), IsOk());
  const MonotonicTime deadline = hierarchy_.last_deadline();
  EXPECT_GT(deadline, before + absl::Minutes(59));
  EXPECT_LE(deadline, SystemClock().Monotonic() + absl::Minutes(61));
}

TEST_F(KmsServerFlightTest, ACallWithoutADeadlineHasNone) {
  StartServer();
  hierarchy_.ReleaseDecrypts();
  const auto client = Client();
  grpc::ClientContext context;
  context.set_wait_for_ready(true);
  v2::DecryptResponse response;
  ASSERT_TRUE(client->Decrypt(&context, RequestFor("dees"), &response).ok());
  EXPECT_EQ(hierarchy_.last_deadline(), absl::InfiniteDuration());
}

TEST_F(KmsServerFlightTest, APassedDeadlineFreesTheCall) {
  StartServer();
  KmsCaller hurried(path(), std::chrono::milliseconds(200));
  EXPECT_THAT(hurried.Decrypt(RequestFor("dees")), StatusIs(absl::StatusCode::kDeadlineExceeded));
  EXPECT_TRUE(PollUntil([&] { return hierarchy_.held() == 0; }));
  EXPECT_TRUE(PollUntil([&] { return server_->State().calls_in_flight == 0; }));
}

TEST_F(KmsServerFlightTest, CancellingFreesTheCall) {
  StartServer();
  const auto client = Client();
  grpc::ClientContext context;
  SetDeadline(context);
  std::thread caller([&] {
    v2::DecryptResponse response;
    EXPECT_EQ(client->Decrypt(&context, RequestFor("dees"), &response).error_code(),
              grpc::StatusCode::CANCELLED);
  });
  EXPECT_TRUE(PollUntil([&] { return hierarchy_.held() == 1; }));
  context.TryCancel();
  caller.join();
  EXPECT_TRUE(PollUntil([&] { return hierarchy_.held() == 0; }));
  EXPECT_TRUE(PollUntil([&] { return server_->State().calls_in_flight == 0; }));
}

TEST_F(KmsServerFlightTest, ALostConnectionFreesTheCall) {
  StartServer();
  {
    const auto client = Client();
    grpc::CompletionQueue queue;
    grpc::ClientContext context;
    SetDeadline(context);
    const auto call = client->AsyncDecrypt(&context, RequestFor("dees"), &queue);
    v2::DecryptResponse response;
    grpc::Status status;
    call->Finish(&response, &status, nullptr);
    EXPECT_TRUE(PollUntil([&] { return hierarchy_.held() == 1; }));
    context.TryCancel();
    queue.Shutdown();
    void* tag = nullptr;
    bool ok = false;
    while (queue.Next(&tag, &ok)) {
    }
  }
  EXPECT_TRUE(PollUntil([&] { return hierarchy_.held() == 0; }));
  EXPECT_TRUE(PollUntil([&] { return server_->State().connections == 0; }));
}

TEST_F(KmsServerFlightTest, DrainingLetsCallsFinishAnswersStatusAndRefusesTheRest) {
  StartServer();
  KmsCaller connected(path());
  ASSERT_THAT(connected.Status(), IsOk());
  StartDecrypt();
  ASSERT_TRUE(PollUntil([&] { return hierarchy_.held() == 1; }));

  std::thread stop([&] { server_->Stop(absl::Minutes(1)); });
  EXPECT_TRUE(PollUntil([&] { return !RawClient(path()).connected(); })) << "new connections are let in";
  EXPECT_TRUE(PollUntil([&] {
    return connected.Encrypt("seed").status().code() == absl::StatusCode::kUnavailable;
  })) << "new work is let in";
  EXPECT_THAT(connected.Status(), IsOk());
  EXPECT_THAT(connected.Decrypt(RequestFor("dees")), StatusIs(absl::StatusCode::kUnavailable));
  hierarchy_.ReleaseDecrypts();
  stop.join();
  for (const absl::Status& status : JoinDecrypts()) EXPECT_THAT(status, IsOk());
}

TEST_F(KmsServerFlightTest, ADrainThatTakesTooLongCancelsWhatIsLeft) {
  StartServer();
  StartDecrypt();
  ASSERT_TRUE(PollUntil([&] { return hierarchy_.held() == 1; }));
  server_->Stop(absl::Milliseconds(50));
  EXPECT_EQ(hierarchy_.held(), 0U);
  for (const absl::Status& status : JoinDecrypts()) EXPECT_FALSE(status.ok());
}

TEST_F(KmsServerFlightTest, StopsAtOnceWithIdleConnections) {
  StartServer();
  KmsCaller caller(path());
  ASSERT_THAT(caller.Status(), IsOk());
  server_->Stop(absl::Hours(1));
  EXPECT_FALSE(RawClient(path()).connected());
}

TEST_F(KmsServerFlightTest, StopsTwiceAndBeforeStart) {
  ASSERT_OK_AND_ASSIGN(auto listener, UnixListener::Create(listener_options_));
  ASSERT_OK_AND_ASSIGN(server_,
                       KmsServer::Create(options_, std::move(listener), service_, observer_, SystemClock()));
  server_->Stop(absl::ZeroDuration());
  server_->Stop(absl::ZeroDuration());
}

// As many clients as kube-apiserver's own test has goroutines, on its one connection.
TEST_F(KmsServerFlightTest, AHundredClientsAtOnceEachGetTheirOwnAnswer) {
  hierarchy_.ReleaseDecrypts();
  StartServer();
  KmsCaller caller(path(), std::chrono::minutes(5));
  std::atomic<int> right{0};
  std::vector<std::thread> clients;
  for (int i = 0; i < 100; ++i) {
    clients.emplace_back([&, i] {
      for (int j = 0; j < 10; ++j) {
        const std::string plaintext = absl::StrCat("client ", i, " call ", j);
        const auto encrypted = caller.Encrypt(plaintext);
        if (!encrypted.ok()) continue;
        const auto decrypted = caller.Decrypt(*encrypted);
        if (decrypted.ok() && *decrypted == plaintext) ++right;
      }
    });
  }
  for (std::thread& client : clients) client.join();
  EXPECT_EQ(right, 1000);
}

}  // namespace
}  // namespace signet
