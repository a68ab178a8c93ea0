#include "plugin/server/admin_translation.h"

#include <gtest/gtest.h>

#include <memory>

namespace signet {
namespace {

TEST(AdminTranslationTest, TellsThatNothingIsWrong) {
  HierarchyState state;
  admin::v1::GetStateResponse response;
  FillState(state, response);
  EXPECT_TRUE(response.can_encrypt());
  EXPECT_TRUE(response.decrypt().works());
  EXPECT_FALSE(response.has_encrypt_since());
  EXPECT_FALSE(response.has_active());
  EXPECT_FALSE(response.has_pending());
  EXPECT_FALSE(response.has_offline_until());
}

TEST(AdminTranslationTest, TellsWhatIsWrongSinceWhenAndWhatToDo) {
  HierarchyState state;
  state.status = absl::FailedPreconditionError("offline_limit");
  state.encrypt_since = absl::FromUnixSeconds(10);
  state.decrypt_status = absl::UnavailableError("no provider");
  state.decrypt_since = absl::FromUnixSeconds(11);
  state.cached_decrypt_stopped = true;
  state.offline_until = absl::FromUnixSeconds(12);
  state.problems = {{"offline", "text", "advice", absl::FromUnixSeconds(13)}};
  admin::v1::GetStateResponse response;
  FillState(state, response);
  EXPECT_FALSE(response.can_encrypt());
  EXPECT_EQ(response.problem_code(), "FAILED_PRECONDITION");
  EXPECT_EQ(response.problem(), "offline_limit");
  EXPECT_EQ(response.encrypt_since().seconds(), 10);
  EXPECT_FALSE(response.decrypt().works());
  EXPECT_EQ(response.decrypt().problem_code(), "UNAVAILABLE");
  EXPECT_EQ(response.decrypt().problem(), "no provider");
  EXPECT_EQ(response.decrypt().since().seconds(), 11);
  EXPECT_TRUE(response.decrypt().cached_stopped());
  EXPECT_EQ(response.offline_until().seconds(), 12);
  ASSERT_EQ(response.problems_size(), 1);
  EXPECT_EQ(response.problems(0).kind(), "offline");
  EXPECT_EQ(response.problems(0).text(), "text");
  EXPECT_EQ(response.problems(0).advice(), "advice");
  EXPECT_EQ(response.problems(0).since().seconds(), 13);
}

TEST(AdminTranslationTest, TellsOfTheActiveAndThePendingKey) {
  HierarchyState state;
  auto key = std::make_shared<ActiveKey>();
  key->key_id = "k1";
  key->provider_name = "primary";
  key->record = "12345";
  state.active = key;
  state.active_expires = absl::FromUnixSeconds(20);
  state.uses = 3;
  state.max_uses = 9;
  PendingKey pending;
  pending.key_id = "k2";
  pending.provider = "primary";
  state.pending = pending;
  admin::v1::GetStateResponse response;
  FillState(state, response);
  EXPECT_EQ(response.active().key_id(), "k1");
  EXPECT_EQ(response.active().local_kek_uses(), 3U);
  EXPECT_EQ(response.active().local_kek_max_uses(), 9U);
  EXPECT_EQ(response.active().local_kek_expires().seconds(), 20);
  EXPECT_EQ(response.active().record_bytes(), 5U);
  EXPECT_EQ(response.pending().key_id(), "k2");
  EXPECT_FALSE(response.pending().prepared());
  EXPECT_FALSE(response.pending().has_activates_at());
}

TEST(AdminTranslationTest, TellsHowEveryProviderIs) {
  HierarchyState state;
  ProviderState bad;
  bad.name = "standby";
  bad.provider_class = ProviderClass::kDegraded;
  bad.since = absl::FromUnixSeconds(1);
  bad.suspected = ProviderClass::kRevoked;
  bad.last_success = absl::FromUnixSeconds(2);
  bad.last_error = absl::PermissionDeniedError("403");
  bad.in_wrap_set = true;
  state.providers = {ProviderState(), bad};
  admin::v1::GetStateResponse response;
  FillState(state, response);
  ASSERT_EQ(response.providers_size(), 2);
  EXPECT_EQ(response.providers(0).class_(), "unknown");
  EXPECT_FALSE(response.providers(0).has_since());
  EXPECT_FALSE(response.providers(0).has_last_success());
  EXPECT_EQ(response.providers(0).last_error_code(), "");
  EXPECT_EQ(response.providers(1).class_(), "degraded");
  EXPECT_EQ(response.providers(1).suspected_class(), "revoked");
  EXPECT_EQ(response.providers(1).last_success().seconds(), 2);
  EXPECT_EQ(response.providers(1).last_error_code(), "PERMISSION_DENIED");
  EXPECT_EQ(response.providers(1).last_error(), "403");
  EXPECT_TRUE(response.providers(1).in_wrap_set());
}

TEST(AdminTranslationTest, TellsOfEventsWithTheHashThatKubeApiserverShows) {
  EventSubscription::Batch batch;
  KeyEvent event;
  event.number = 7;
  event.time = absl::FromUnixSeconds(3) + absl::Nanoseconds(5);
  event.kind = KeyEvent::Kind::kVersionPending;
  event.key_id = "1";
  batch.events = {event};
  batch.dropped = 4;
  admin::v1::WatchEventsResponse response;
  FillEvents(batch, response);
  EXPECT_EQ(response.dropped(), 4U);
  ASSERT_EQ(response.events_size(), 1);
  EXPECT_EQ(response.events(0).number(), 7U);
  EXPECT_EQ(response.events(0).kind(), "version_pending");
  EXPECT_EQ(response.events(0).time().nanos(), 5);
  EXPECT_EQ(response.events(0).key_id_hash(),
            "sha256:6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b");
}

}  // namespace
}  // namespace signet
