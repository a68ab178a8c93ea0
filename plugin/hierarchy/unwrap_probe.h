// UnwrapProbe: asks every provider of the record in use, again and again, to unwrap what it has wrapped: the
// only proof that what we write could be read elsewhere. Older versions still in use take turns.
//
// Not thread-safe: its owner's strand. Step blocks on the KMS, up to a call's time-out for each.
#ifndef SIGNET_PLUGIN_HIERARCHY_UNWRAP_PROBE_H_
#define SIGNET_PLUGIN_HIERARCHY_UNWRAP_PROBE_H_

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "base/cancellation.h"
#include "base/clock.h"
#include "crypto/random.h"
#include "crypto/record.h"
#include "plugin/hierarchy/active_key_slot.h"
#include "plugin/hierarchy/call_budgets.h"
#include "plugin/hierarchy/confirmation.h"
#include "plugin/hierarchy/health_board.h"
#include "plugin/hierarchy/journal.h"
#include "plugin/hierarchy/provider_set.h"
#include "plugin/hierarchy/rhythm.h"
#include "plugin/hierarchy/state_store.h"

namespace signet {

class UnwrapProbe {
 public:
  struct Options {
    std::string cluster_id;
    absl::Duration interval = absl::Seconds(240);         // per provider of the record in use, ± 10 %
    absl::Duration confirm_interval = absl::Seconds(10);  // between answers that confirm
    absl::Duration remote_call_timeout = absl::Milliseconds(2500);
  };
  // While no key serves the only other calls ask for a newer version, as often: a recovery may be found
  // sooner. At most 22 of each fall into any hour.
  static constexpr absl::Duration kIntervalWithoutKey = absl::Seconds(165);
  static constexpr absl::Duration kLocalIntervalWithoutKey = absl::Seconds(5);
  static constexpr size_t kOlderPerHour = 6;
  static constexpr int kOlderConfirmations = 2;

  // All outlive the object.
  struct Parts {
    const ProviderSet& providers;
    const StateStore& store;
    const ActiveKeySlot& slot;
    const Journal& journal;
    HealthBoard& board;
    CallBudgets& budgets;
    const Clock& clock;
    crypto::RandomSource& random;
    const std::shared_ptr<CancellationToken>& cancellation;
  };
  // `on_success` runs after an unwrap by the provider that writes; `on_older_refused` when a KMS has refused,
  // often enough, to unwrap what was written under `key_id`; `on_version` when a provider
  // has unwrapped its part of the record in use and named the version.
  UnwrapProbe(Options options, Parts parts, std::function<void()> on_success,
              std::function<void(const std::string& key_id)> on_older_refused,
              std::function<void(const std::string& provider, const kms::RemoteVersion&)> on_version);

  // Probes what is due.
  void Step();
  MonotonicTime next() const;
  // Every provider of the record in use is due.
  void AskSoon();

 private:
  // The record in use: the published one, else the stored one; empty when there is none.
  std::string RecordInUse() const;
  void ProbeInUse(const std::string& bytes, const crypto::Record& record);
  void ProbeOlder();
  // OK: unwrapped, and the MAC is good; by which version, where that was named.
  absl::StatusOr<std::optional<kms::RemoteVersion>> Probe(const Provider& provider,
                                                          const crypto::RecordEntry& entry,
                                                          absl::string_view bytes) const;
  Rhythm& RhythmOf(const std::string& provider);

  const Options options_;
  const Parts parts_;
  const std::function<void()> on_success_;
  const std::function<void(const std::string&)> on_older_refused_;
  const std::function<void(const std::string&, const kms::RemoteVersion&)> on_version_;
  std::map<std::string, Rhythm> rhythms_;
  Rhythm older_rhythm_;
  std::string last_older_;  // the key_id whose turn was last
  std::map<std::string, Confirmation<bool>> older_refused_;
};

}  // namespace signet

#endif  // SIGNET_PLUGIN_HIERARCHY_UNWRAP_PROBE_H_
