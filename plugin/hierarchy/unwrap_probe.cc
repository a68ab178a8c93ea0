#include "plugin/hierarchy/unwrap_probe.h"

#include <algorithm>
#include <utility>

#include "base/status_macros.h"
#include "crypto/local_kek.h"
#include "kms_client/failure_class.h"

namespace signet {
namespace {

bool IsRefused(const absl::Status& status) {
  if (status.ok()) return false;
  const kms::FailureClass failure = kms::GetFailureClass(status);
  return failure == kms::FailureClass::kDenied || failure == kms::FailureClass::kRevoked;
}

}  // namespace

UnwrapProbe::UnwrapProbe(Options options, Parts parts, std::function<void()> on_success,
                         std::function<void(const std::string&)> on_older_refused,
                         std::function<void(const std::string&, const kms::RemoteVersion&)> on_version)
    : options_(std::move(options)),
      parts_(parts),
      on_success_(std::move(on_success)),
      on_older_refused_(std::move(on_older_refused)),
      on_version_(std::move(on_version)),
      older_rhythm_(options_.interval * 15 / kOlderPerHour, 0.1, parts_.clock, parts_.random) {
  // What was just made or read back was just unwrapped.
  older_rhythm_.Done();
}

Rhythm& UnwrapProbe::RhythmOf(const std::string& provider) {
  const auto known = rhythms_.find(provider);
  if (known != rhythms_.end()) return known->second;
  Rhythm rhythm(options_.interval, 0.1, parts_.clock, parts_.random);
  rhythm.Done();
  return rhythms_.emplace(provider, rhythm).first->second;
}

std::string UnwrapProbe::RecordInUse() const {
  if (const auto published = parts_.slot.Get(); published != nullptr) return published->key->record;
  const StateView state = parts_.store.Current();
  return state->record.has_value() ? state->record->record : std::string();
}

void UnwrapProbe::AskSoon() {
  for (auto& [name, rhythm] : rhythms_) rhythm.Soon();
}

MonotonicTime UnwrapProbe::next() const {
  MonotonicTime next = older_rhythm_.next();
  for (const auto& [name, rhythm] : rhythms_) next = std::min(next, rhythm.next());
  return next;
}

void UnwrapProbe::Step() {
  const std::string bytes = RecordInUse();
  if (const absl::StatusOr<crypto::Record> record = crypto::ParseRecord(bytes); record.ok()) {
    ProbeInUse(bytes, *record);
  } else {
    rhythms_.clear();  // of a record that is gone: nothing would ever move them on
  }
  if (older_rhythm_.Due()) ProbeOlder();
}

void UnwrapProbe::ProbeInUse(const std::string& bytes, const crypto::Record& record) {
  std::map<std::string, Rhythm> kept;
  bool writes = true;  // the first entry is the one of the provider that writes
  for (const crypto::RecordEntry& entry : record.entries) {
    const bool first = std::exchange(writes, false);
    const Provider* const provider = parts_.providers.Find(entry.provider_type, entry.fingerprint);
    if (provider == nullptr) continue;
    Rhythm& rhythm = RhythmOf(provider->name);
    if (rhythm.Due()) {
      parts_.budgets.Count(*provider);
      const absl::StatusOr<std::optional<kms::RemoteVersion>> probed = Probe(*provider, entry, bytes);
      const absl::Status& status = probed.status();
      if (absl::IsCancelled(status)) return;
      rhythm.Done();
      parts_.board.HearProbe(provider->name, status);
      if (status.ok() && first) on_success_();
      if (status.ok() && probed->has_value()) on_version_(provider->name, **probed);
      if (parts_.slot.Get() == nullptr) {
        // A keyring file costs a look and no call.
        const bool local = provider->client->type() == crypto::ProviderType::kLocal;
        rhythm.At(parts_.clock.Monotonic() +
                  std::min(options_.interval, local ? kLocalIntervalWithoutKey : kIntervalWithoutKey));
      }
      rhythm.At(std::min(rhythm.next(), parts_.board.NextConfirmation(provider->name)));
    }
    kept.emplace(provider->name, rhythm);
  }
  rhythms_.swap(kept);
}

absl::StatusOr<std::optional<kms::RemoteVersion>> UnwrapProbe::Probe(const Provider& provider,
                                                                     const crypto::RecordEntry& entry,
                                                                     absl::string_view bytes) const {
  kms::CallContext call;
  call.deadline = parts_.clock.Monotonic() + options_.remote_call_timeout;
  call.cancellation = parts_.cancellation;
  SIGNET_ASSIGN_OR_RETURN(const kms::UnwrapResult unwrapped,
                          parts_.providers.Unwrap(provider, call, entry.backend_field, entry.blob,
                                                  kms::WrapContext{options_.cluster_id}));
  SIGNET_ASSIGN_OR_RETURN(const auto kek, crypto::LocalKek::Derive(unwrapped.plaintext));
  SIGNET_RETURN_IF_ERROR(kek->VerifyRecord(bytes, options_.cluster_id));
  return unwrapped.version;
}

// The newest record of each older key_id stands for all of them.
void UnwrapProbe::ProbeOlder() {
  older_rhythm_.Done();
  std::string in_use;
  if (const auto record = crypto::ParseRecord(RecordInUse()); record.ok()) in_use = record->key_id;
  std::map<std::string, std::pair<std::string, crypto::Record>> by_key_id;
  for (std::string& bytes : parts_.journal.NewestFirst()) {
    absl::StatusOr<crypto::Record> record = crypto::ParseRecord(bytes);
    if (!record.ok() || record->key_id == in_use) continue;
    std::string key_id = record->key_id;
    by_key_id.try_emplace(std::move(key_id), std::move(bytes), *std::move(record));
  }
  if (by_key_id.empty()) return;
  // A refusal is confirmed before the next one's turn.
  const auto suspected = older_refused_.begin();
  auto turn = suspected != older_refused_.end() ? by_key_id.find(suspected->first)
                                                : by_key_id.upper_bound(last_older_);
  if (turn == by_key_id.end()) turn = by_key_id.begin();
  last_older_ = turn->first;
  const auto& [bytes, record] = turn->second;
  for (const crypto::RecordEntry& entry : record.entries) {
    const Provider* const provider = parts_.providers.Find(entry.provider_type, entry.fingerprint);
    if (provider == nullptr) continue;
    if (!parts_.budgets.Take(*provider)) return;
    if (!IsRefused(Probe(*provider, entry, bytes).status())) break;
    if (!older_refused_[turn->first].Hear(true, kOlderConfirmations, options_.confirm_interval,
                                          parts_.clock.Monotonic())) {
      older_rhythm_.At(older_refused_[turn->first].next());
      return;
    }
    on_older_refused_(turn->first);
    break;
  }
  older_refused_.clear();
}

}  // namespace signet
