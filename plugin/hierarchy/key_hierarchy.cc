#include "plugin/hierarchy/key_hierarchy.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "crypto/envelope.h"
#include "plugin/hierarchy/activation.h"
#include "plugin/hierarchy/direct_encryptor.h"
#include "plugin/hierarchy/directory_lock.h"
#include "plugin/hierarchy/event_feed.h"
#include "plugin/hierarchy/hierarchy_limits.h"
#include "plugin/hierarchy/key_operations.h"
#include "plugin/hierarchy/prewarm.h"
#include "plugin/hierarchy/state_report.h"
#include "plugin/hierarchy/unwrap_flights.h"
#include "plugin/hierarchy/use_reservation.h"
#include "plugin/hierarchy/write_gate.h"

namespace signet {
namespace {

constexpr absl::Duration kJournalInterval = absl::Seconds(10);
constexpr size_t kReservedQueue = 64;  // every strand queues at most once

std::vector<std::string> AllClusterIds(const HierarchyOptions& options) {
  std::vector<std::string> ids = {options.cluster_id};
  for (const std::string& id : options.previous_cluster_ids) {
    if (std::find(ids.begin(), ids.end(), id) == ids.end()) ids.push_back(id);
  }
  return ids;
}

Activation::Options ActivationOptionsFrom(const HierarchyOptions& options) {
  Activation::Options activation;
  activation.remote_call_timeout = options.remote_call_timeout;
  activation.allow_degraded_start = options.allow_degraded_start;
  activation.follower.timing = {options.watch_interval, options.confirm_interval};
  activation.follower.activation_delay = options.activation_delay;
  activation.probe.cluster_id = options.cluster_id;
  activation.probe.interval = options.probe_interval;
  activation.probe.confirm_interval = options.confirm_interval;
  activation.probe.remote_call_timeout = options.remote_call_timeout;
  activation.guard.denied_grace = options.denied_grace;
  activation.guard.watch =
      options.fall_back_on_revoked ? KeyGuard::Watch::kWriterOnly : KeyGuard::Watch::kWholeRecord;
  return activation;
}

class KeyHierarchyImpl final : public KeyHierarchy {
 public:
  KeyHierarchyImpl(HierarchyOptions options, std::vector<Provider> providers, const Clock& clock,
                   crypto::RandomSource& random, DurableFiles& files, HierarchyObserver& observer,
                   std::unique_ptr<DirectoryLock> lock, std::unique_ptr<StateStore> store)
      : options_(std::move(options)),
        clock_(clock),
        random_(random),
        observer_(observer),
        lock_(std::move(lock)),
        store_(std::move(store)),
        feed_(clock, observer),
        board_(options_.confirm_interval, clock, feed_),
        providers_(std::move(providers), clock, observer, &board_),
        unwrapper_(AllClusterIds(options_), providers_, &board_,
                   options_.fall_back_on_revoked ? RecordUnwrapper::OnRevoked::kFallback
                                                 : RecordUnwrapper::OnRevoked::kDeny),
        journal_(absl::StrCat(options_.state_directory, "/journal"), options_.journal_records, files),
        cache_(options_.direct ? 0 : options_.cached_local_keks),
        offline_(options_.offline_limit, *store_, clock),
        gate_(slot_, offline_, clock),
        timers_(clock),
        remote_workers_(options_.remote_workers, options_.max_waiting_decrypts),
        reserved_workers_(options_.reserved_workers, kReservedQueue),
        flights_({options_.max_waiting_decrypts, options_.remote_call_timeout, !options_.direct}, unwrapper_,
                 cache_, journal_, remote_workers_, timers_, clock, observer),
        maker_({options_.cluster_id, options_.remote_call_timeout}, providers_, clock, random),
        planner_({options_.active_provider, options_.also_wrap_with, options_.key_id_generation,
                  options_.active_before, options_.active_from, options_.move_delay},
                 providers_, *store_, clock),
        problems_(clock),
        publisher_({options_.local_kek_lifetime, options_.local_kek_max_uses},
                   {planner_, *store_, slot_, cache_, journal_, offline_, clock, observer, feed_}),
        activation_(
            ActivationOptionsFrom(options_),
            {maker_, planner_, unwrapper_, providers_, publisher_, board_, gate_, offline_, cache_, journal_,
             *store_, slot_, problems_, reserved_workers_, timers_, clock, random, observer, feed_},
            [this] { prewarm_->Begin(); }),
        direct_(options_.remote_call_timeout, {maker_, gate_, offline_, remote_workers_, clock, random},
                [this] {
                  activation_.Post([this](const absl::Status& stopped) {
                    if (stopped.ok()) activation_.TakeUpVersion();
                  });
                }),
        reservation_(*store_, slot_, reserved_workers_, timers_, clock, random, observer,
                     [this] { activation_.Attend(); }),
        operations_({options_.local_kek_max_uses, options_.allow_remote_rotation}, activation_, flights_,
                    slot_, cache_, feed_, clock),
        journal_writer_([this] { return WriteJournal(); }, reserved_workers_, timers_, clock) {
    if (const absl::Status loaded = journal_.Load(); !loaded.ok()) observer.OnStateProblem("journal", loaded);
    std::vector<std::string> newest_first = journal_.NewestFirst();
    if (newest_first.size() > cache_.capacity()) newest_first.resize(cache_.capacity());
    prewarm_ = std::make_unique<Prewarm>(std::move(newest_first), flights_, slot_, reserved_workers_, timers_,
                                         clock, random, observer);
  }
  ~KeyHierarchyImpl() override { Stop(); }

  void Start() override {
    timers_.Start();
    remote_workers_.Start();
    reserved_workers_.Start();
    activation_.Start();
    journal_writer_.Kick();
  }

  void StartStepped() override {
    activation_.Start();
    journal_writer_.Kick();
  }
  bool RunPending() override {
    bool any = false;
    while (timers_.RunDue() || reserved_workers_.RunOne() || remote_workers_.RunOne()) any = true;
    return any;
  }
  MonotonicTime NextDue() const override { return timers_.NextDue(); }

  KeyControl& control() override { return operations_; }

  void NoticeProviderChange() override {
    flights_.ForgetRefusals();
    activation_.Post([this](const absl::Status& stopped) {
      if (stopped.ok()) activation_.AskSoon();
    });
  }

  void Stop() override {
    {
      MutexLock lock(stop_mutex_);
      if (stopped_) return;
      stopped_ = true;
    }
    flights_.Stop();
    activation_.Stop();
    reservation_.Stop();
    prewarm_->Stop();
    journal_writer_.Stop();
    timers_.Stop();
    remote_workers_.Stop();
    reserved_workers_.Stop();
    publisher_.Close();
    WriteJournal();
  }

  std::shared_ptr<const ActiveKey> Snapshot() const override {
    const std::shared_ptr<const PublishedKey> published = slot_.Get();
    return published == nullptr ? nullptr : published->key;
  }

  absl::StatusOr<std::shared_ptr<const ActiveKey>> Writable() const override {
    absl::StatusOr<std::shared_ptr<const PublishedKey>> published = gate_.Look();
    if (!published.ok()) return std::move(published).status();
    return (*published)->key;
  }

  absl::StatusOr<EncryptResult> Encrypt(absl::string_view plaintext) override {
    if (options_.direct) return absl::FailedPreconditionError("mode: direct encrypts later");
    SIGNET_ASSIGN_OR_RETURN(const std::shared_ptr<const PublishedKey> published, gate_.Enter());
    switch (published->uses->Take()) {
      case UseCounter::Grant::kRefused:
        return WriteGate::UsedUp();
      case UseCounter::Grant::kGrantedAttention:
        reservation_.Attend();
        activation_.Attend();
        break;
      case UseCounter::Grant::kGranted:
        break;
    }
    const ActiveKey& key = *published->key;
    EncryptResult result;
    SIGNET_ASSIGN_OR_RETURN(result.ciphertext, crypto::SealEnvelope(*key.local_kek, key.local_kek_id,
                                                                    key.key_id, plaintext, random_));
    result.key = published->key;
    return result;
  }

  bool encrypts_later() const override { return options_.direct; }
  void EncryptLater(const EncryptInput& input, EncryptCallback callback) override {
    if (!options_.direct) return callback(Encrypt(input.plaintext));
    direct_.Encrypt(input, std::move(callback));
  }

  void Decrypt(const DecryptInput& input, DecryptCallback callback) override {
    absl::StatusOr<crypto::EnvelopeView> envelope = CheckEnvelope(input);
    if (!envelope.ok()) return callback(std::move(envelope).status());
    const crypto::LocalKekId& id = envelope->local_kek_id;
    if (const auto active = slot_.Get(); active != nullptr && active->key->local_kek_id == id) {
      observer_.OnCache(HierarchyObserver::CacheEvent::kHit);
      if (absl::Status stop = CheckCachedDecrypt(); !stop.ok()) return callback(std::move(stop));
      return callback(Open(*active->key->local_kek, active->key->key_id, input, *envelope));
    }
    if (const auto cached = cache_.Find(id); cached != nullptr) {
      observer_.OnCache(HierarchyObserver::CacheEvent::kHit);
      if (absl::Status stop = CheckCachedDecrypt(); !stop.ok()) return callback(std::move(stop));
      return callback(Open(*cached->kek, cached->key_id, input, *envelope));
    }
    DecryptCold(input, *envelope, std::move(callback));
  }

  HierarchyState State() const override {
    HierarchyState state;
    const std::shared_ptr<const PublishedKey> published = slot_.Get();
    state.status = Writable().status();
    state.pending = activation_.follower().Pending();
    state.problems = problems_.List();
    state.max_uses = options_.local_kek_max_uses;
    state.encrypt_since = activation_.encrypt_since();
    state.cached_decrypt_stopped = !CheckCachedDecrypt().ok();
    const absl::Duration boot = clock_.BootTime();
    state.offline_until = clock_.Wall() + (offline_.ends_at() - boot);
    const KeyPlan plan = planner_.Now();
    for (const Provider& provider : providers_.all()) {
      ProviderState entry = board_.State(provider.name);
      entry.active = &provider == plan.active;
      entry.in_wrap_set =
          std::find(plan.wrap_set.begin(), plan.wrap_set.end(), &provider) != plan.wrap_set.end();
      AddProviderProblem(entry, state.problems);
      if (entry.active) {
        state.decrypt_status = DecryptStatus(entry);
        state.decrypt_since = entry.since;
      }
      state.providers.push_back(std::move(entry));
    }
    if (offline_.Passed()) {
      state.problems.push_back({"offline", "the KMS has been away for longer than offline_limit",
                                "give the KMS back to signetd; Encrypt goes on at once then",
                                state.offline_until});
    }
    const StateView stored = store_->Current();
    if (!stored->degraded_key_id.empty() && stored->degraded_key_id == publisher_.Newest()) {
      state.problems.push_back(
          {"degraded_start", "data was written that not every provider of the wrap-set can read",
           "raise key_id_generation on every node, then migrate the stored data", absl::InfinitePast()});
    }
    if (published != nullptr) {
      state.active = published->key;
      state.active_expires = clock_.Wall() + (published->expires_at - clock_.BootTime());
      state.uses = published->uses->used();
      state.cached_local_keks = 1;
    }
    state.cached_local_keks += cache_.size();
    state.journal_records = journal_.size();
    state.key_id_history = publisher_.History();
    return state;
  }

 private:
  // What is in memory opens without the KMS, unless it has been away for too long.
  absl::Status CheckCachedDecrypt() const {
    if (options_.decrypt_past_offline_limit || !offline_.Passed()) return absl::OkStatus();
    return absl::FailedPreconditionError("the KMS has been away for longer than offline_limit");
  }

  // The id is computed anew on every call, cached or not: an annotation that is not the envelope's never
  // opens it.
  static absl::StatusOr<crypto::EnvelopeView> CheckEnvelope(const DecryptInput& input) {
    SIGNET_ASSIGN_OR_RETURN(const crypto::EnvelopeView envelope, crypto::ParseEnvelope(input.ciphertext));
    if (input.record.size() > crypto::kMaxRecordBytesRead)
      return absl::InvalidArgumentError("record: too long");
    if (crypto::ComputeLocalKekId(input.record) != envelope.local_kek_id) {
      return absl::InvalidArgumentError("the record is not this ciphertext's");
    }
    return envelope;
  }

  static absl::StatusOr<crypto::SensitiveString> Open(const crypto::LocalKek& kek,
                                                      absl::string_view record_key_id,
                                                      const DecryptInput& input,
                                                      const crypto::EnvelopeView& envelope) {
    if (record_key_id != input.key_id) return absl::DataLossError("key_id is not the record's");
    return crypto::OpenEnvelope(kek, input.key_id, envelope);
  }

  void DecryptCold(const DecryptInput& input, const crypto::EnvelopeView& envelope,
                   DecryptCallback callback) {
    absl::StatusOr<crypto::Record> record = crypto::ParseRecord(input.record);
    if (!record.ok()) return callback(std::move(record).status());
    if (record->key_id != input.key_id) return callback(absl::DataLossError("key_id is not the record's"));
    if (!unwrapper_.HasProvider(*record)) {
      return callback(RecordUnwrapper::ForClient(absl::NotFoundError("not configured")));
    }
    UnwrapFlights::Request request;
    request.id = envelope.local_kek_id;
    request.record_bytes = input.record;
    request.record = &*record;
    request.uid = input.uid;
    request.deadline = std::min(input.deadline, clock_.Monotonic() + options_.decrypt_timeout);
    request.cancellation = input.cancellation;
    flights_.Load(request, [input, envelope, callback = std::move(callback)](
                               absl::StatusOr<std::shared_ptr<const VerifiedKek>> kek) {
      if (!kek.ok()) return callback(std::move(kek).status());
      callback(Open(*(*kek)->kek, (*kek)->key_id, input, envelope));
    });
  }

  absl::Duration WriteJournal() {
    if (const absl::Status written = journal_.WriteIfChanged(); !written.ok()) {
      observer_.OnStateProblem("journal", written);
    }
    return kJournalInterval;
  }

  const HierarchyOptions options_;
  const Clock& clock_;
  crypto::RandomSource& random_;
  HierarchyObserver& observer_;
  const std::unique_ptr<DirectoryLock> lock_;
  const std::unique_ptr<StateStore> store_;
  EventFeed feed_;
  HealthBoard board_;
  const ProviderSet providers_;
  const RecordUnwrapper unwrapper_;
  Journal journal_;
  KekCache cache_;
  ActiveKeySlot slot_;
  OfflineLimit offline_;
  WriteGate gate_;
  TimerQueue timers_;
  WorkerPool remote_workers_;
  WorkerPool reserved_workers_;
  UnwrapFlights flights_;
  const KeyMaker maker_;
  KeyPlanner planner_;
  ProblemBoard problems_;
  Publisher publisher_;
  Activation activation_;
  DirectEncryptor direct_;
  UseReservation reservation_;
  KeyOperations operations_;
  std::unique_ptr<Prewarm> prewarm_;
  Strand journal_writer_;
  Mutex stop_mutex_;
  bool stopped_ ABSL_GUARDED_BY(stop_mutex_) = false;
};

}  // namespace

absl::StatusOr<std::unique_ptr<KeyHierarchy>> KeyHierarchy::Create(
    HierarchyOptions options, std::vector<Provider> providers, const Clock& clock,
    crypto::RandomSource& random, DurableFiles& files, HierarchyObserver& observer) {
  SIGNET_RETURN_IF_ERROR(CheckLimits(options));
  SIGNET_RETURN_IF_ERROR(ProviderSet::Check(providers));
  for (const std::string& name : options.also_wrap_with) {
    if (std::none_of(providers.begin(), providers.end(),
                     [&name](const Provider& provider) { return provider.name == name; })) {
      return absl::NotFoundError(absl::StrCat("also_wrap_with: no provider is named ", name));
    }
  }
  for (const std::string& name : {options.active_provider, options.active_before}) {
    if (name.empty() && name != options.active_provider) continue;
    if (std::none_of(providers.begin(), providers.end(),
                     [&name](const Provider& provider) { return provider.name == name; })) {
      return absl::NotFoundError(absl::StrCat("active: no provider is named ", name));
    }
  }
  SIGNET_ASSIGN_OR_RETURN(std::unique_ptr<DirectoryLock> lock,
                          DirectoryLock::Acquire(options.state_directory));
  SIGNET_ASSIGN_OR_RETURN(std::unique_ptr<StateStore> store,
                          StateStore::Open(options.state_directory, clock, files, observer));
  return std::make_unique<KeyHierarchyImpl>(std::move(options), std::move(providers), clock, random, files,
                                            observer, std::move(lock), std::move(store));
}

}  // namespace signet
