// FakeHierarchy: a KeyHierarchy without keys. "Encrypts" by turning bytes around, can be made unavailable,
// and can hold Decrypt calls until the test lets them go, so that a test decides what is in flight.
#ifndef SIGNET_TESTS_UNIT_PLUGIN_SERVER_FAKE_HIERARCHY_H_
#define SIGNET_TESTS_UNIT_PLUGIN_SERVER_FAKE_HIERARCHY_H_

#include <cstdlib>
#include <list>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "base/mutex.h"
#include "plugin/hierarchy/key_hierarchy.h"

namespace signet::testing {

class FakeHierarchy final : public KeyHierarchy {
 public:
  FakeHierarchy() {
    auto key = std::make_shared<ActiveKey>();
    key->key_id = "local-v1-0123456789abcdef";
    key->key_id_hash = "sha256:test";
    key->record = "the record";
    key_ = std::move(key);
  }
  ~FakeHierarchy() override { ReleaseDecrypts(); }

  void Start() override {}
  void Stop() override {}
  std::shared_ptr<const ActiveKey> Snapshot() const override { return key_; }
  absl::StatusOr<std::shared_ptr<const ActiveKey>> Writable() const override {
    MutexLock lock(mutex_);
    if (!status_.ok()) return status_;
    return key_;
  }
  absl::StatusOr<EncryptResult> Encrypt(absl::string_view plaintext) override {
    absl::StatusOr<std::shared_ptr<const ActiveKey>> key = Writable();
    if (!key.ok()) return key.status();
    return EncryptResult{std::string(plaintext.rbegin(), plaintext.rend()), *std::move(key)};
  }
  void Decrypt(const DecryptInput& input, DecryptCallback callback) override {
    auto held = std::make_shared<Held>();
    held->plaintext = std::string(input.ciphertext.rbegin(), input.ciphertext.rend());
    held->callback = std::move(callback);
    bool holding = false;
    {
      MutexLock lock(mutex_);
      last_deadline_ = input.deadline;
      holding = holding_;
      if (holding) held_.push_back(held);
    }
    if (!holding) return held->Answer();
    if (input.cancellation != nullptr) {
      input.cancellation->OnCancel([this, held] {
        Remove(held);
        held->Fail(absl::CancelledError("caller gone"));
      });
    }
  }
  HierarchyState State() const override {
    HierarchyState state;
    state.active = key_;
    state.status = Writable().status();
    state.key_id_history = {key_->key_id};
    return state;
  }

  // No test of the server reaches them.
  void NoticeProviderChange() override {}
  bool encrypts_later() const override { return false; }
  void EncryptLater(const EncryptInput&, EncryptCallback) override { std::abort(); }
  KeyControl& control() override { std::abort(); }
  void StartStepped() override {}
  bool RunPending() override { return false; }
  MonotonicTime NextDue() const override { return absl::InfiniteDuration(); }

  void SetStatus(absl::Status status) {
    MutexLock lock(mutex_);
    status_ = std::move(status);
  }
  // From now on Decrypt waits for ReleaseDecrypts or the caller's cancellation.
  void HoldDecrypts() {
    MutexLock lock(mutex_);
    holding_ = true;
  }
  // Answers what is held, from a thread of its own as the real one would.
  void ReleaseDecrypts() {
    std::list<std::shared_ptr<Held>> held;
    {
      MutexLock lock(mutex_);
      holding_ = false;
      held.swap(held_);
    }
    std::thread([&held] {
      for (const auto& one : held) one->Answer();
    }).join();
  }
  size_t held() const {
    MutexLock lock(mutex_);
    return held_.size();
  }
  MonotonicTime last_deadline() const {
    MutexLock lock(mutex_);
    return last_deadline_;
  }

 private:
  // Answers once, whoever comes first.
  struct Held {
    std::string plaintext;
    DecryptCallback callback;
    Mutex once_mutex;
    bool answered ABSL_GUARDED_BY(once_mutex) = false;

    bool First() {
      MutexLock lock(once_mutex);
      return !std::exchange(answered, true);
    }
    void Answer() {
      if (First()) callback(crypto::SensitiveString(std::move(plaintext)));
    }
    void Fail(absl::Status status) {
      if (First()) callback(std::move(status));
    }
  };

  void Remove(const std::shared_ptr<Held>& held) {
    MutexLock lock(mutex_);
    held_.remove(held);
  }

  std::shared_ptr<const ActiveKey> key_;
  mutable Mutex mutex_;
  absl::Status status_ ABSL_GUARDED_BY(mutex_);
  bool holding_ ABSL_GUARDED_BY(mutex_) = false;
  MonotonicTime last_deadline_ ABSL_GUARDED_BY(mutex_);
  std::list<std::shared_ptr<Held>> held_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace signet::testing

#endif  // SIGNET_TESTS_UNIT_PLUGIN_SERVER_FAKE_HIERARCHY_H_
