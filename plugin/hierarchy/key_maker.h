// KeyMaker: makes a new local KEK under a plan and proves it before anyone may use it: wrapped by every
// provider of the wrap-set, unwrapped once through each, compared, and the active one's calls named the
// wanted version. So "can encrypt but not decrypt" never becomes data that nobody can read.
//
// Thread-safe. Describe, LearnVersion and Make block on the KMS, up to one call's time-out per call.
#ifndef SIGNET_PLUGIN_HIERARCHY_KEY_MAKER_H_
#define SIGNET_PLUGIN_HIERARCHY_KEY_MAKER_H_

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/cancellation.h"
#include "base/clock.h"
#include "crypto/local_kek.h"
#include "crypto/random.h"
#include "plugin/hierarchy/key_history.h"
#include "plugin/hierarchy/key_plan.h"
#include "plugin/hierarchy/provider_set.h"

namespace signet {

// A version of the active provider's key with the key_id under which it would be announced.
struct KeyTarget {
  KeyPlan plan;
  kms::RemoteVersion version;
  AnnouncedKey announcement;
};

struct MadeKey {
  std::string record;
  crypto::LocalKekId id{};
  std::shared_ptr<const crypto::LocalKek> kek;
  std::map<std::string, kms::RemoteVersion> wrapped_under = {};  // by provider
  std::vector<std::string> missing =
      {};  // names of the wrap-set that did not wrap it, where that was allowed
};

class KeyMaker {
 public:
  struct Options {
    std::string cluster_id;
    absl::Duration remote_call_timeout;
  };
  // What may happen when a provider of the wrap-set other than the active one is unreachable.
  enum class Missing { kRefuse, kAllow };

  // All but `options` outlive the object.
  KeyMaker(Options options, const ProviderSet& providers, const Clock& clock, crypto::RandomSource& random);

  // The version that the active provider would wrap under now. Errors: the provider's; INTERNAL: it broke its
  // contract.
  absl::StatusOr<KeyTarget> Describe(const KeyPlan& plan,
                                     const std::shared_ptr<CancellationToken>& cancellation) const;
  // The same by wrapping something that is thrown away: for a provider that refuses Describe only.
  absl::StatusOr<KeyTarget> LearnVersion(const KeyPlan& plan,
                                         const std::shared_ptr<CancellationToken>& cancellation) const;
  // Whether the provider wraps and unwraps at all: something that is thrown away. Errors: as Make.
  absl::Status Prove(const Provider& provider, const std::shared_ptr<CancellationToken>& cancellation) const;
  // For a version that is known without asking.
  absl::StatusOr<KeyTarget> TargetOf(const KeyPlan& plan, const kms::RemoteVersion& version) const;

  // Errors: the provider's, with its name in front when it is not the active one; ABORTED: another version
  // than the target's was used (rotated in between: describe again); DATA_LOSS: what was wrapped unwraps to
  // something else; RESOURCE_EXHAUSTED, UNAVAILABLE, INTERNAL of our own crypto.
  absl::StatusOr<MadeKey> Make(const KeyTarget& target, Missing missing,
                               const std::shared_ptr<CancellationToken>& cancellation) const;
  // The same without the proof, for a KEK that serves one message: one Wrap by each of the wrap-set.
  absl::StatusOr<MadeKey> MakeForOneUse(const KeyTarget& target, const kms::CallContext& call) const;

 private:
  kms::CallContext CallNow(const std::shared_ptr<CancellationToken>& cancellation) const;
  struct Wrapping {
    crypto::RecordEntry entry;
    kms::RemoteVersion version;
  };
  // Wraps and proves; `expected` is null where any version will do.
  absl::StatusOr<Wrapping> WrapBy(const Provider& provider, const crypto::SecretBytes& plain,
                                  const kms::RemoteVersion* expected,
                                  const std::shared_ptr<CancellationToken>& cancellation) const;

  absl::StatusOr<MadeKey> Finish(const crypto::Record& record, const crypto::SecretBytes& plain) const;

  const Options options_;
  const ProviderSet& providers_;
  const Clock& clock_;
  crypto::RandomSource& random_;
};

}  // namespace signet

#endif  // SIGNET_PLUGIN_HIERARCHY_KEY_MAKER_H_
