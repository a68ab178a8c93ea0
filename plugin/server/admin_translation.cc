#include "plugin/server/admin_translation.h"

#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "absl/strings/string_view.h"
#include "crypto/digest.h"

namespace signet {
namespace {

template <typename Bytes>
std::string Hex(const Bytes& bytes) {
  return absl::BytesToHexString(absl::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
}

std::string HashOf(const std::string& key_id) {
  return key_id.empty() ? std::string() : crypto::KeyIdHash(key_id);
}

// A time that is infinite, which is never or always, stays absent.
template <typename Message>
void SetTime(absl::Time time, Message& message, google::protobuf::Timestamp* (Message::*field)()) {
  if (time == absl::InfiniteFuture() || time == absl::InfinitePast()) return;
  FillTimestamp(time, *(message.*field)());
}

std::string CodeName(const absl::Status& status) { return absl::StatusCodeToString(status.code()); }

void FillActive(const HierarchyState& state, admin::v1::ActiveKey& active) {
  const ActiveKey& key = *state.active;
  active.set_key_id(key.key_id);
  active.set_key_id_hash(key.key_id_hash);
  active.set_provider(key.provider_name);
  active.set_remote_version(key.remote_version.label);
  active.set_local_kek_id(Hex(key.local_kek_id));
  SetTime(key.created, active, &admin::v1::ActiveKey::mutable_local_kek_created);
  SetTime(state.active_expires, active, &admin::v1::ActiveKey::mutable_local_kek_expires);
  active.set_local_kek_uses(state.uses);
  active.set_local_kek_max_uses(state.max_uses);
  active.set_stored(key.stored);
  active.set_record_bytes(key.record.size());
}

void FillDecrypt(const HierarchyState& state, admin::v1::Decrypt& decrypt) {
  decrypt.set_works(state.decrypt_status.ok());
  if (!state.decrypt_status.ok()) {
    decrypt.set_problem_code(CodeName(state.decrypt_status));
    decrypt.set_problem(std::string(state.decrypt_status.message()));
  }
  SetTime(state.decrypt_since, decrypt, &admin::v1::Decrypt::mutable_since);
  decrypt.set_cached_stopped(state.cached_decrypt_stopped);
}

void FillPending(const PendingKey& key, admin::v1::PendingKey& pending) {
  pending.set_key_id(key.key_id);
  pending.set_key_id_hash(key.key_id_hash);
  pending.set_provider(key.provider);
  pending.set_remote_version(key.remote_version);
  pending.set_prepared(key.prepared);
  SetTime(key.activates_at, pending, &admin::v1::PendingKey::mutable_activates_at);
}

void FillProvider(const ProviderState& state, admin::v1::Provider& provider) {
  provider.set_name(state.name);
  provider.set_active(state.active);
  provider.set_class_(std::string(ProviderClassName(state.provider_class)));
  SetTime(state.since, provider, &admin::v1::Provider::mutable_since);
  if (state.suspected.has_value()) {
    provider.set_suspected_class(std::string(ProviderClassName(*state.suspected)));
  }
  if (state.last_success.has_value()) {
    SetTime(*state.last_success, provider, &admin::v1::Provider::mutable_last_success);
  }
  if (!state.last_error.ok()) {
    provider.set_last_error_code(CodeName(state.last_error));
    provider.set_last_error(std::string(state.last_error.message()));
  }
  provider.set_in_wrap_set(state.in_wrap_set);
}

absl::string_view KeyStateName(LocalKeyInfo::State state) {
  switch (state) {
    case LocalKeyInfo::State::kActive:
      return "active";
    case LocalKeyInfo::State::kPrepared:
      return "prepared";
    case LocalKeyInfo::State::kCached:
      return "cached";
  }
  return "unknown";
}

}  // namespace

void FillTimestamp(absl::Time time, google::protobuf::Timestamp& timestamp) {
  const int64_t seconds = absl::ToUnixSeconds(time);
  timestamp.set_seconds(seconds);
  timestamp.set_nanos(static_cast<int32_t>((time - absl::FromUnixSeconds(seconds)) / absl::Nanoseconds(1)));
}

void FillDuration(absl::Duration duration, google::protobuf::Duration& message) {
  absl::Duration rest;
  message.set_seconds(absl::IDivDuration(duration, absl::Seconds(1), &rest));
  message.set_nanos(static_cast<int32_t>(rest / absl::Nanoseconds(1)));
}

void FillState(const HierarchyState& state, admin::v1::GetStateResponse& response) {
  response.set_can_encrypt(state.status.ok());
  if (!state.status.ok()) {
    response.set_problem_code(CodeName(state.status));
    response.set_problem(std::string(state.status.message()));
  }
  SetTime(state.encrypt_since, response, &admin::v1::GetStateResponse::mutable_encrypt_since);
  FillDecrypt(state, *response.mutable_decrypt());
  if (state.active != nullptr) FillActive(state, *response.mutable_active());
  if (state.pending.has_value()) FillPending(*state.pending, *response.mutable_pending());
  for (const ProviderState& provider : state.providers) FillProvider(provider, *response.add_providers());
  for (const HierarchyProblem& problem : state.problems) {
    admin::v1::Problem& entry = *response.add_problems();
    entry.set_kind(problem.kind);
    entry.set_text(problem.text);
    entry.set_advice(problem.advice);
    SetTime(problem.since, entry, &admin::v1::Problem::mutable_since);
  }
  SetTime(state.offline_until, response, &admin::v1::GetStateResponse::mutable_offline_until);
  for (const std::string& key_id : state.key_id_history) response.add_key_id_history(key_id);
  response.set_cached_local_keks(state.cached_local_keks);
  response.set_journal_records(state.journal_records);
}

void FillKey(const LocalKeyInfo& info, admin::v1::LocalKey& key) {
  key.set_local_kek_id(Hex(info.id));
  key.set_key_id(info.key_id);
  key.set_key_id_hash(HashOf(info.key_id));
  key.set_state(std::string(KeyStateName(info.state)));
  SetTime(info.created, key, &admin::v1::LocalKey::mutable_created);
  key.set_stored(info.stored);
  if (info.state != LocalKeyInfo::State::kActive) return;
  key.set_uses(info.uses);
  key.set_max_uses(info.max_uses);
  SetTime(info.renews, key, &admin::v1::LocalKey::mutable_renews);
  SetTime(info.expires, key, &admin::v1::LocalKey::mutable_expires);
}

void FillResult(const KeyOperationResult& result, admin::v1::KeyOperationResponse& response) {
  response.set_key_id(result.key_id);
  response.set_local_kek_id(result.local_kek_id);
  response.set_pending_key_id(result.pending_key_id);
  SetTime(result.pending_activates_at, response,
          &admin::v1::KeyOperationResponse::mutable_pending_activates_at);
  response.set_note(result.note);
}

void FillEvents(EventSubscription::Batch batch, admin::v1::WatchEventsResponse& response) {
  response.set_dropped(batch.dropped);
  for (KeyEvent& event : batch.events) {
    admin::v1::KeyEvent& entry = *response.add_events();
    entry.set_number(event.number);
    FillTimestamp(event.time, *entry.mutable_time());
    entry.set_kind(std::string(KeyEventName(event.kind)));
    entry.set_provider(std::move(event.provider));
    entry.set_key_id_hash(HashOf(event.key_id));
    entry.set_key_id(std::move(event.key_id));
    entry.set_local_kek_id(std::move(event.local_kek_id));
    entry.set_detail(std::move(event.detail));
  }
}

}  // namespace signet
