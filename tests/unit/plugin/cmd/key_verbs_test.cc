// keys, refresh, purge, accept-key-id, reload and rotate against a plugin that a test can break.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <vector>

#include "tests/testing/poll.h"
#include "tests/unit/plugin/cmd/fake_plugin.h"
#include "tests/unit/plugin/cmd/run_signetctl.h"
#include "tests/unit/plugin/cmd/sample_state.h"

namespace signet::ctl {
namespace {

using admin::v1::KeyOperationResponse;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class KeyVerbsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    plugin_.operation = [this](const std::string& what, KeyOperationResponse& response) {
      asked_.push_back(what);
      response = answer_;
      return status_;
    };
  }
  CtlResult Ctl(std::vector<std::string> arguments, const std::string& input = "") {
    arguments.insert(arguments.end(), {"--admin-socket", plugin_.socket()});
    return RunCtl(arguments, input);
  }

  FakePlugin plugin_;
  std::vector<std::string> asked_;
  KeyOperationResponse answer_;
  grpc::Status status_;
};

TEST_F(KeyVerbsTest, KeysListsThemAsATableAndAsJson) {
  plugin_.keys = [](admin::v1::ListKeysResponse& response) {
    admin::v1::LocalKey& active = *response.add_keys();
    active.set_local_kek_id("aa");
    active.set_key_id("local-v1-x");
    active.set_key_id_hash("sha256:hh");
    active.set_state("active");
    active.mutable_created()->set_seconds(1700000000);
    active.set_uses(3);
    active.set_max_uses(10);
    active.mutable_expires()->set_seconds(1700000060);
    active.set_stored(true);
    admin::v1::LocalKey& cached = *response.add_keys();
    cached.set_state("cached");
    cached.set_stored(true);
    return grpc::Status::OK;
  };
  const CtlResult table = Ctl({"keys"});
  EXPECT_EQ(table.exit_code, 0);
  EXPECT_THAT(table.out, HasSubstr("STATE   LOCAL KEK  KEY_ID      CREATED               USES"));
  EXPECT_THAT(table.out,
              HasSubstr("active  aa         local-v1-x  2023-11-14T22:13:20Z  3 of 10  -       2023-11-14"));
  const nlohmann::json json = Ctl({"keys", "-o", "json"}).json();
  ASSERT_EQ(json.size(), 2U);
  EXPECT_EQ(json[0]["local_kek_id"], "aa");
  EXPECT_EQ(json[0]["uses"], 3);
  EXPECT_EQ(json[0]["expires"], "2023-11-14T22:14:20Z");
  EXPECT_FALSE(json[1].contains("uses"));
}

TEST_F(KeyVerbsTest, RefreshAsksAndTellsWhatIsPending) {
  answer_.set_key_id("k1");
  answer_.set_pending_key_id("k2");
  answer_.mutable_pending_activates_at()->set_seconds(1700000000);
  answer_.set_note("the KMS was asked");
  const CtlResult result = Ctl({"refresh"});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_EQ(
      result.out,
      "refreshed\n  key_id   k1\n  pending  k2, active at 2023-11-14T22:13:20Z\n  note     the KMS was "
      "asked\nThe new key_id is not announced yet: confirmation and activation delay come first. Follow "
      "with signetctl watch\nor signetctl status.\n");
  EXPECT_THAT(asked_, ElementsAre("RefreshRemoteKey"));
  const nlohmann::json json = Ctl({"refresh", "-o", "json"}).json();
  EXPECT_EQ(json["key_id"], "k1");
  EXPECT_EQ(json["pending"]["key_id"], "k2");
  EXPECT_EQ(json["pending"]["activates_at"], "2023-11-14T22:13:20Z");
}

TEST_F(KeyVerbsTest, DangerousVerbsAskAndDoNothingUnlessTheAnswerIsYes) {
  const std::vector<std::vector<std::string>> dangerous = {
      {"purge"}, {"accept-key-id", "k1"}, {"rotate", "remote"}};
  for (const std::vector<std::string>& verb : dangerous) {
    for (const char* answer : {"", "no\n", "y\n", "yes please\n"}) {
      const CtlResult result = Ctl(verb, answer);
      EXPECT_EQ(result.exit_code, 2) << verb[0];
      EXPECT_THAT(result.err, HasSubstr("Type yes to go on:"));
      EXPECT_THAT(result.err, HasSubstr("not confirmed, nothing was done"));
    }
  }
  EXPECT_THAT(asked_, IsEmpty());
  for (const std::vector<std::string>& verb : dangerous) EXPECT_EQ(Ctl(verb, "yes\n").exit_code, 0);
  EXPECT_THAT(asked_, ElementsAre("PurgeKeys", "AcceptKeyId k1", "RotateRemoteKey "));
  asked_.clear();
  for (std::vector<std::string> verb : dangerous) {
    verb.push_back("--yes");
    const CtlResult result = Ctl(verb);
    EXPECT_EQ(result.exit_code, 0);
    EXPECT_THAT(result.err, Not(HasSubstr("Type yes")));
  }
  EXPECT_THAT(asked_, ElementsAre("PurgeKeys", "AcceptKeyId k1", "RotateRemoteKey "));
}

TEST_F(KeyVerbsTest, TheExitCodeTellsARefusalFromABadArgumentAndFromNobodyThere) {
  const std::vector<std::pair<grpc::StatusCode, int>> codes = {
      {grpc::StatusCode::FAILED_PRECONDITION, 1}, {grpc::StatusCode::UNIMPLEMENTED, 1},
      {grpc::StatusCode::UNAVAILABLE, 1},         {grpc::StatusCode::NOT_FOUND, 2},
      {grpc::StatusCode::INVALID_ARGUMENT, 2},    {grpc::StatusCode::PERMISSION_DENIED, 3}};
  for (const auto& [code, exit_code] : codes) {
    status_ = grpc::Status(code, "why not");
    const CtlResult result = Ctl({"refresh"});
    EXPECT_EQ(result.exit_code, exit_code) << code;
    EXPECT_THAT(result.out, IsEmpty());
    EXPECT_EQ(result.err, "signetctl: why not\n");
  }
  EXPECT_EQ(RunCtl({"refresh", "--admin-socket", "/nonexistent/s"}).exit_code, 3);
}

TEST_F(KeyVerbsTest, ReloadTellsWhatWasAppliedAndWhatNeedsARestart) {
  plugin_.reload = [](admin::v1::ReloadConfigResponse& response) {
    admin::v1::ConfigChange& applied = *response.add_applied();
    applied.set_field("log.level");
    applied.set_old_value("info");
    applied.set_new_value("debug");
    admin::v1::ConfigChange& restart = *response.add_needs_restart();
    restart.set_field("kms_socket.owner");
    restart.set_new_value("root");
    return grpc::Status::OK;
  };
  const CtlResult result = Ctl({"reload"});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_THAT(result.out, HasSubstr("applied        log.level         info            debug\n"));
  EXPECT_THAT(result.out, HasSubstr("NEEDS RESTART  kms_socket.owner  (not set)       root\n"));
  const nlohmann::json json = Ctl({"reload", "-o", "json"}).json();
  EXPECT_EQ(json["applied"][0]["new"], "debug");
  EXPECT_EQ(json["needs_restart"][0]["field"], "kms_socket.owner");
  plugin_.reload = [](admin::v1::ReloadConfigResponse&) { return grpc::Status::OK; };
  EXPECT_THAT(Ctl({"reload"}).out, HasSubstr("the file says what signetd runs with"));
}

TEST_F(KeyVerbsTest, ReloadPrintsEveryProblemOnALineOfItsOwn) {
  plugin_.reload = [](admin::v1::ReloadConfigResponse&) {
    return grpc::Status(grpc::StatusCode::INVALID_ARGUMENT, "f:1:1: a: wrong\nf:2:1: b: wr\x1bong");
  };
  const CtlResult result = Ctl({"reload"});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_EQ(result.err,
            "signetctl: not reloaded, signetd goes on as before:\nsignetctl: f:1:1: a: wrong\nf:2:1: b: "
            "wr\\x1bong\n");
}

TEST_F(KeyVerbsTest, RotateLocalTellsThatKubeApiserverKeepsItsSeed) {
  answer_.set_local_kek_id("bb");
  for (const bool json : {false, true}) {
    const CtlResult result = Ctl({"rotate", "local", "-o", json ? "json" : "table"});
    EXPECT_EQ(result.exit_code, 0);
    EXPECT_THAT(json ? result.err : result.out,
                HasSubstr("kube-apiserver keeps its seed until it restarts or sees a new key_id"));
    if (json) {
      EXPECT_EQ(result.json()["local_kek_id"], "bb");
    }
  }
  EXPECT_THAT(asked_, ElementsAre("RotateLocalKek", "RotateLocalKek"));
}

// A daemon that announces the new key_id some calls later, with events on the way.
class RotateWaitTest : public KeyVerbsTest {
 protected:
  void SetUp() override {
    KeyVerbsTest::SetUp();
    plugin_.state = [this](admin::v1::GetStateResponse& state) {
      state = SampleState();
      if (announced_) state.mutable_active()->set_key_id("local-v3-new");
      return grpc::Status::OK;
    };
    plugin_.watch = [this](grpc::ServerContext& context, const admin::v1::WatchEventsRequest&,
                           grpc::ServerWriter<admin::v1::WatchEventsResponse>& writer) {
      admin::v1::WatchEventsResponse answer;
      answer.mutable_heartbeat()->set_seconds(10);
      listening_ = true;  // before the caller can know
      writer.Write(answer);
      EXPECT_TRUE(testing::PollUntil([&] { return rotated_ || context.IsCancelled(); }));
      for (const std::string& kind : events_) {
        admin::v1::KeyEvent& event = *answer.add_events();
        event.set_kind(kind);
        event.set_key_id("local-v3-new");
        writer.Write(answer);
        answer.clear_events();
        if (kind == "key_activated") announced_ = true;
      }
      EXPECT_TRUE(testing::PollUntil([&] { return context.IsCancelled(); }));
      return grpc::Status::CANCELLED;
    };
    plugin_.operation = [this](const std::string&, KeyOperationResponse&) {
      heard_first_ = listening_.load();
      rotated_ = true;
      return grpc::Status::OK;
    };
  }

  std::vector<std::string> events_;
  std::atomic<bool> listening_{false};
  std::atomic<bool> rotated_{false};
  std::atomic<bool> announced_{false};
  std::atomic<bool> heard_first_{false};
};

TEST_F(RotateWaitTest, ShowsEveryStepUntilTheNewKeyIdIsAnnounced) {
  events_ = {"version_seen", "version_pending", "key_activated"};
  const CtlResult result = Ctl({"rotate", "remote", "--yes", "--wait", "-o", "json"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_TRUE(heard_first_);
  EXPECT_EQ(result.json()["key_id"], "local-v3-new");
  EXPECT_THAT(result.err, HasSubstr("version_seen"));
  EXPECT_THAT(result.err, HasSubstr("version_pending"));
  EXPECT_THAT(result.err, HasSubstr("key_activated"));
  EXPECT_THAT(result.err, HasSubstr("kube-apiserver sees the new key_id"));
}

TEST_F(RotateWaitTest, SaysNoWhenTheVersionIsDropped) {
  events_ = {"version_seen", "pending_dropped"};
  const CtlResult result = Ctl({"rotate", "remote", "--yes", "--wait"});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.err, HasSubstr("the new version is not taken up: pending_dropped local-v3-new"));
}

TEST_F(RotateWaitTest, SaysNoWhenItIsNotInTimeAndThatItGoesOn) {
  const CtlResult result = Ctl({"rotate", "remote", "--yes", "--wait", "--timeout", "100ms"});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.err, HasSubstr("not announced within 100ms; signetd goes on with it"));
}

TEST_F(RotateWaitTest, WithoutWaitItSaysThatNothingIsAnnouncedYet) {
  const CtlResult result = Ctl({"rotate", "remote", "--yes", "--provider", "standby"});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_THAT(result.out, HasSubstr("not announced yet"));
}

TEST_F(RotateWaitTest, RefreshWaitsForWhatIsPendingAndForNothingElse) {
  EXPECT_EQ(Ctl({"refresh", "--wait"}).exit_code, 0);
  rotated_ = false;
  events_ = {"version_pending", "key_activated"};
  plugin_.operation = [this](const std::string&, KeyOperationResponse& response) {
    response.set_pending_key_id("local-v3-new");
    rotated_ = true;
    return grpc::Status::OK;
  };
  const CtlResult result = Ctl({"refresh", "--wait", "-o", "json"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(result.json()["key_id"], "local-v3-new");
}

TEST_F(KeyVerbsTest, RotateRemoteSaysHowToGoOnWhereTheKmsCannot) {
  status_ = grpc::Status(grpc::StatusCode::UNIMPLEMENTED, "no");
  const CtlResult result = Ctl({"rotate", "remote", "--yes"});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.err, HasSubstr("then signetctl refresh --wait"));
}

}  // namespace
}  // namespace signet::ctl
