// watch and wait against a plugin that a test can break.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <vector>

#include "absl/strings/str_split.h"
#include "plugin/cmd/common/admin_client.h"
#include "tests/testing/poll.h"
#include "tests/testing/status_matchers.h"
#include "tests/unit/plugin/cmd/fake_plugin.h"
#include "tests/unit/plugin/cmd/run_signetctl.h"
#include "tests/unit/plugin/cmd/sample_state.h"

namespace signet::ctl {
namespace {

using ::signet::testing::StatusIs;
using ::testing::AnyOf;
using ::testing::HasSubstr;
using Writer = grpc::ServerWriter<admin::v1::WatchEventsResponse>;

// Sends two events behind two lost ones, and ends as signetd does when it stops.
grpc::Status TwoEvents(Writer& writer) {
  admin::v1::WatchEventsResponse answer;
  answer.mutable_heartbeat()->set_seconds(10);
  writer.Write(answer);
  answer.set_dropped(2);
  admin::v1::KeyEvent& event = *answer.add_events();
  event.set_number(3);
  event.mutable_time()->set_seconds(1700000000);
  event.set_kind("provider_changed");
  event.set_provider("primary");
  event.set_detail("healthy to \x1b[2J");
  admin::v1::KeyEvent& other = *answer.add_events();
  other.set_number(4);
  other.set_kind("key_activated");
  other.set_key_id("k");
  writer.Write(answer);
  return grpc::Status(grpc::StatusCode::UNAVAILABLE, "shutting down");
}

TEST(WatchTest, PrintsALineAnEventAndEndsWithTheDaemon) {
  FakePlugin plugin;
  plugin.watch = [](auto&, const auto&, Writer& writer) { return TwoEvents(writer); };
  const CtlResult result = RunCtl({"watch", "--admin-socket", plugin.socket()});
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_EQ(result.out,
            "... 2 events were lost here: this reader was too slow\n"
            "2023-11-14T22:13:20Z  provider_changed  provider primary  healthy to \\x1b[2J\n"
            "1970-01-01T00:00:00Z  key_activated     k\n");
  EXPECT_THAT(result.err, AnyOf(HasSubstr("shutting down"), HasSubstr("connection was closed")));
}

TEST(WatchTest, PrintsJsonLines) {
  FakePlugin plugin;
  plugin.watch = [](auto&, const auto&, Writer& writer) { return TwoEvents(writer); };
  const CtlResult result = RunCtl({"watch", "-o", "json", "--admin-socket", plugin.socket()});
  const std::vector<std::string> lines = absl::StrSplit(result.out, '\n', absl::SkipEmpty());
  ASSERT_EQ(lines.size(), 3U);
  EXPECT_EQ(nlohmann::json::parse(lines[0])["dropped"], 2);
  const nlohmann::json event = nlohmann::json::parse(lines[1]);
  EXPECT_EQ(event["number"], 3);
  EXPECT_EQ(event["kind"], "provider_changed");
  EXPECT_EQ(event["time"], "2023-11-14T22:13:20.000Z");
  EXPECT_EQ(nlohmann::json::parse(lines[2])["key_id"], "k");
}

TEST(WatchTest, AsksForRecentEventsOnlyWhenToldTo) {
  FakePlugin plugin;
  std::vector<bool> asked;
  plugin.watch = [&asked](auto&, const admin::v1::WatchEventsRequest& request, Writer&) {
    asked.push_back(request.recent());
    return grpc::Status(grpc::StatusCode::UNAVAILABLE, "shutting down");
  };
  RunCtl({"watch", "--admin-socket", plugin.socket()});
  RunCtl({"watch", "--recent", "--admin-socket", plugin.socket()});
  EXPECT_THAT(asked, ::testing::ElementsAre(false, true));
}

TEST(WatchTest, EndsAfterItsTime) {
  FakePlugin plugin;
  const CtlResult result = RunCtl({"watch", "--timeout", "50ms", "--admin-socket", plugin.socket()});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_EQ(result.out, "");
}

TEST(EventReaderTest, NoticesADaemonThatIsSilentForThreeHeartbeats) {
  FakePlugin plugin;
  plugin.watch = [](grpc::ServerContext& context, const auto&, Writer& writer) {
    admin::v1::WatchEventsResponse answer;
    answer.mutable_heartbeat()->set_nanos(1000000);
    writer.Write(answer);
    EXPECT_TRUE(testing::PollUntil([&] { return context.IsCancelled(); }));
    return grpc::Status::CANCELLED;
  };
  ASSERT_OK_AND_ASSIGN(AdminConnection connection, AdminConnection::Open(plugin.socket()));
  const auto events = connection.WatchEvents(false);
  ASSERT_OK_AND_ASSIGN(const auto first, events->Next(absl::Seconds(30)));
  EXPECT_TRUE(first.has_value());
  ASSERT_OK_AND_ASSIGN(const auto nothing, events->Next(absl::Milliseconds(1)));
  EXPECT_FALSE(nothing.has_value());
  EXPECT_THAT(events->Next(absl::Seconds(30)), StatusIs(absl::StatusCode::kDeadlineExceeded));
}

TEST(WaitTest, ReturnsAtOnceWhenItIsSo) {
  FakePlugin plugin;
  plugin.state = [](admin::v1::GetStateResponse& state) {
    state = SampleState();
    return grpc::Status::OK;
  };
  const CtlResult result = RunCtl({"wait", "--for", "ready", "--admin-socket", plugin.socket()});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.out, HasSubstr("ENCRYPT"));
}

TEST(WaitTest, ReturnsOnceItIsSo) {
  FakePlugin plugin;
  std::atomic<int> calls{0};
  plugin.state = [&calls](admin::v1::GetStateResponse& state) {
    state = SampleState();
    state.set_can_encrypt(++calls > 3);
    return grpc::Status::OK;
  };
  const CtlResult result =
      RunCtl({"wait", "--for", "ready", "-o", "json", "--admin-socket", plugin.socket()});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(result.json()["can_encrypt"], true);
  EXPECT_EQ(calls, 4);
}

TEST(WaitTest, SaysWhyNotWhenItIsNotInTime) {
  FakePlugin plugin;
  plugin.state = [](admin::v1::GetStateResponse& state) {
    state = SampleState();
    return grpc::Status::OK;
  };
  const CtlResult result =
      RunCtl({"wait", "--for", "key-id=other", "--timeout", "50ms", "--admin-socket", plugin.socket()});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.err, HasSubstr("not within 50ms: the key_id is local-v2-8f3a1c0d9e7b2a44"));
}

TEST(WaitTest, WaitsForADaemonThatIsNotThere) {
  EXPECT_EQ(
      RunCtl({"wait", "--for", "ready", "--timeout", "150ms", "--admin-socket", "/nonexistent/s"}).exit_code,
      3);
  EXPECT_EQ(RunCtl({"wait", "--for", "never", "--admin-socket", "/nonexistent/s"}).exit_code, 2);
}

}  // namespace
}  // namespace signet::ctl
