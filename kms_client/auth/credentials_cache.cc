#include "kms_client/auth/credentials_cache.h"

#include <algorithm>
#include <utility>

#include "base/unshared_status.h"
#include "kms_client/call_wait.h"
#include "kms_client/failure_class.h"

namespace signet::kms {
namespace {

// Part of the lifetime after which new ones are fetched; credentials are given out up to their end.
constexpr double kRefreshAfter = 2.0 / 3.0;

absl::Status Unreachable(const absl::Status& status) {
  const bool passes = absl::IsCancelled(status) || absl::IsDeadlineExceeded(status);
  absl::Status result = passes ? status : absl::UnavailableError(status.message());
  return WithFailureClass(std::move(result), FailureClass::kUnreachable);
}

}  // namespace

CredentialsCache::CredentialsCache(std::unique_ptr<CredentialsProvider> provider,
                                   CredentialsCacheSettings settings, const Clock& clock)
    : provider_(std::move(provider)), settings_(settings), clock_(clock) {}

CredentialsCache::Need CredentialsCache::NeedOf(absl::Duration now) const {
  if (credentials_ == nullptr || now >= expires_at_) return Need::kNow;
  return now >= refresh_at_ ? Need::kEarly : Need::kNone;
}

CredentialsCache::Lease CredentialsCache::LeaseOf(absl::Duration now) const {
  return {credentials_, generation_, now - fetched_at_ <= settings_.proof_lasts};
}

absl::StatusOr<CredentialsCache::Lease> CredentialsCache::Get(const CallContext& call) {
  std::shared_ptr<const Credentials> current;
  {
    MutexLock lock(mutex_);
    current = credentials_;
  }
  const bool source_changed = current != nullptr && provider_->HasChanged(*current);
  const CancellationWakeup wakeup(call, mutex_, changed_);
  while (true) {
    CallContext fetch_call = call;
    std::shared_ptr<const Credentials> previous;
    bool early = false;
    {
      MutexLock lock(mutex_);
      const absl::Duration now = clock_.BootTime();
      const bool stale = source_changed && credentials_ == current;
      const Need need = NeedOf(now);
      early = need != Need::kNow;
      if (need == Need::kNone && !stale) return LeaseOf(now);
      // Somebody else fetches, or the source had better be left alone.
      if (early && (fetching_ || now < paused_until_)) return LeaseOf(now);
      if (!fetching_ && now < paused_until_) return UnsharedCopy(failure_);
      if (IsCancelled(call)) return absl::CancelledError("the caller is gone");
      if (clock_.Monotonic() >= call.deadline) return absl::DeadlineExceededError("out of time");
      if (fetching_) {
        clock_.WaitUntil(mutex_, changed_, call.deadline);
        continue;
      }
      fetching_ = true;
      // Expired ones cannot be prolonged, and a changed source has others.
      if (need == Need::kEarly && !stale) previous = credentials_;
      if (early && call.deadline != absl::InfiniteDuration()) {
        // The call itself needs time too, and can be made without this.
        fetch_call.deadline -= (call.deadline - clock_.Monotonic()) / 2;
      }
    }
    const absl::Status fetched = FetchAsLeader(fetch_call, previous, early ? Why::kEarly : Why::kNeeded);
    MutexLock lock(mutex_);
    const absl::Duration now = clock_.BootTime();
    if (NeedOf(now) != Need::kNow) return LeaseOf(now);
    return fetched.ok() ? LeaseOf(now) : absl::StatusOr<Lease>(fetched);
  }
}

absl::StatusOr<CredentialsCache::Lease> CredentialsCache::Renew(const CallContext& call,
                                                                uint64_t generation) {
  const CancellationWakeup wakeup(call, mutex_, changed_);
  while (true) {
    {
      MutexLock lock(mutex_);
      const absl::Duration now = clock_.BootTime();
      if (credentials_ != nullptr && now < expires_at_ &&
          (generation_ != generation || (from_refusal_ && now - fetched_at_ <= settings_.proof_lasts))) {
        return LeaseOf(now);
      }
      if (!fetching_ && now < paused_until_) return UnsharedCopy(failure_);
      if (IsCancelled(call)) return absl::CancelledError("the caller is gone");
      if (clock_.Monotonic() >= call.deadline) return absl::DeadlineExceededError("out of time");
      if (fetching_) {
        clock_.WaitUntil(mutex_, changed_, call.deadline);
        continue;
      }
      fetching_ = true;
    }
    const absl::Status fetched = FetchAsLeader(call, nullptr, Why::kRefused);
    if (!fetched.ok()) return fetched;
    MutexLock lock(mutex_);
    return LeaseOf(clock_.BootTime());
  }
}

absl::Status CredentialsCache::FetchAsLeader(const CallContext& call,
                                             const std::shared_ptr<const Credentials>& previous, Why why) {
  // The source counts their lifetime from before its answer.
  const absl::Duration asked_at = clock_.BootTime();
  absl::StatusOr<IssuedCredentials> issued = provider_->Fetch(call, previous.get());
  // The deadline was our own: a source that hangs is a source that fails.
  if (why == Why::kEarly && absl::IsDeadlineExceeded(issued.status())) {
    issued = absl::UnavailableError(issued.status().message());
  }
  absl::Status status = issued.ok() ? absl::OkStatus() : Unreachable(issued.status());
  MutexLock lock(mutex_);
  Take(std::move(issued), why, asked_at);
  fetching_ = false;
  changed_.NotifyAll();
  return status;
}

void CredentialsCache::Take(absl::StatusOr<IssuedCredentials> issued, Why why, absl::Duration asked_at) {
  if (!issued.ok()) {
    // That one caller left or had no time says nothing about the source: the next may try at once.
    if (absl::IsCancelled(issued.status()) || absl::IsDeadlineExceeded(issued.status())) return;
    failure_ = Unreachable(issued.status());
    pause_ = std::clamp(2 * pause_, settings_.first_pause, settings_.longest_pause);
    paused_until_ = clock_.BootTime() + pause_;
    return;
  }
  credentials_ = std::move(issued->credentials);
  ++generation_;
  from_refusal_ = why == Why::kRefused;
  fetched_at_ = asked_at;
  refresh_at_ = asked_at + issued->lifetime * kRefreshAfter;
  expires_at_ = asked_at + issued->lifetime;
  failure_ = absl::OkStatus();
  pause_ = absl::ZeroDuration();
  paused_until_ = absl::ZeroDuration();
}

}  // namespace signet::kms
