// selftest --for: what it counts, and what it takes for a failure.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <pthread.h>
#include <signal.h>

#include <atomic>
#include <string>
#include <utility>
#include <vector>

#include "tests/unit/plugin/cmd/fake_plugin.h"
#include "tests/unit/plugin/cmd/run_signetctl.h"

namespace signet::ctl {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

std::vector<std::string> LoopArguments(const FakePlugin& plugin, const std::string& time) {
  return {"selftest", "--for", time, "--kms-socket", plugin.socket()};
}

class CallLoopTest : public ::testing::Test {
 protected:
  // Stopped with Ctrl-C at the sixth Encrypt: after a time, a busy machine might have made none.
  CtlResult Loop(const std::vector<std::string>& more = {"-o", "json"}) {
    if (!std::exchange(is_armed_, true)) {
      plugin_.encrypt = [this, encrypt = plugin_.encrypt, caller = ::pthread_self()](
                            const v2::EncryptRequest& request, v2::EncryptResponse& response) {
        if (++calls_ % 6 == 0) ::pthread_kill(caller, SIGINT);
        return encrypt(request, response);
      };
    }
    std::vector<std::string> arguments = LoopArguments(plugin_, "1h");
    arguments.insert(arguments.end(), more.begin(), more.end());
    return RunCtl(arguments);
  }

  FakePlugin plugin_;

 private:
  bool is_armed_ = false;
  std::atomic<int> calls_{0};
};

TEST_F(CallLoopTest, CountsCallsAndPassesWithoutAFailure) {
  std::atomic<uint64_t> encrypts{0}, decrypts{0};
  const auto encrypt = plugin_.encrypt;
  plugin_.encrypt = [&](const v2::EncryptRequest& request, v2::EncryptResponse& response) {
    ++encrypts;
    return encrypt(request, response);
  };
  const auto decrypt = plugin_.decrypt;
  plugin_.decrypt = [&](const v2::DecryptRequest& request, v2::DecryptResponse& response) {
    ++decrypts;
    return decrypt(request, response);
  };
  const CtlResult result = Loop();
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(result.json()["passed"], true);
  EXPECT_EQ(result.json()["failures"], 0);
  EXPECT_EQ(result.json()["encrypts"], encrypts.load());
  EXPECT_EQ(result.json()["decrypts"], decrypts.load());
  EXPECT_EQ(result.json()["key_ids"], nlohmann::json({"fake-1"}));
  EXPECT_THAT(Loop({}).out, HasSubstr(" Decrypt calls, 0 failures\nunder key_id fake-1\n"));
}

TEST_F(CallLoopTest, OneFailureIsEnoughToFail) {
  std::atomic<int> calls{0};
  const auto encrypt = plugin_.encrypt;
  plugin_.encrypt = [&](const v2::EncryptRequest& request, v2::EncryptResponse& response) {
    if (++calls == 2) return grpc::Status(grpc::StatusCode::UNAVAILABLE, "between two keys");
    return encrypt(request, response);
  };
  const CtlResult result = Loop();
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_EQ(result.json()["failures"], 1);
  EXPECT_THAT(result.json()["first_failure"].get<std::string>(), StartsWith("Encrypt: UNAVAILABLE: "));
  EXPECT_EQ(result.json()["encrypts"], 6) << "it goes on";
}

TEST_F(CallLoopTest, OtherBytesAreAFailure) {
  plugin_.decrypt = [](const v2::DecryptRequest&, v2::DecryptResponse& response) {
    response.set_plaintext(std::string(32, 'x'));
    return grpc::Status::OK;
  };
  const CtlResult result = Loop();
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.json()["first_failure"].get<std::string>(), HasSubstr("other bytes came back"));
}

// The object of before is decrypted again and again, not only once right after it was made.
TEST_F(CallLoopTest, NoticesWhenWhatWasEncryptedUnderTheFirstKeyIdIsLostLater) {
  std::atomic<int> calls{0};
  const auto encrypt = plugin_.encrypt;
  plugin_.encrypt = [&](const v2::EncryptRequest& request, v2::EncryptResponse& response) {
    const grpc::Status status = encrypt(request, response);
    if (++calls > 2) response.set_key_id("fake-2");
    return status;
  };
  const auto decrypt = plugin_.decrypt;
  plugin_.decrypt = [&](const v2::DecryptRequest& request, v2::DecryptResponse& response) {
    if (calls > 2 && request.key_id() == "fake-1") return grpc::Status(grpc::StatusCode::DATA_LOSS, "gone");
    v2::DecryptRequest repaired = request;
    repaired.set_key_id("fake-1");
    return decrypt(repaired, response);
  };
  const CtlResult result = Loop();
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.json()["first_failure"].get<std::string>(), StartsWith("Decrypt: DATA_LOSS: "));
  EXPECT_EQ(result.json()["key_ids"], nlohmann::json({"fake-1", "fake-2"}));
}

TEST_F(CallLoopTest, NoCallsAreNoPass) {
  plugin_.encrypt = [](const v2::EncryptRequest&, v2::EncryptResponse&) {
    return grpc::Status(grpc::StatusCode::UNAVAILABLE, "no key yet");
  };
  const CtlResult result = Loop();
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_EQ(result.json()["decrypts"], 0);
}

TEST_F(CallLoopTest, EndsWithItsTime) {
  EXPECT_THAT(RunCtl(LoopArguments(plugin_, "10ms")).out, HasSubstr(" Encrypt and "));
}

TEST_F(CallLoopTest, ExcludesKeepAndCheck) {
  EXPECT_EQ(RunCtl({"selftest", "--for", "1s", "--keep", "f"}).exit_code, 2);
  EXPECT_EQ(RunCtl({"selftest", "--for", "1s", "--check", "f"}).exit_code, 2);
  EXPECT_EQ(RunCtl({"selftest", "--for", "soon"}).exit_code, 2);
}

}  // namespace
}  // namespace signet::ctl
