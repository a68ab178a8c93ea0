// health, status and selftest against a plugin that a test can break, and against none.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <fstream>
#include <string>

#include "base/unique_fd.h"
#include "plugin/cmd/common/daemon_client.h"
#include "tests/testing/status_matchers.h"
#include "tests/testing/temp_dir.h"
#include "tests/unit/plugin/cmd/fake_plugin.h"
#include "tests/unit/plugin/cmd/run_signetctl.h"
#include "tests/unit/plugin/cmd/sample_state.h"

namespace signet::ctl {
namespace {

using ::signet::testing::StatusIs;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr char kSlow[] = "--timeout=60s";

CtlResult Ask(const std::string& verb, const FakePlugin& plugin, const std::string& format = "table") {
  return RunCtl(
      {verb, "--kms-socket", plugin.socket(), "--admin-socket", plugin.socket(), kSlow, "-o", format});
}

// A socket that is bound, and listening when asked to, but never accepts.
class SilentSocket {
 public:
  explicit SilentSocket(bool listening) : fd_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path_.c_str(), sizeof(address.sun_path) - 1);
    EXPECT_EQ(::bind(fd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
    if (listening) {
      EXPECT_EQ(::listen(fd_.get(), 8), 0);
    }
  }
  const std::string& path() const { return path_; }
  int fd() const { return fd_.get(); }

 private:
  testing::TempDir temp_;
  const std::string path_ = temp_.File("s");
  UniqueFd fd_;
};

TEST(HealthTest, IsOneLineAndZeroWhenStatusIsGood) {
  FakePlugin plugin;
  const CtlResult result = Ask("health", plugin);
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_EQ(result.out, "healthy: key_id fake-1, API v2\n");
  EXPECT_THAT(result.err, IsEmpty());
  EXPECT_EQ(Ask("health", plugin, "json").json()["healthy"], true);
}

TEST(HealthTest, IsOneWhenTheDaemonSaysNo) {
  FakePlugin plugin;
  plugin.status = [](v2::StatusResponse&) {
    return grpc::Status(grpc::StatusCode::UNAVAILABLE, "no active key yet");
  };
  const CtlResult result = Ask("health", plugin);
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_EQ(result.out, "unhealthy: UNAVAILABLE: no active key yet\n");
  const nlohmann::json json = Ask("health", plugin, "json").json();
  EXPECT_EQ(json["healthy"], false);
  EXPECT_EQ(json["reason"], "UNAVAILABLE: no active key yet");
}

TEST(HealthTest, IsOneWhenKubeApiserverWouldRefuseTheAnswer) {
  FakePlugin plugin;
  plugin.status = [](v2::StatusResponse& response) {
    response.set_version("v2");
    response.set_healthz("KMS is away");
    response.set_key_id("k");
    return grpc::Status::OK;
  };
  const CtlResult result = Ask("health", plugin);
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_EQ(result.out, "unhealthy: healthz is KMS is away\n");
}

TEST(HealthTest, IsThreeWithALineThatHelpsWhenNobodyIsThere) {
  const CtlResult missing = RunCtl({"health", "--kms-socket", "/nonexistent/kms.sock"});
  EXPECT_EQ(missing.exit_code, 3);
  EXPECT_THAT(missing.out, IsEmpty());
  EXPECT_THAT(missing.err, HasSubstr("/nonexistent/kms.sock: no such socket; is signetd running?"));
  const SilentSocket dead(/*listening=*/false);
  const CtlResult refused = RunCtl({"health", "--kms-socket", dead.path()});
  EXPECT_EQ(refused.exit_code, 3);
  EXPECT_THAT(refused.err, HasSubstr("nobody listens there"));
  testing::TempDir dir;
  std::ofstream(dir.File("file")) << "text";
  const CtlResult file = RunCtl({"health", "--kms-socket", dir.File("file")});
  EXPECT_EQ(file.exit_code, 3);
  const CtlResult abstract = RunCtl({"health", "--kms-socket", "@signet-test-nobody"});
  EXPECT_EQ(abstract.exit_code, 3);
  EXPECT_THAT(abstract.err, HasSubstr("nobody listens there"));
}

TEST(HealthTest, IsThreeWhenTheDaemonHangs) {
  const SilentSocket silent(/*listening=*/true);
  const CtlResult result = RunCtl({"health", "--kms-socket", silent.path(), "--timeout", "50ms"});
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_THAT(result.err, HasSubstr("no answer in time"));
}

TEST(HealthTest, RefusesABadTimeout) {
  EXPECT_EQ(RunCtl({"health", "--kms-socket", "/s", "--timeout", "3"}).exit_code, 2);
  EXPECT_EQ(RunCtl({"health", "--kms-socket", "/s", "--timeout", "0s"}).exit_code, 2);
}

TEST(DaemonClientTest, TellsTheDaemonsAnswerFromAFailureOnTheWay) {
  FakePlugin plugin;
  plugin.status = [](v2::StatusResponse&) { return grpc::Status(grpc::StatusCode::UNAVAILABLE, "busy"); };
  ASSERT_OK_AND_ASSIGN(KmsConnection connection, KmsConnection::Open(plugin.socket()));
  const absl::Status answered = connection.Status(absl::Minutes(1)).status();
  EXPECT_THAT(answered, StatusIs(absl::StatusCode::kUnavailable, "busy"));
  EXPECT_TRUE(AnsweredByDaemon(answered));

  const SilentSocket closing(/*listening=*/true);
  ASSERT_OK_AND_ASSIGN(KmsConnection lost, KmsConnection::Open(closing.path()));
  ::close(::accept(closing.fd(), nullptr, nullptr));
  const absl::Status closed = lost.Status(absl::Minutes(1)).status();
  EXPECT_THAT(closed, StatusIs(absl::StatusCode::kUnavailable, HasSubstr("allowed_uids")));
  EXPECT_FALSE(AnsweredByDaemon(closed));
}

TEST(StatusTest, ShowsTheStateAndExitsByWhetherItCanEncrypt) {
  FakePlugin plugin;
  plugin.state = [](admin::v1::GetStateResponse& response) {
    response = SampleState();
    return grpc::Status::OK;
  };
  const CtlResult good = Ask("status", plugin);
  EXPECT_EQ(good.exit_code, 0);
  EXPECT_THAT(good.out, HasSubstr("ENCRYPT      yes"));
  EXPECT_EQ(Ask("status", plugin, "json").json()["cluster_id"], "prod-1");
  plugin.state = [](admin::v1::GetStateResponse& response) {
    response = SampleState();
    response.set_can_encrypt(false);
    return grpc::Status::OK;
  };
  EXPECT_EQ(Ask("status", plugin).exit_code, 1);
}

TEST(StatusTest, IsThreeWhenTheDaemonDoesNotTellUs) {
  FakePlugin plugin;
  plugin.state = [](admin::v1::GetStateResponse&) {
    return grpc::Status(grpc::StatusCode::PERMISSION_DENIED, "uid not in admin_socket.allowed_uids");
  };
  const CtlResult result = Ask("status", plugin);
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_THAT(result.err, HasSubstr("uid not in admin_socket.allowed_uids"));
}

TEST(SelfTestTest, PassesAgainstAPluginThatKeepsTheRules) {
  FakePlugin plugin;
  const CtlResult result = Ask("selftest", plugin);
  EXPECT_EQ(result.exit_code, 0) << result.out;
  EXPECT_THAT(result.out, HasSubstr("self-test passed; 64 bytes per object\n"));
  const nlohmann::json json = Ask("selftest", plugin, "json").json();
  EXPECT_EQ(json["passed"], true);
  EXPECT_EQ(json["steps"].size(), 6u);
  // key_id 6, ciphertext 32 + 9, annotation 16 + 1.
  EXPECT_EQ(json["bytes_per_object"], 64);
}

// The name of the first failed step, "" when all passed.
std::string FailedStep(const FakePlugin& plugin) {
  const CtlResult result = Ask("selftest", plugin, "json");
  const nlohmann::json json = result.json();
  EXPECT_EQ(result.exit_code, json["passed"].get<bool>() ? 0 : 1);
  for (const nlohmann::json& step : json["steps"]) {
    if (!step["passed"].get<bool>()) return step["name"];
  }
  return "";
}

TEST(SelfTestTest, FindsAKeyIdThatIsNotThatOfStatus) {
  FakePlugin plugin;
  const auto encrypt = plugin.encrypt;
  plugin.encrypt = [&](const v2::EncryptRequest& request, v2::EncryptResponse& response) {
    const grpc::Status status = encrypt(request, response);
    response.set_key_id("fake-2");
    return status;
  };
  EXPECT_EQ(FailedStep(plugin), "encrypt");
}

TEST(SelfTestTest, FindsAPlaintextInTheCiphertext) {
  FakePlugin plugin;
  plugin.encrypt = [](const v2::EncryptRequest& request, v2::EncryptResponse& response) {
    response.set_ciphertext("x" + request.plaintext());
    response.set_key_id("fake-1");
    return grpc::Status::OK;
  };
  EXPECT_EQ(FailedStep(plugin), "encrypt");
}

TEST(SelfTestTest, FindsAWrongPlaintext) {
  FakePlugin plugin;
  plugin.decrypt = [](const v2::DecryptRequest&, v2::DecryptResponse& response) {
    response.set_plaintext(std::string(32, 'x'));
    return grpc::Status::OK;
  };
  EXPECT_EQ(FailedStep(plugin), "decrypt");
}

TEST(SelfTestTest, FindsWhatIsNotAuthenticated) {
  for (const auto& [change, step] : {std::pair("ciphertext", "refuses a changed ciphertext"),
                                     std::pair("key_id", "refuses a changed key_id"),
                                     std::pair("annotation", "refuses a changed annotation")}) {
    FakePlugin plugin;
    const auto good = plugin.decrypt;
    plugin.decrypt = [&, ignored = std::string(change)](const v2::DecryptRequest& request,
                                                        v2::DecryptResponse& response) {
      v2::DecryptRequest repaired = request;
      if (ignored == "ciphertext") {
        repaired.mutable_ciphertext()->back() = '1';
      } else if (ignored == "key_id") {
        repaired.set_key_id("fake-1");
      } else {
        (*repaired.mutable_annotations())["fake.example.com"] = "1";
      }
      return good(repaired, response);
    };
    EXPECT_EQ(FailedStep(plugin), step);
  }
}

TEST(SelfTestTest, StopsWhereTheDaemonRefuses) {
  FakePlugin plugin;
  plugin.encrypt = [](const v2::EncryptRequest&, v2::EncryptResponse&) {
    return grpc::Status(grpc::StatusCode::FAILED_PRECONDITION, "key disabled");
  };
  const CtlResult result = Ask("selftest", plugin);
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.out, HasSubstr("FAILED  encrypt"));
  EXPECT_THAT(result.out, HasSubstr("FAILED_PRECONDITION: key disabled\nSELF-TEST FAILED\n"));
}

TEST(SelfTestTest, IsThreeWhenTheDaemonIsNotThere) {
  EXPECT_EQ(RunCtl({"selftest", "--kms-socket", "/nonexistent/kms.sock"}).exit_code, 3);
  const SilentSocket silent(/*listening=*/true);
  EXPECT_EQ(RunCtl({"selftest", "--kms-socket", silent.path(), "--timeout", "50ms"}).exit_code, 3);
}

}  // namespace
}  // namespace signet::ctl
