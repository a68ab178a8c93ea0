#include "tests/testing/hierarchy_harness.h"

#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "absl/strings/match.h"
#include "base/unshared_status.h"
#include "crypto/envelope.h"
#include "crypto/local_kek.h"
#include "tests/testing/poll.h"

namespace signet::testing {
namespace {

[[noreturn]] void Fail(const std::string& what) {
  std::fprintf(stderr, "harness: %s\n", what.c_str());
  std::abort();
}

template <typename T>
T ValueOrFail(absl::StatusOr<T> value) {
  if (!value.ok()) Fail(value.status().ToString());
  return *std::move(value);
}

}  // namespace

void FaultyFiles::FailWrites(std::string path_suffix, absl::Status status) {
  MutexLock lock(mutex_);
  failing_suffix_ = std::move(path_suffix);
  failure_ = std::move(status);
}

void FaultyFiles::BeforeWrite(std::function<void(const std::string& path)> hook) {
  MutexLock lock(mutex_);
  hook_ = std::move(hook);
}

size_t FaultyFiles::writes(absl::string_view path_suffix) const {
  MutexLock lock(mutex_);
  return static_cast<size_t>(std::count_if(written_.begin(), written_.end(), [&](const std::string& path) {
    return absl::EndsWith(path, path_suffix);
  }));
}

absl::StatusOr<std::string> FaultyFiles::Read(const std::string& path, const ReadLimits& limits) {
  return PosixDurableFiles().Read(path, limits);
}

absl::Status FaultyFiles::Replace(const std::string& path, absl::string_view bytes, mode_t mode) {
  std::function<void(const std::string&)> hook;
  {
    MutexLock lock(mutex_);
    if (!failing_suffix_.empty() && absl::EndsWith(path, failing_suffix_)) return UnsharedCopy(failure_);
    written_.push_back(path);
    hook = hook_;
  }
  if (hook) hook(path);
  return PosixDurableFiles().Replace(path, bytes, mode);
}

absl::Status FaultyFiles::MakeFolder(const std::string& path, mode_t mode) {
  return PosixDurableFiles().MakeFolder(path, mode);
}

void RecordingObserver::OnActivated(const ActiveKey& key, absl::string_view reason) {
  MutexLock lock(mutex_);
  activated_.push_back({key.key_id, std::string(reason), key.stored});
}
void RecordingObserver::OnActivationFailed(const absl::Status& status, absl::Duration retry_in) {
  MutexLock lock(mutex_);
  failures_.emplace_back(UnsharedCopy(status), retry_in);
}
void RecordingObserver::OnRemoteCall(absl::string_view, RemoteOperation operation, const absl::Status& status,
                                     absl::Duration, absl::string_view) {
  MutexLock lock(mutex_);
  if (status.ok()) ++succeeded_[operation];
}
void RecordingObserver::OnCache(CacheEvent event) {
  MutexLock lock(mutex_);
  ++cache_events_[event];
}
void RecordingObserver::OnStateProblem(absl::string_view what, const absl::Status& status) {
  MutexLock lock(mutex_);
  state_problems_.emplace_back(std::string(what), UnsharedCopy(status));
}
void RecordingObserver::OnPrewarmed(size_t unwrapped, size_t failed) {
  MutexLock lock(mutex_);
  prewarmed_.emplace_back(unwrapped, failed);
}
std::vector<RecordingObserver::Activated> RecordingObserver::activated() const {
  MutexLock lock(mutex_);
  return activated_;
}
std::vector<std::pair<absl::Status, absl::Duration>> RecordingObserver::failures() const {
  MutexLock lock(mutex_);
  std::vector<std::pair<absl::Status, absl::Duration>> copy;
  for (const auto& [status, retry_in] : failures_) copy.emplace_back(UnsharedCopy(status), retry_in);
  return copy;
}
std::vector<std::pair<std::string, absl::Status>> RecordingObserver::state_problems() const {
  MutexLock lock(mutex_);
  std::vector<std::pair<std::string, absl::Status>> copy;
  for (const auto& [what, status] : state_problems_) copy.emplace_back(what, UnsharedCopy(status));
  return copy;
}
std::vector<std::pair<size_t, size_t>> RecordingObserver::prewarmed() const {
  MutexLock lock(mutex_);
  return prewarmed_;
}
size_t RecordingObserver::count(CacheEvent event) const {
  MutexLock lock(mutex_);
  const auto found = cache_events_.find(event);
  return found == cache_events_.end() ? 0 : found->second;
}
size_t RecordingObserver::succeeded(RemoteOperation operation) const {
  MutexLock lock(mutex_);
  const auto found = succeeded_.find(operation);
  return found == succeeded_.end() ? 0 : found->second;
}

DecryptCallback Answer::callback() {
  return [shared = shared_](absl::StatusOr<crypto::SensitiveString> result) {
    MutexLock lock(shared->mutex);
    ++shared->times;
    shared->answered.NotifyAll();
    if (result.ok()) {
      shared->result = std::string(result->Expose());
    } else {
      shared->result = UnsharedCopy(result.status());
    }
  };
}
bool Answer::done() const { return times() > 0; }
size_t Answer::times() const {
  MutexLock lock(shared_->mutex);
  return shared_->times;
}
absl::StatusOr<std::string> Answer::Wait() const {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  MutexLock lock(shared_->mutex);
  while (shared_->times == 0 && std::chrono::steady_clock::now() < end) {
    shared_->answered.WaitFor(shared_->mutex, std::chrono::seconds(1));
  }
  if (!shared_->result.ok()) return UnsharedCopy(shared_->result.status());
  return shared_->result;
}

HierarchyHarness::HierarchyHarness(crypto::ProviderType type)
    : remote(std::make_shared<FakeRemoteKey>()),
      client(std::make_shared<FakeKmsClient>(remote, clock, type)) {
  options.cluster_id = "cluster-1";
  options.active_provider = "primary";
  options.state_directory = directory.path();
  providers.push_back(Provider{"primary", client});
}

HierarchyHarness::~HierarchyHarness() {
  for (const auto operation : {FakeKmsClient::Operation::kDescribe, FakeKmsClient::Operation::kWrap,
                               FakeKmsClient::Operation::kUnwrap}) {
    client->Release(operation);
  }
  hierarchy.reset();
}

absl::Status HierarchyHarness::Create() {
  absl::StatusOr<std::unique_ptr<KeyHierarchy>> made =
      KeyHierarchy::Create(options, providers, clock, crypto::SystemRandom(), files, observer);
  if (!made.ok()) return made.status();
  hierarchy = *std::move(made);
  return absl::OkStatus();
}

void HierarchyHarness::Start() {
  if (const absl::Status created = Create(); !created.ok()) Fail(created.ToString());
  const size_t activated_before = observer.activated().size();
  hierarchy->Start();
  // The observer is told after the key can be used.
  if (!PollUntil([&] { return observer.activated().size() > activated_before; })) Fail("no active key");
}

void HierarchyHarness::StartStepped() {
  if (const absl::Status created = Create(); !created.ok()) Fail(created.ToString());
  hierarchy->StartStepped();
  hierarchy->RunPending();
}

void HierarchyHarness::Run(absl::Duration time) {
  const MonotonicTime end = clock.Monotonic() + time;
  hierarchy->RunPending();
  while (hierarchy->NextDue() <= end) {
    clock.Advance(std::max(hierarchy->NextDue() - clock.Monotonic(), absl::ZeroDuration()));
    hierarchy->RunPending();
  }
  clock.Advance(end - clock.Monotonic());
  hierarchy->RunPending();
}

void HierarchyHarness::RestartStepped() {
  hierarchy.reset();
  StartStepped();
}

std::string HierarchyHarness::ProblemText(absl::string_view kind) const {
  for (const HierarchyProblem& problem : hierarchy->State().problems) {
    if (problem.kind == kind) return problem.text + " " + problem.advice;
  }
  return "";
}

absl::StatusOr<std::string> HierarchyHarness::DecryptStepped(const Stored& stored) const {
  Answer answer;
  hierarchy->Decrypt(Input(stored), answer.callback());
  hierarchy->RunPending();
  return answer.Wait();
}

void HierarchyHarness::Restart() {
  hierarchy.reset();
  Start();
}

void HierarchyHarness::Crash() {
  const auto saved = SaveDirectory();
  hierarchy.reset();
  RestoreDirectory(saved);
  Start();
}

std::vector<std::pair<std::string, std::string>> HierarchyHarness::SaveDirectory() const {
  std::vector<std::pair<std::string, std::string>> saved;
  for (const auto& entry : std::filesystem::directory_iterator(directory.path())) {
    std::ifstream file(entry.path(), std::ios::binary);
    saved.emplace_back(entry.path().filename().string(),
                       std::string(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()));
  }
  return saved;
}

void HierarchyHarness::RestoreDirectory(const std::vector<std::pair<std::string, std::string>>& saved) const {
  for (const auto& entry : std::filesystem::directory_iterator(directory.path())) {
    std::filesystem::remove_all(entry.path());
  }
  for (const auto& [name, bytes] : saved) {
    const std::string path = directory.File(name);
    std::ofstream(path, std::ios::binary) << bytes;
    ::chmod(path.c_str(), 0600);
  }
}

bool HierarchyHarness::AdvanceUntil(const std::function<bool()>& condition, absl::Duration step) {
  return PollUntil([&] {
    if (condition()) return true;
    clock.Advance(step);
    return condition();
  });
}

Stored HierarchyHarness::Encrypt(absl::string_view plaintext) const {
  const EncryptResult result = ValueOrFail(hierarchy->Encrypt(plaintext));
  return {result.ciphertext, result.key->key_id, result.key->record};
}

absl::StatusOr<std::string> HierarchyHarness::Decrypt(const Stored& stored) const {
  Answer answer;
  hierarchy->Decrypt(Input(stored), answer.callback());
  return answer.Wait();
}

DecryptInput HierarchyHarness::Input(const Stored& stored) {
  DecryptInput input;
  input.ciphertext = stored.ciphertext;
  input.key_id = stored.key_id;
  input.record = stored.record;
  input.uid = "uid-1";
  return input;
}

Stored HierarchyHarness::ForeignTuple(absl::string_view plaintext, const std::string& cluster_id,
                                      std::shared_ptr<FakeRemoteKey> key) const {
  const std::string cluster = cluster_id.empty() ? options.cluster_id : cluster_id;
  // Another replica's client, so that this one's counters stay what they are.
  FakeKmsClient other(key == nullptr ? remote : key, clock, client->type());
  const crypto::SecretBytes kek = ValueOrFail(crypto::GenerateLocalKek(crypto::SystemRandom()));
  const kms::WrapResult wrapped = ValueOrFail(other.Wrap({}, kek, kms::WrapContext{cluster}));
  crypto::Record record;
  record.key_id = "vault-v1-0011223344556677";
  record.created_unix_seconds = 1700000000;
  record.entries.push_back(
      {static_cast<uint8_t>(other.type()), other.fingerprint(), wrapped.backend_field, wrapped.blob});
  const auto local_kek = ValueOrFail(crypto::LocalKek::Derive(kek));
  Stored stored;
  stored.key_id = record.key_id;
  stored.record = ValueOrFail(local_kek->FinishRecord(record, cluster));
  stored.ciphertext = ValueOrFail(crypto::SealEnvelope(*local_kek, crypto::ComputeLocalKekId(stored.record),
                                                       stored.key_id, plaintext, crypto::SystemRandom()));
  return stored;
}

}  // namespace signet::testing
