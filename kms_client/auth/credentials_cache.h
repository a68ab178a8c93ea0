// CredentialsCache: keeps the credentials of one provider fresh and hands them out.
//
// Thread-safe. A fetch runs on the thread of one caller, with no lock held, however many callers there are.
// It begins early, at two thirds of the lifetime, while everyone else goes on with what there is; failing
// then harms nobody until the old credentials expire. Time is the machine's boot time, so a suspended machine
// does not take old credentials for good ones.
#ifndef SIGNET_KMS_CLIENT_AUTH_CREDENTIALS_CACHE_H_
#define SIGNET_KMS_CLIENT_AUTH_CREDENTIALS_CACHE_H_

#include <cstdint>
#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/clock.h"
#include "base/mutex.h"
#include "kms_client/auth/credentials.h"

namespace signet::kms {

struct CredentialsCacheSettings {
  // After a failed fetch nobody asks the source again for this long, doubled with each failure up to the
  // longest.
  absl::Duration first_pause = absl::Seconds(1);
  absl::Duration longest_pause = absl::Seconds(30);
  // How long credentials count as proven after the source gave them: refusals within that time bring no new
  // fetch, or a policy that denies us would make us log in with every call. Shorter than the 20 s between
  // confirmations.
  absl::Duration proof_lasts = absl::Seconds(15);
};

class CredentialsCache {
 public:
  struct Lease {
    std::shared_ptr<const Credentials> credentials;
    uint64_t generation = 0;
    // The source gave or confirmed them no longer than `proof_lasts` ago.
    bool is_recent = false;

    // What the provider made; the caller knows the type of its own provider.
    template <typename T>
    const T& As() const {
      return static_cast<const T&>(*credentials);
    }
  };

  // `clock` outlives the cache.
  CredentialsCache(std::unique_ptr<CredentialsProvider> provider, CredentialsCacheSettings settings,
                   const Clock& clock);

  // Blocks only where there are none that are still good. UNAVAILABLE: the source gives none, or is paused
  // after it gave none; CANCELLED; DEADLINE_EXCEEDED.
  absl::StatusOr<Lease> Get(const CallContext& call);

  // After the remote refused the credentials of `generation`: fetches new ones, once for all who ask. Returns
  // what there is without a fetch when they are newer, or came from such a renewal themselves no longer than
  // `proof_lasts` ago.
  absl::StatusOr<Lease> Renew(const CallContext& call, uint64_t generation);

 private:
  enum class Need { kNone, kEarly, kNow };
  enum class Why { kNeeded, kEarly, kRefused };

  Need NeedOf(absl::Duration now) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  Lease LeaseOf(absl::Duration now) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Fetches as the one who does, and shares the outcome.
  absl::Status FetchAsLeader(const CallContext& call, const std::shared_ptr<const Credentials>& previous,
                             Why why);
  void Take(absl::StatusOr<IssuedCredentials> issued, Why why, absl::Duration asked_at)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const std::unique_ptr<CredentialsProvider> provider_;
  const CredentialsCacheSettings settings_;
  const Clock& clock_;

  mutable Mutex mutex_;
  CondVar changed_;
  bool fetching_ ABSL_GUARDED_BY(mutex_) = false;
  std::shared_ptr<const Credentials> credentials_ ABSL_GUARDED_BY(mutex_);
  uint64_t generation_ ABSL_GUARDED_BY(mutex_) = 0;
  // They were fetched because a refusal asked for it.
  bool from_refusal_ ABSL_GUARDED_BY(mutex_) = false;
  // Boot times.
  absl::Duration fetched_at_ ABSL_GUARDED_BY(mutex_) = absl::ZeroDuration();
  absl::Duration refresh_at_ ABSL_GUARDED_BY(mutex_) = absl::ZeroDuration();
  absl::Duration expires_at_ ABSL_GUARDED_BY(mutex_) = absl::ZeroDuration();
  // Of the last fetch, if it failed.
  absl::Status failure_ ABSL_GUARDED_BY(mutex_);
  absl::Duration pause_ ABSL_GUARDED_BY(mutex_) = absl::ZeroDuration();
  absl::Duration paused_until_ ABSL_GUARDED_BY(mutex_) = absl::ZeroDuration();
};

}  // namespace signet::kms

#endif  // SIGNET_KMS_CLIENT_AUTH_CREDENTIALS_CACHE_H_
