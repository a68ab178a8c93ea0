// HierarchyHarness: a KeyHierarchy on fakes: one remote key, a fake clock, a state directory whose writes can
// be made to fail, and an observer that remembers. Restart and Crash make the next one on the same directory.
#ifndef SIGNET_TESTS_TESTING_HIERARCHY_HARNESS_H_
#define SIGNET_TESTS_TESTING_HIERARCHY_HARNESS_H_

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/durable_files.h"
#include "base/mutex.h"
#include "crypto/random.h"
#include "plugin/hierarchy/key_hierarchy.h"
#include "tests/testing/fake_clock.h"
#include "tests/testing/fake_kms_client.h"
#include "tests/testing/temp_dir.h"

namespace signet::testing {

// The real file system, with writes that fail on demand. Thread-safe.
class FaultyFiles final : public DurableFiles {
 public:
  // Writes to paths that end so fail; "" fails none.
  void FailWrites(std::string path_suffix, absl::Status status = absl::ResourceExhaustedError("disk full"));
  void Heal() { FailWrites(""); }
  // Called before every write that is not made to fail.
  void BeforeWrite(std::function<void(const std::string& path)> hook);
  size_t writes(absl::string_view path_suffix) const;

  absl::StatusOr<std::string> Read(const std::string& path, const ReadLimits& limits) override;
  absl::Status Replace(const std::string& path, absl::string_view bytes, mode_t mode) override;
  absl::Status MakeFolder(const std::string& path, mode_t mode) override;

 private:
  mutable Mutex mutex_;
  std::string failing_suffix_ ABSL_GUARDED_BY(mutex_);
  absl::Status failure_ ABSL_GUARDED_BY(mutex_);
  std::function<void(const std::string&)> hook_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::string> written_ ABSL_GUARDED_BY(mutex_);
};

// Remembers everything. Thread-safe.
class RecordingObserver final : public HierarchyObserver {
 public:
  struct Activated {
    std::string key_id;
    std::string reason;
    bool stored = false;
  };
  void OnActivated(const ActiveKey& key, absl::string_view reason) override;
  void OnActivationFailed(const absl::Status& status, absl::Duration retry_in) override;
  void OnRemoteCall(absl::string_view provider, RemoteOperation operation, const absl::Status& status,
                    absl::Duration latency, absl::string_view uid) override;
  void OnCache(CacheEvent event) override;
  void OnStateProblem(absl::string_view what, const absl::Status& status) override;
  void OnPrewarmed(size_t unwrapped, size_t failed) override;

  std::vector<Activated> activated() const;
  std::vector<std::pair<absl::Status, absl::Duration>> failures() const;
  std::vector<std::pair<std::string, absl::Status>> state_problems() const;
  std::vector<std::pair<size_t, size_t>> prewarmed() const;
  size_t count(CacheEvent event) const;
  // Remote calls of any provider that were answered with OK.
  size_t succeeded(RemoteOperation operation) const;

 private:
  mutable Mutex mutex_;
  std::vector<Activated> activated_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::pair<absl::Status, absl::Duration>> failures_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::pair<std::string, absl::Status>> state_problems_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::pair<size_t, size_t>> prewarmed_ ABSL_GUARDED_BY(mutex_);
  std::map<CacheEvent, size_t> cache_events_ ABSL_GUARDED_BY(mutex_);
  std::map<RemoteOperation, size_t> succeeded_ ABSL_GUARDED_BY(mutex_);
};

// An answer to Decrypt that can be waited for. Thread-safe; outlives the call.
class Answer {
 public:
  DecryptCallback callback();
  bool done() const;
  // How often the callback ran: one is right.
  size_t times() const;
  // Waits (up to 20 s); then the plaintext or the status.
  absl::StatusOr<std::string> Wait() const;

 private:
  struct Shared {
    mutable Mutex mutex;
    CondVar answered;
    size_t times ABSL_GUARDED_BY(mutex) = 0;
    absl::StatusOr<std::string> result ABSL_GUARDED_BY(mutex) = absl::UnknownError("no answer yet");
  };
  std::shared_ptr<Shared> shared_ = std::make_shared<Shared>();
};

// What one Encrypt produced, as kube-apiserver would store it.
struct Stored {
  std::string ciphertext;
  std::string key_id;
  std::string record;
};

class HierarchyHarness {
 public:
  explicit HierarchyHarness(crypto::ProviderType type = crypto::ProviderType::kVault);
  ~HierarchyHarness();

  TempDir directory;
  FakeClock clock;
  FaultyFiles files;
  RecordingObserver observer;
  HierarchyOptions options;
  std::shared_ptr<FakeRemoteKey> remote;
  std::shared_ptr<FakeKmsClient> client;
  std::vector<Provider> providers;  // `client` as "primary"
  std::unique_ptr<KeyHierarchy> hierarchy;

  // Makes the hierarchy, not started.
  absl::Status Create();
  // Create and Start; waits for the first key. Aborts the process when none comes.
  void Start();
  // Create and StartStepped, and all that is due at once: no thread runs, nothing needs to be waited for.
  void StartStepped();
  // Stepped: moves the clock by `time`, stopping wherever something is due.
  void Run(absl::Duration time);
  // Stepped: ends it cleanly and starts the next one.
  void RestartStepped();
  // Ends it cleanly and starts the next one.
  void Restart();
  // As Restart, but the state directory is left as it was before the clean end, as after a power cut.
  void Crash();
  // Copies the state directory's files, or puts such a copy back.
  std::vector<std::pair<std::string, std::string>> SaveDirectory() const;
  void RestoreDirectory(const std::vector<std::pair<std::string, std::string>>& saved) const;

  // Of the hierarchy's State: empty when there is no such problem.
  std::string ProblemText(absl::string_view kind) const;

  // Moves the clock in small steps until `condition` holds: for what happens after an unknown delay.
  bool AdvanceUntil(const std::function<bool()>& condition, absl::Duration step = absl::Milliseconds(100));

  Stored Encrypt(absl::string_view plaintext = "a seed of thirty-two bytes, more") const;
  absl::StatusOr<std::string> Decrypt(const Stored& stored) const;
  // Stepped: as Decrypt, with what is due run meanwhile.
  absl::StatusOr<std::string> DecryptStepped(const Stored& stored) const;
  static DecryptInput Input(const Stored& stored);
  // A valid tuple under a fresh local KEK that this process has not in its cache. An empty cluster_id is
  // ours, no key is `remote`.
  Stored ForeignTuple(absl::string_view plaintext = "a seed of thirty-two bytes, more",
                      const std::string& cluster_id = "", std::shared_ptr<FakeRemoteKey> key = nullptr) const;

  size_t describes() const { return client->calls(FakeKmsClient::Operation::kDescribe); }
  size_t wraps() const { return client->calls(FakeKmsClient::Operation::kWrap); }
  size_t unwraps() const { return client->calls(FakeKmsClient::Operation::kUnwrap); }
};

}  // namespace signet::testing

#endif  // SIGNET_TESTS_TESTING_HIERARCHY_HARNESS_H_
