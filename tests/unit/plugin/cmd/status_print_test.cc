#include "plugin/cmd/signetctl/status_print.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>
#include <string>

#include "tests/unit/plugin/cmd/sample_state.h"

namespace signet::ctl {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::string Screen(const admin::v1::GetStateResponse& state) {
  std::ostringstream out;
  PrintState(state, SampleNow(), out);
  return out.str();
}

TEST(StatusPrintTest, ShowsAHealthyDaemonOnOneScreen) {
  EXPECT_EQ(Screen(SampleState()),
            R"(signetd 0.1.0 (0123456789ab), pid 4711, started 2023-11-14T15:13:20Z (7h ago)

  ENCRYPT      yes  under provider primary, key version 2
  DECRYPT      yes  at once under the 3 local KEKs in memory; under others when their provider answers
  key_id       local-v2-8f3a1c0d9e7b2a44
  key_id hash  sha256:aa
  local KEK    00112233445566778899aabbccddeeff
    made       2023-11-14T15:13:20Z (7h ago)
    expires    2023-12-14T15:13:20Z (in 29d 17h); renewal starts at two thirds
    uses       10 of 1000 (1.0 %)
    stored     yes, its record has 130 bytes in every object
  before       local-v1-0011223344556677
  providers    primary: local, key 0102030405060708, active
  cluster_id   prod-1
  KMS socket   /run/signet/kms.sock
    traffic    1 of 64 connections, refused 0 by uid and 0 others; 0 calls in flight, 12 since the start
  files        /etc/signet/signetd.yaml, /var/lib/signet (2 records for a warm start)
  memory       locked

Nothing is wrong.
)");
}

TEST(StatusPrintTest, ShowsWhyEncryptDoesNotWorkAndWhatToDo) {
  admin::v1::GetStateResponse state = SampleState();
  state.clear_active();
  state.set_can_encrypt(false);
  state.set_problem_code("UNAVAILABLE");
  state.set_problem("keyring: no such file");
  const std::string screen = Screen(state);
  EXPECT_THAT(screen, HasSubstr("  ENCRYPT     NO   UNAVAILABLE: keyring: no such file\n"));
  EXPECT_THAT(
      screen,
      HasSubstr("\nPROBLEM  Encrypt does not work: UNAVAILABLE: keyring: no such file\n         See"));
  EXPECT_THAT(screen, Not(HasSubstr("Nothing is wrong")));
  EXPECT_THAT(screen, Not(HasSubstr("local KEK  ")));
}

TEST(StatusPrintTest, ShowsSinceWhenWhatIsPendingAndHowLongItGoesOnWithoutTheKms) {
  admin::v1::GetStateResponse state = SampleState();
  const int64_t now = absl::ToUnixSeconds(SampleNow());
  state.mutable_encrypt_since()->set_seconds(now - 60);
  state.mutable_offline_until()->set_seconds(now + 3600);
  admin::v1::PendingKey& pending = *state.mutable_pending();
  pending.set_key_id("local-v3-x");
  const std::string confirming = Screen(state);
  EXPECT_THAT(confirming, HasSubstr("ENCRYPT      yes  since 2023-11-14T22:12:20Z (1m ago), under provider"));
  EXPECT_THAT(confirming, HasSubstr("PENDING      local-v3-x, being confirmed\n    prepared   not yet\n"));
  EXPECT_THAT(confirming,
              HasSubstr("no KMS       Encrypt goes on without it until 2023-11-14T23:13:20Z (in 1h)\n"));
  pending.set_prepared(true);
  pending.mutable_activates_at()->set_seconds(now + 40);
  EXPECT_THAT(Screen(state), HasSubstr("PENDING      local-v3-x, announced at 2023-11-14T22:14:00Z (in 40s)\n"
                                       "    prepared   yes, proved readable\n"));
}

TEST(StatusPrintTest, ShowsHowFarDecryptStillWorks) {
  admin::v1::GetStateResponse state = SampleState();
  admin::v1::Decrypt& decrypt = *state.mutable_decrypt();
  decrypt.set_works(true);
  EXPECT_THAT(Screen(state), HasSubstr("DECRYPT      yes  at once under the 3 local KEKs"));
  decrypt.set_works(false);
  decrypt.set_problem_code("UNAVAILABLE");
  decrypt.set_problem("the KMS does not answer");
  decrypt.mutable_since()->set_seconds(absl::ToUnixSeconds(SampleNow()) - 5);
  EXPECT_THAT(Screen(state),
              HasSubstr("DECRYPT      PART only under the 3 local KEKs in memory; since "
                        "2023-11-14T22:13:15Z (5s ago), UNAVAILABLE: the KMS does not answer\n"));
  decrypt.set_cached_stopped(true);
  EXPECT_THAT(Screen(state), HasSubstr("DECRYPT      NO   since"));
}

TEST(StatusPrintTest, ShowsHowEveryProviderIs) {
  admin::v1::GetStateResponse state = SampleState();
  admin::v1::Provider& provider = *state.mutable_providers(0);
  provider.set_class_("unreachable");
  provider.mutable_since()->set_seconds(absl::ToUnixSeconds(SampleNow()) - 120);
  provider.set_suspected_class("denied");
  provider.set_last_error_code("UNAVAILABLE");
  provider.set_last_error("connection refused");
  EXPECT_THAT(
      Screen(state),
      HasSubstr("primary: local, key 0102030405060708, active, unreachable since 2023-11-14T22:11:20Z "
                "(2m ago), suspected to be denied\n"
                "                 last success none since the start, last error UNAVAILABLE: "
                "connection refused\n"));
}

TEST(StatusPrintTest, ShortensALongHistory) {
  admin::v1::GetStateResponse state = SampleState();
  state.clear_key_id_history();
  for (int i = 0; i < 9; ++i) state.add_key_id_history("k" + std::to_string(i));
  EXPECT_THAT(Screen(state), HasSubstr("before       k7, k6, k5, k4, k3, and 3 older\n"));
}

TEST(StatusPrintTest, EscapesEveryText) {
  admin::v1::GetStateResponse state = SampleState();
  const std::string evil = "x\x1b[2J\n";
  state.set_version(evil);
  state.set_commit(evil);
  state.set_cluster_id(evil);
  state.mutable_active()->set_key_id(evil);
  state.mutable_active()->set_provider(evil);
  state.mutable_providers(0)->set_name(evil);
  state.mutable_kms_socket()->set_path(evil);
  state.set_config_file(evil);
  state.set_key_id_history(0, evil);
  EXPECT_THAT(Screen(state), Not(HasSubstr("\x1b")));
  EXPECT_THAT(StateToJson(state, SampleNow()).dump(), Not(HasSubstr("\x1b")));
}

TEST(StatusPrintTest, GivesMachinesWhatIsPendingWrongAndWaiting) {
  admin::v1::GetStateResponse state = SampleState();
  state.mutable_encrypt_since()->set_seconds(1);
  state.mutable_offline_until()->set_seconds(2);
  state.mutable_decrypt()->set_problem_code("UNAVAILABLE");
  state.mutable_pending()->set_key_id("k2");
  state.mutable_providers(0)->set_class_("degraded");
  state.mutable_providers(0)->set_last_error_code("PERMISSION_DENIED");
  state.add_problems()->set_kind("degraded");
  state.mutable_last_reload()->add_needs_restart()->set_field("cluster_id");
  const nlohmann::ordered_json json = StateToJson(state, SampleNow());
  EXPECT_EQ(json["encrypt_since"], "1970-01-01T00:00:01Z");
  EXPECT_EQ(json["offline_until"], "1970-01-01T00:00:02Z");
  EXPECT_EQ(json["decrypt"]["works"], false);
  EXPECT_EQ(json["decrypt"]["cached_works"], true);
  EXPECT_EQ(json["pending"]["key_id"], "k2");
  EXPECT_EQ(json["providers"][0]["class"], "degraded");
  EXPECT_EQ(json["providers"][0]["last_error_code"], "PERMISSION_DENIED");
  EXPECT_EQ(json["problems"][0]["kind"], "degraded");
  EXPECT_EQ(json["last_reload"]["needs_restart"][0], "cluster_id");
}

TEST(StatusPrintTest, GivesMachinesEveryField) {
  const nlohmann::ordered_json json = StateToJson(SampleState(), SampleNow());
  EXPECT_EQ(json["can_encrypt"], true);
  EXPECT_FALSE(json.contains("problem"));
  EXPECT_EQ(json["active"]["key_id"], "local-v2-8f3a1c0d9e7b2a44");
  EXPECT_EQ(json["active"]["local_kek_expires"], "2023-12-14T15:13:20Z");
  EXPECT_EQ(json["active"]["local_kek_uses"], 10);
  EXPECT_EQ(json["providers"][0]["fingerprint"], "0102030405060708");
  EXPECT_EQ(json["key_id_history"].size(), 2u);
  EXPECT_EQ(json["kms_socket"]["max_connections"], 64);
  EXPECT_TRUE(json["findings"].empty());
  admin::v1::GetStateResponse broken = SampleState();
  broken.set_can_encrypt(false);
  broken.set_problem_code("NOT_FOUND");
  EXPECT_EQ(StateToJson(broken, SampleNow())["problem_code"], "NOT_FOUND");
  EXPECT_EQ(StateToJson(broken, SampleNow())["findings"][0]["severity"], "problem");
}

}  // namespace
}  // namespace signet::ctl
