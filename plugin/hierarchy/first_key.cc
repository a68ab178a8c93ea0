#include "plugin/hierarchy/first_key.h"

#include <algorithm>
#include <utility>

#include "base/status_macros.h"
#include "crypto/record.h"

namespace signet {
namespace {

// The KMS may answer otherwise soon, and then the record in question is as good as ever.
bool IsTransient(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status) ||
         absl::IsResourceExhausted(status) || absl::IsCancelled(status);
}

}  // namespace

void FirstKey::TakeUpPlan(const KeyPlan& plan) {
  if (!(plan == parts_.follower.plan())) parts_.follower.SetPlan(plan);
}

// A stored record goes first, without asking the provider for its version: after a power cut the KMS may be
// away, and a known key must not wait for it. The exception is `local`: there "activate a version and
// restart" shows the new key_id as the first one, instead of the old one until the new one is confirmed. Only
// at the start: a key that was purged comes back as it was, and a new version waits for its time.
absl::Status FirstKey::Obtain() {
  superseded_ = absl::OkStatus();
  TakeUpPlan(parts_.planner.Now());
  const std::optional<StoredRecord> stored = FittingStoredRecord();
  if (!stored.has_value()) {
    const absl::Status made = Make("first key");
    return superseded_.ok() ? made : StayOnNewest();
  }
  if (at_start_ && PreferDescribed(*stored)) return absl::OkStatus();
  absl::Status adopted = AdoptStored(*stored);
  if (adopted.ok() || IsTransient(adopted)) return adopted;
  if (absl::IsDataLoss(adopted) || absl::IsInvalidArgument(adopted) || absl::IsNotFound(adopted)) {
    stored_rejected_ = true;
    // Nothing is there to go on with until a move may happen.
    parts_.planner.ForgetInForce();
    TakeUpPlan(parts_.planner.Now());
  }
  if (absl::IsOutOfRange(adopted)) stored_rejected_ = true;
  return Make("stored record unusable");
}

// What the configuration asks for was superseded: the newest that was announced serves on, under its own
// plan.
absl::Status FirstKey::StayOnNewest() {
  const std::optional<KeyPlan> in_force = parts_.planner.InForce();
  if (!in_force.has_value() || *in_force == parts_.follower.plan()) return superseded_;
  const KeyPlan wanted = parts_.follower.plan();
  TakeUpPlan(*in_force);
  const std::optional<StoredRecord> stored = FittingStoredRecord();
  absl::Status adopted = stored.has_value() ? AdoptStored(*stored) : superseded_;
  if (!adopted.ok()) TakeUpPlan(wanted);
  return adopted;
}

bool FirstKey::PreferDescribed(const StoredRecord& stored) {
  const KeyPlan& plan = parts_.follower.plan();
  if (plan.active->client->type() != crypto::ProviderType::kLocal) return false;
  const absl::StatusOr<KeyTarget> target = parts_.maker.Describe(plan, parts_.cancellation);
  if (!target.ok() || target->version == stored.version) return false;
  if (parts_.publisher.Judge(target->announcement) != KeyHistory::Verdict::kNew) return false;
  if (!parts_.installer.MakeAndInstall(*target, "new version").ok()) return false;
  parts_.follower.NoteAsked();
  return true;
}

absl::Status FirstKey::Make(absl::string_view reason) {
  SIGNET_ASSIGN_OR_RETURN(const KeyTarget target,
                          parts_.maker.Describe(parts_.follower.plan(), parts_.cancellation));
  if (parts_.publisher.Judge(target.announcement) == KeyHistory::Verdict::kSuperseded) {
    superseded_ = parts_.follower.NoteRollback(target);
    return superseded_;
  }
  const auto missing = options_.allow_degraded_start ? KeyMaker::Missing::kAllow : KeyMaker::Missing::kRefuse;
  SIGNET_RETURN_IF_ERROR(parts_.installer.MakeAndInstall(target, reason, missing));
  parts_.follower.NoteAsked();
  return absl::OkStatus();
}

absl::Status FirstKey::ObtainNewer(const std::vector<const Provider*>& revoked) {
  const Provider* const active = parts_.follower.plan().active;
  for (const Provider* provider : revoked) {
    if (provider != active) SIGNET_RETURN_IF_ERROR(parts_.maker.Prove(*provider, parts_.cancellation));
  }
  SIGNET_ASSIGN_OR_RETURN(const KeyTarget target,
                          parts_.maker.Describe(parts_.follower.plan(), parts_.cancellation));
  const KeyHistory::Verdict verdict = parts_.publisher.Judge(target.announcement);
  const bool active_is_revoked = std::find(revoked.begin(), revoked.end(), active) != revoked.end();
  if (verdict == KeyHistory::Verdict::kSuperseded ||
      (active_is_revoked && verdict != KeyHistory::Verdict::kNew)) {
    return absl::FailedPreconditionError("the KMS names no newer version");
  }
  SIGNET_RETURN_IF_ERROR(parts_.installer.MakeAndInstall(target, "the version before it was revoked"));
  parts_.follower.NoteAsked();
  return absl::OkStatus();
}

std::optional<StoredRecord> FirstKey::FittingStoredRecord() const {
  const StateView state = parts_.store.Current();
  if (stored_rejected_ || !state->record.has_value() || state->history.empty()) return std::nullopt;
  // The key_id is made of provider, wrap-set, version and generation: when it is the newest of history and
  // what the plan makes of the stored version, all of them fit.
  const absl::StatusOr<KeyTarget> target =
      parts_.maker.TargetOf(parts_.follower.plan(), state->record->version);
  if (!target.ok() || target->announcement.key_id != state->history.newest().key_id) return std::nullopt;
  const absl::StatusOr<crypto::Record> record = crypto::ParseRecord(state->record->record);
  if (!record.ok() || record->key_id != target->announcement.key_id) return std::nullopt;
  return state->record;
}

absl::Status FirstKey::AdoptStored(const StoredRecord& stored) {
  SIGNET_ASSIGN_OR_RETURN(const KeyTarget target,
                          parts_.maker.TargetOf(parts_.follower.plan(), stored.version));
  SIGNET_ASSIGN_OR_RETURN(const crypto::Record record, crypto::ParseRecord(stored.record));
  kms::CallContext call;
  call.deadline = parts_.clock.Monotonic() + options_.remote_call_timeout;
  call.cancellation = parts_.cancellation;
  MadeKey key{stored.record, crypto::ComputeLocalKekId(stored.record), nullptr};
  SIGNET_ASSIGN_OR_RETURN(key.kek, parts_.unwrapper.Unwrap(stored.record, record, call));
  absl::Status adopted = parts_.publisher.Adopt(target, stored, key);
  if (adopted.ok() || absl::IsOutOfRange(adopted)) return adopted;
  return parts_.installer.FallBackToUnstored(target, adopted);
}

}  // namespace signet
