#include "plugin/hierarchy/provider_health.h"

#include "kms_client/failure_class.h"

namespace signet {
namespace {

bool IsRefusal(const absl::Status& status) {
  if (status.ok()) return false;
  const kms::FailureClass failure = kms::GetFailureClass(status);
  return failure == kms::FailureClass::kDenied || failure == kms::FailureClass::kRevoked;
}

}  // namespace

void ProviderHealth::HearProbe(const absl::Status& status, MonotonicTime now) {
  if (absl::IsCancelled(status)) return;
  if (status.ok()) {
    probed_ = ProviderClass::kHealthy;
    confirmation_.Forget();
    return;
  }
  ProviderClass heard = ProviderClass::kUnreachable;
  int more = kUnreachableConfirmations;
  absl::Duration apart = apart_;
  switch (kms::GetFailureClass(status)) {
    case kms::FailureClass::kBadBlob:
      return;
    case kms::FailureClass::kDenied:
      heard = ProviderClass::kDenied;
      more = kDeniedConfirmations;
      apart = 2 * apart_;
      break;
    case kms::FailureClass::kRevoked:
      heard = ProviderClass::kRevoked;
      more = kRevokedConfirmations;
      break;
    case kms::FailureClass::kUnreachable:
    case kms::FailureClass::kThrottled:
      // No answer takes nothing back.
      if (probed_ == ProviderClass::kDenied || probed_ == ProviderClass::kRevoked) return;
      break;
  }
  if (heard == probed_) return confirmation_.Forget();
  if (!confirmation_.Hear(heard, more, apart, now)) return;
  probed_ = heard;
  confirmation_.Forget();
  if (!IsKeyRefused()) return;
  wrap_refused_ = false;
  describe_refusals_ = 0;
}

bool ProviderHealth::IsKeyRefused() const {
  const ProviderClass worst = confirmation_.news().value_or(probed_);
  return worst == ProviderClass::kDenied || worst == ProviderClass::kRevoked;
}

void ProviderHealth::HearWrap(const absl::Status& status) {
  if (status.ok()) wrap_refused_ = false;
  if (IsRefusal(status) && !IsKeyRefused()) wrap_refused_ = true;
}

void ProviderHealth::HearDescribe(const absl::Status& status) {
  if (status.ok()) describe_refusals_ = 0;
  if (IsRefusal(status) && !IsKeyRefused()) ++describe_refusals_;
}

void ProviderHealth::HearUnwrap(const absl::Status& status) {
  if (!status.ok()) return;
  if (probed_ == ProviderClass::kUnreachable || probed_ == ProviderClass::kUnknown) {
    probed_ = ProviderClass::kHealthy;
  }
  if (confirmation_.news() == ProviderClass::kUnreachable) confirmation_.Forget();
}

ProviderClass ProviderHealth::provider_class() const {
  if (probed_ != ProviderClass::kHealthy && probed_ != ProviderClass::kUnknown) return probed_;
  if (rolled_back_) return ProviderClass::kRolledBack;
  if (wrap_refused_ || describe_refused()) return ProviderClass::kDegraded;
  return probed_;
}

}  // namespace signet
