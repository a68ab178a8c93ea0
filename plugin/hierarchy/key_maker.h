// KeyMaker: makes a new local KEK under the active provider's current version and proves it before anyone may
// use it: wrapped, unwrapped once through the provider, compared, and both calls named the wanted version. So
// "can encrypt but not decrypt" never becomes data that nobody can read.
//
// Thread-safe. Both methods block on the KMS, up to one call's time-out per call.
#ifndef SIGNET_PLUGIN_HIERARCHY_KEY_MAKER_H_
#define SIGNET_PLUGIN_HIERARCHY_KEY_MAKER_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/cancellation.h"
#include "base/clock.h"
#include "crypto/local_kek.h"
#include "crypto/random.h"
#include "plugin/hierarchy/key_history.h"
#include "plugin/hierarchy/provider_set.h"

namespace signet {

// A version of the remote key with the key_id under which it would be announced.
struct KeyTarget {
  kms::RemoteVersion version;
  AnnouncedKey announcement;
};

struct MadeKey {
  std::string record;
  crypto::LocalKekId id{};
  std::shared_ptr<const crypto::LocalKek> kek;
};

class KeyMaker {
 public:
  struct Options {
    std::string cluster_id;
    uint32_t key_id_generation = 0;
    absl::Duration remote_call_timeout;
  };
  // `active` is one of `providers`. All but `options` outlive the object.
  KeyMaker(Options options, const ProviderSet& providers, const Provider& active, const Clock& clock,
           crypto::RandomSource& random);

  // The version that the provider would wrap under now. Errors: the provider's; INTERNAL: it broke its
  // contract.
  absl::StatusOr<KeyTarget> Describe(const std::shared_ptr<CancellationToken>& cancellation) const;
  // For a version that is known without asking.
  absl::StatusOr<KeyTarget> TargetOf(const kms::RemoteVersion& version) const;

  // Errors: the provider's; ABORTED: it used another version than the target's (rotated in between: describe
  // again); DATA_LOSS: what was wrapped unwraps to something else; RESOURCE_EXHAUSTED, UNAVAILABLE, INTERNAL
  // of our own crypto.
  absl::StatusOr<MadeKey> Make(const KeyTarget& target,
                               const std::shared_ptr<CancellationToken>& cancellation) const;

  const Provider& active() const { return active_; }

 private:
  kms::CallContext CallNow(const std::shared_ptr<CancellationToken>& cancellation) const;

  const Options options_;
  const ProviderSet& providers_;
  const Provider& active_;
  const Clock& clock_;
  crypto::RandomSource& random_;
};

}  // namespace signet

#endif  // SIGNET_PLUGIN_HIERARCHY_KEY_MAKER_H_
