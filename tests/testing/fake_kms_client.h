// FakeRemoteKey and FakeKmsClient: an external KMS in memory. The key is the remote side, shared by as many
// clients as a test has replicas; each client has its own faults, latency and counters. Passes
// tests/contract.
#ifndef SIGNET_TESTS_TESTING_FAKE_KMS_CLIENT_H_
#define SIGNET_TESTS_TESTING_FAKE_KMS_CLIENT_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/mutex.h"
#include "kms_client/failure_class.h"
#include "kms_client/kms_client.h"

namespace signet::testing {

// One key with versions 1, 2, …; starts with version 1, enabled and current. Thread-safe.
class FakeRemoteKey {
 public:
  // Keys of equal names have equal fingerprints, but never the same key material.
  explicit FakeRemoteKey(std::string name = "key");

  const std::string& name() const { return name_; }
  // Adds a version and makes it current.
  uint64_t Rotate();
  // Adds a version that only unwraps until SetCurrent.
  uint64_t Add();
  // Makes a version current, a lower one too: a rollback.
  void SetCurrent(uint64_t number);
  void Disable(uint64_t number);
  void Enable(uint64_t number);
  // Forgets the key material for good.
  void Destroy(uint64_t number);
  uint64_t current() const;

 private:
  friend class FakeKmsClient;
  enum class State { kEnabled, kDisabled, kDestroyed };
  struct Version {
    State state = State::kEnabled;
    std::string mark;
    crypto::SecretBytes key;
  };

  uint64_t AddLocked() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  kms::RemoteVersion Describe(uint64_t number) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::StatusOr<kms::KeyDescription> DescribeCurrent() const;
  absl::StatusOr<kms::WrapResult> Wrap(const crypto::SecretBytes& plaintext,
                                       const kms::WrapContext& context) const;
  absl::StatusOr<kms::UnwrapResult> Unwrap(absl::string_view backend_field, absl::string_view blob,
                                           const kms::WrapContext& context) const;
  absl::Status CheckUsable(uint64_t number) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const std::string name_;
  mutable Mutex mutex_;
  uint64_t current_ ABSL_GUARDED_BY(mutex_) = 0;
  std::map<uint64_t, Version> versions_ ABSL_GUARDED_BY(mutex_);
};

// Thread-safe, faults and counters included. Every call counts when it begins, whatever becomes of it.
class FakeKmsClient final : public kms::KmsClient {
 public:
  enum class Operation { kDescribe = 0, kWrap = 1, kUnwrap = 2, kRotate = 3 };

  // `clock` outlives the client.
  FakeKmsClient(std::shared_ptr<FakeRemoteKey> remote, const Clock& clock,
                crypto::ProviderType type = crypto::ProviderType::kVault);

  // The next `count` calls of the operation fail, after the latency. Queued behind earlier ones.
  void FailNext(Operation operation, size_t count, absl::Status status);
  void FailNext(Operation operation, size_t count, absl::Status status, kms::FailureClass failure);
  // Every call of every operation fails with `status` until called with OK.
  void FailAll(absl::Status status);
  // Calls of the operation block until Release, cancellation or their deadline.
  void Hang(Operation operation);
  void Release(Operation operation);
  // Every call takes this long on the clock.
  void SetLatency(absl::Duration latency);

  size_t calls(Operation operation) const;
  // Calls now blocked by Hang or latency.
  size_t blocked() const;
  size_t most_at_once() const;
  // Of every call so far, in order.
  std::vector<std::string> uids() const;

  crypto::ProviderType type() const override { return type_; }
  const crypto::Fingerprint& fingerprint() const override { return fingerprint_; }
  absl::StatusOr<kms::KeyDescription> Describe(const kms::CallContext& call) override;
  absl::StatusOr<kms::WrapResult> Wrap(const kms::CallContext& call, const crypto::SecretBytes& plaintext,
                                       const kms::WrapContext& context) override;
  absl::StatusOr<kms::UnwrapResult> Unwrap(const kms::CallContext& call, absl::string_view backend_field,
                                           absl::string_view blob, const kms::WrapContext& context) override;
  absl::Status Rotate(const kms::CallContext& call) override;

 private:
  struct OperationState {
    size_t calls = 0;
    bool hanging = false;
    std::deque<absl::Status> failures;
  };

  OperationState& State(Operation operation) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return operations_[static_cast<size_t>(operation)];
  }
  // Counts, waits as long as faults and latency say, and returns what the faults say.
  absl::Status Begin(Operation operation, const kms::CallContext& call);

  const std::shared_ptr<FakeRemoteKey> remote_;
  const Clock& clock_;
  const crypto::ProviderType type_;
  const crypto::Fingerprint fingerprint_;

  mutable Mutex mutex_;
  CondVar changed_;
  std::array<OperationState, 4> operations_ ABSL_GUARDED_BY(mutex_);
  absl::Status fail_all_ ABSL_GUARDED_BY(mutex_);
  absl::Duration latency_ ABSL_GUARDED_BY(mutex_) = absl::ZeroDuration();
  size_t running_ ABSL_GUARDED_BY(mutex_) = 0;
  size_t most_at_once_ ABSL_GUARDED_BY(mutex_) = 0;
  std::vector<std::string> uids_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace signet::testing

#endif  // SIGNET_TESTS_TESTING_FAKE_KMS_CLIENT_H_
