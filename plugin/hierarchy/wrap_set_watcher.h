// WrapSetWatcher: notices when a provider of the wrap-set, other than the one that writes, names a newer
// version than the one that wrapped the local KEK in use. The key_id does not tell that version, so nothing
// is announced: the local KEK is to be renewed, or the second wrapping would hang on an old version for the
// whole lifetime.
//
// A changed answer is confirmed, and waited for, as one of the provider that writes. A lower number than that
// in the record is no news: the second wrapping is better off as it is. Which version is in the record is
// told by the Wrap that made it, else by the probe; where the vendor's Unwrap names no version, after a
// restart, by the first Describe.
//
// Not thread-safe: its owner's strand. Step blocks on the KMS.
#ifndef SIGNET_PLUGIN_HIERARCHY_WRAP_SET_WATCHER_H_
#define SIGNET_PLUGIN_HIERARCHY_WRAP_SET_WATCHER_H_

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "base/cancellation.h"
#include "base/clock.h"
#include "crypto/random.h"
#include "plugin/hierarchy/active_key_slot.h"
#include "plugin/hierarchy/call_budgets.h"
#include "plugin/hierarchy/key_plan.h"
#include "plugin/hierarchy/provider_set.h"
#include "plugin/hierarchy/version_watcher.h"

namespace signet {

class WrapSetWatcher {
 public:
  struct Options {
    VersionWatcher::Timing timing;
    absl::Duration delay;  // from the confirmation to the renewal: other nodes' KMS may lag
    absl::Duration remote_call_timeout;
  };
  // All outlive the object.
  struct Parts {
    const ProviderSet& providers;
    const ActiveKeySlot& slot;
    CallBudgets& budgets;
    const Clock& clock;
    crypto::RandomSource& random;
    const std::shared_ptr<CancellationToken>& cancellation;
  };
  WrapSetWatcher(Options options, Parts parts) : options_(options), parts_(parts) {}

  // Asks who is due. There is an active key.
  void Step();
  MonotonicTime next() const;
  void AskSoon();

  // The record in use was unwrapped, under `version`.
  void HearProbe(const std::string& provider, const kms::RemoteVersion& version);

  // Since a confirmed version waited long enough.
  bool RenewalIsDue() const;
  // The renewal is tried now. If it does not bring the version that was named, it is not tried again for it
  // for an hour.
  void NoteRenewal();

 private:
  static constexpr absl::Duration kBeforeTheSameAgain = absl::Hours(1);

  struct Member {
    const Provider* provider;
    VersionWatcher watcher;
    std::optional<kms::RemoteVersion> in_record = std::nullopt;
    std::string named = {};                                // the newer version, confirmed; empty: none
    MonotonicTime due = absl::InfiniteDuration();          // of the renewal for it
    std::string tried = {};                                // the version that was last renewed for
    MonotonicTime not_before = -absl::InfiniteDuration();  // for that one
  };

  // Begins anew for another record.
  void Follow(const PublishedKey& published);
  void Ask(Member& member);

  const Options options_;
  const Parts parts_;
  crypto::LocalKekId followed_{};
  std::map<std::string, Member> members_;  // by provider
};

}  // namespace signet

#endif  // SIGNET_PLUGIN_HIERARCHY_WRAP_SET_WATCHER_H_
