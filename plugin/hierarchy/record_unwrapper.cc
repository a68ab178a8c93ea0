#include "plugin/hierarchy/record_unwrapper.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/status_macros.h"
#include "kms_client/failure_class.h"

namespace signet {
namespace {

bool IsUnreachable(const absl::Status& status) {
  const kms::FailureClass failure = kms::GetFailureClass(status);
  return failure == kms::FailureClass::kUnreachable || failure == kms::FailureClass::kThrottled;
}

bool IsRefused(const absl::Status& status) {
  const kms::FailureClass failure = kms::GetFailureClass(status);
  return failure == kms::FailureClass::kDenied || failure == kms::FailureClass::kRevoked;
}

}  // namespace

bool RecordUnwrapper::HasProvider(const crypto::Record& record) const {
  return std::any_of(record.entries.begin(), record.entries.end(), [this](const crypto::RecordEntry& entry) {
    return providers_.Find(entry.provider_type, entry.fingerprint) != nullptr;
  });
}

// A record of a previous cluster was wrapped in that cluster's context, so the KMS calls it bad in ours.
absl::StatusOr<kms::UnwrapResult> RecordUnwrapper::AskProvider(const Provider& provider,
                                                               const crypto::RecordEntry& entry,
                                                               const kms::CallContext& call) const {
  absl::Status refused;
  for (const std::string& cluster_id : cluster_ids_) {
    absl::StatusOr<kms::UnwrapResult> result =
        providers_.Unwrap(provider, call, entry.backend_field, entry.blob, kms::WrapContext{cluster_id});
    if (result.ok() || !IsFinal(result.status())) return result;
    if (refused.ok()) refused = result.status();
  }
  return refused;
}

std::vector<RecordUnwrapper::Turn> RecordUnwrapper::Turns(const crypto::Record& record) const {
  std::vector<Turn> turns;
  for (const crypto::RecordEntry& entry : record.entries) {
    const Provider* const provider = providers_.Find(entry.provider_type, entry.fingerprint);
    if (provider != nullptr) turns.push_back({provider, &entry});
  }
  if (board_ == nullptr || turns.size() < 2) return turns;
  const auto rank = [this](const Turn& turn) {
    return IsStopped(turn) ? 2 : board_->Avoided(turn.provider->name) ? 1 : 0;
  };
  std::stable_sort(turns.begin(), turns.end(),
                   [&rank](const Turn& a, const Turn& b) { return rank(a) < rank(b); });
  return turns;
}

bool RecordUnwrapper::IsStopped(const Turn& turn) const { return !board_->Stopped(turn.provider->name).ok(); }

kms::CallContext RecordUnwrapper::ShareOf(const kms::CallContext& call, size_t turns) const {
  kms::CallContext share = call;
  if (call.deadline != absl::InfiniteDuration()) {
    const MonotonicTime now = providers_.clock().Monotonic();
    share.deadline = now + (call.deadline - now) / static_cast<int64_t>(turns);
  }
  return share;
}

// Known to be denied or revoked is the answer unless the provider itself takes it back: nothing else may ever
// ask it again, where no key in use was wrapped by it.
absl::StatusOr<kms::UnwrapResult> RecordUnwrapper::AskStopped(const std::vector<Turn>& turns,
                                                              const kms::CallContext& call) const {
  absl::StatusOr<kms::UnwrapResult> unwrapped = absl::InternalError("no provider was asked");
  for (size_t i = 0; i < turns.size(); ++i) {
    unwrapped = AskProvider(*turns[i].provider, *turns[i].entry, ShareOf(call, turns.size() - i));
    if (absl::IsCancelled(unwrapped.status())) return unwrapped;
    if (unwrapped.ok()) continue;
    SIGNET_RETURN_IF_ERROR(board_->Stopped(turns[i].provider->name));
    return unwrapped;
  }
  return unwrapped;
}

absl::StatusOr<kms::UnwrapResult> RecordUnwrapper::AskInTurn(const std::vector<Turn>& turns,
                                                             const kms::CallContext& call) const {
  absl::StatusOr<kms::UnwrapResult> unwrapped =
      absl::NotFoundError("no configured provider can unwrap this record");
  for (size_t i = 0; i < turns.size(); ++i) {
    unwrapped = AskProvider(*turns[i].provider, *turns[i].entry, ShareOf(call, turns.size() - i));
    if (unwrapped.ok() || absl::IsCancelled(unwrapped.status())) break;
    const bool passes = on_revoked_ == OnRevoked::kFallback && IsRefused(unwrapped.status());
    if (!passes && !IsUnreachable(unwrapped.status())) break;
  }
  return unwrapped;
}

absl::StatusOr<std::shared_ptr<const crypto::LocalKek>> RecordUnwrapper::Unwrap(
    absl::string_view record_bytes, const crypto::Record& record, const kms::CallContext& call) const {
  const std::vector<Turn> turns = Turns(record);
  std::vector<Turn> stopped;
  if (board_ != nullptr && turns.size() > 1 && on_revoked_ == OnRevoked::kDeny) {
    std::copy_if(turns.begin(), turns.end(), std::back_inserter(stopped),
                 [this](const Turn& turn) { return IsStopped(turn); });
  }
  SIGNET_ASSIGN_OR_RETURN(const kms::UnwrapResult unwrapped,
                          stopped.empty() ? AskInTurn(turns, call) : AskStopped(stopped, call));
  if (unwrapped.plaintext.size() != crypto::kLocalKekBytes) {
    return absl::DataLossError("record: the KMS returned a key of a wrong size");
  }
  SIGNET_ASSIGN_OR_RETURN(std::shared_ptr<const crypto::LocalKek> kek,
                          crypto::LocalKek::Derive(unwrapped.plaintext));
  for (const std::string& cluster_id : cluster_ids_) {
    if (kek->VerifyRecord(record_bytes, cluster_id).ok()) return kek;
  }
  return absl::DataLossError("record: authentication failed");
}

bool RecordUnwrapper::IsFinal(const absl::Status& status) {
  return (absl::IsDataLoss(status) || absl::IsInvalidArgument(status)) &&
         kms::GetFailureClass(status) == kms::FailureClass::kBadBlob;
}

absl::Status RecordUnwrapper::ForClient(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kDataLoss:
      return absl::DataLossError("the local key's record does not open");
    case absl::StatusCode::kNotFound:
      return absl::NotFoundError("no configured KMS key opens this record");
    case absl::StatusCode::kPermissionDenied:
      return absl::PermissionDeniedError("the KMS denies access");
    case absl::StatusCode::kFailedPrecondition:
      return absl::FailedPreconditionError("the KMS key is not usable");
    case absl::StatusCode::kResourceExhausted:
      return absl::ResourceExhaustedError("the KMS or this plugin is at its limit");
    case absl::StatusCode::kDeadlineExceeded:
      return absl::DeadlineExceededError("the KMS did not answer in time");
    case absl::StatusCode::kCancelled:
      return absl::CancelledError("the call was cancelled");
    case absl::StatusCode::kUnavailable:
      return absl::UnavailableError("the KMS is unreachable");
    default:
      return absl::InternalError("internal error");
  }
}

}  // namespace signet
