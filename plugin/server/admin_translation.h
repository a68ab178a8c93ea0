// Between the hierarchy's plain structs and the admin API's messages. Pure, but for what State() took.
#ifndef SIGNET_PLUGIN_SERVER_ADMIN_TRANSLATION_H_
#define SIGNET_PLUGIN_SERVER_ADMIN_TRANSLATION_H_

#include <google/protobuf/duration.pb.h>
#include <google/protobuf/timestamp.pb.h>

#include "absl/time/time.h"
#include "plugin/hierarchy/event_feed.h"
#include "plugin/hierarchy/hierarchy_state.h"
#include "plugin/hierarchy/key_control.h"
#include "proto/admin/v1/admin.pb.h"

namespace signet {

void FillTimestamp(absl::Time time, google::protobuf::Timestamp& timestamp);
void FillDuration(absl::Duration duration, google::protobuf::Duration& message);

// All of GetState that the hierarchy knows. Of the providers, type and fingerprint are the caller's to add.
void FillState(const HierarchyState& state, admin::v1::GetStateResponse& response);
void FillKey(const LocalKeyInfo& info, admin::v1::LocalKey& key);
void FillResult(const KeyOperationResult& result, admin::v1::KeyOperationResponse& response);
void FillEvents(EventSubscription::Batch batch, admin::v1::WatchEventsResponse& response);

}  // namespace signet

#endif  // SIGNET_PLUGIN_SERVER_ADMIN_TRANSLATION_H_
