#include "tests/testing/fake_kms_client.h"

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "base/unshared_status.h"
#include "crypto/aes_gcm.h"
#include "crypto/random.h"
#include "kms_client/fingerprint.h"

namespace signet::testing {
namespace {

using kms::FailureClass;
using kms::WithFailureClass;

constexpr size_t kPlaintextBytes = 32;
constexpr size_t kBlobBytes = crypto::kGcmNonceBytes + kPlaintextBytes + crypto::kGcmTagBytes;

absl::Span<const uint8_t> Bytes(absl::string_view text) {
  return absl::MakeConstSpan(reinterpret_cast<const uint8_t*>(text.data()), text.size());
}

absl::Span<uint8_t> MutableBytes(std::string& text) {
  return absl::MakeSpan(reinterpret_cast<uint8_t*>(text.data()), text.size());
}

void FillRandom(absl::Span<uint8_t> out) {
  if (!crypto::SystemRandom().Fill(out).ok()) std::abort();
}

std::string AssociatedData(absl::string_view mark, const kms::WrapContext& context) {
  return absl::StrCat(mark, "|", context.ToJson());
}

absl::Status BadBlob(absl::Status status) {
  return WithFailureClass(std::move(status), FailureClass::kBadBlob);
}

}  // namespace

FakeRemoteKey::FakeRemoteKey(std::string name) : name_(std::move(name)) { Rotate(); }

uint64_t FakeRemoteKey::AddLocked() {
  const uint64_t number = versions_.empty() ? 1 : versions_.rbegin()->first + 1;
  Version& version = versions_[number];
  std::string random(8, '\0');
  FillRandom(MutableBytes(random));
  version.mark = absl::StrCat("v", number, "-", random);
  absl::StatusOr<crypto::SecretBytes> key = crypto::SecretBytes::Create(crypto::kAesKeyBytes);
  if (!key.ok()) std::abort();
  FillRandom(key->ExposeMutable());
  version.key = *std::move(key);
  return number;
}

uint64_t FakeRemoteKey::Rotate() {
  MutexLock lock(mutex_);
  return current_ = AddLocked();
}

uint64_t FakeRemoteKey::Add() {
  MutexLock lock(mutex_);
  return AddLocked();
}

void FakeRemoteKey::SetCurrent(uint64_t number) {
  MutexLock lock(mutex_);
  current_ = number;
}

void FakeRemoteKey::Disable(uint64_t number) {
  MutexLock lock(mutex_);
  versions_.at(number).state = State::kDisabled;
}

void FakeRemoteKey::Enable(uint64_t number) {
  MutexLock lock(mutex_);
  versions_.at(number).state = State::kEnabled;
}

void FakeRemoteKey::Destroy(uint64_t number) {
  MutexLock lock(mutex_);
  versions_.at(number).state = State::kDestroyed;
  versions_.at(number).key = crypto::SecretBytes();
}

uint64_t FakeRemoteKey::current() const {
  MutexLock lock(mutex_);
  return current_;
}

kms::RemoteVersion FakeRemoteKey::Describe(uint64_t number) const {
  return {absl::StrCat(number), versions_.at(number).mark, number};
}

absl::Status FakeRemoteKey::CheckUsable(uint64_t number) const {
  const auto found = versions_.find(number);
  if (found == versions_.end()) return BadBlob(absl::NotFoundError("no such key version"));
  switch (found->second.state) {
    case State::kEnabled:
      return absl::OkStatus();
    case State::kDisabled:
      return WithFailureClass(absl::FailedPreconditionError("key version disabled"), FailureClass::kRevoked);
    case State::kDestroyed:
      return WithFailureClass(absl::NotFoundError("key version destroyed"), FailureClass::kRevoked);
  }
  std::abort();
}

absl::StatusOr<kms::KeyDescription> FakeRemoteKey::DescribeCurrent() const {
  MutexLock lock(mutex_);
  SIGNET_RETURN_IF_ERROR(CheckUsable(current_));
  return kms::KeyDescription{Describe(current_)};
}

absl::StatusOr<kms::WrapResult> FakeRemoteKey::Wrap(const crypto::SecretBytes& plaintext,
                                                    const kms::WrapContext& context) const {
  if (plaintext.size() != kPlaintextBytes) return absl::InvalidArgumentError("plaintext is not 32 bytes");
  MutexLock lock(mutex_);
  SIGNET_RETURN_IF_ERROR(CheckUsable(current_));
  const Version& version = versions_.at(current_);
  kms::WrapResult result;
  result.version = Describe(current_);
  result.backend_field = absl::StrCat(current_);
  result.blob.assign(kBlobBytes, '\0');
  const absl::Span<uint8_t> blob = MutableBytes(result.blob);
  const absl::Span<uint8_t> nonce = blob.subspan(0, crypto::kGcmNonceBytes);
  FillRandom(nonce);
  SIGNET_RETURN_IF_ERROR(crypto::AesGcmSeal(version.key.Expose(), nonce,
                                            Bytes(AssociatedData(version.mark, context)), plaintext.Expose(),
                                            blob.subspan(crypto::kGcmNonceBytes)));
  return result;
}

absl::StatusOr<kms::UnwrapResult> FakeRemoteKey::Unwrap(absl::string_view backend_field,
                                                        absl::string_view blob,
                                                        const kms::WrapContext& context) const {
  uint64_t number = 0;
  if (!absl::SimpleAtoi(backend_field, &number) || absl::StrCat(number) != backend_field) {
    return BadBlob(absl::InvalidArgumentError("backend field is no version number"));
  }
  if (blob.size() != kBlobBytes) return BadBlob(absl::InvalidArgumentError("blob has the wrong size"));
  MutexLock lock(mutex_);
  SIGNET_RETURN_IF_ERROR(CheckUsable(number));
  const Version& version = versions_.at(number);
  SIGNET_ASSIGN_OR_RETURN(crypto::SecretBytes plaintext, crypto::SecretBytes::Create(kPlaintextBytes));
  const absl::Status opened =
      crypto::AesGcmOpen(version.key.Expose(), Bytes(blob.substr(0, crypto::kGcmNonceBytes)),
                         Bytes(AssociatedData(version.mark, context)),
                         Bytes(blob.substr(crypto::kGcmNonceBytes)), plaintext.ExposeMutable());
  if (!opened.ok()) return BadBlob(opened);
  return kms::UnwrapResult{std::move(plaintext), Describe(number)};
}

FakeKmsClient::FakeKmsClient(std::shared_ptr<FakeRemoteKey> remote, const Clock& clock,
                             crypto::ProviderType type)
    : remote_(std::move(remote)),
      clock_(clock),
      type_(type),
      fingerprint_(kms::ComputeFingerprint(type, {remote_->name()})) {}

void FakeKmsClient::FailNext(Operation operation, size_t count, absl::Status status) {
  MutexLock lock(mutex_);
  State(operation).failures.insert(State(operation).failures.end(), count, status);
}

void FakeKmsClient::FailNext(Operation operation, size_t count, absl::Status status, FailureClass failure) {
  FailNext(operation, count, WithFailureClass(std::move(status), failure));
}

void FakeKmsClient::FailAll(absl::Status status) {
  MutexLock lock(mutex_);
  fail_all_ = std::move(status);
}

void FakeKmsClient::Hang(Operation operation) {
  MutexLock lock(mutex_);
  State(operation).hanging = true;
}

void FakeKmsClient::Release(Operation operation) {
  MutexLock lock(mutex_);
  State(operation).hanging = false;
  changed_.NotifyAll();
}

void FakeKmsClient::SetLatency(absl::Duration latency) {
  MutexLock lock(mutex_);
  latency_ = latency;
}

size_t FakeKmsClient::calls(Operation operation) const {
  MutexLock lock(mutex_);
  return operations_[static_cast<size_t>(operation)].calls;
}

size_t FakeKmsClient::blocked() const {
  MutexLock lock(mutex_);
  return running_;
}

size_t FakeKmsClient::most_at_once() const {
  MutexLock lock(mutex_);
  return most_at_once_;
}

std::vector<std::string> FakeKmsClient::uids() const {
  MutexLock lock(mutex_);
  return uids_;
}

absl::Status FakeKmsClient::Begin(Operation operation, const kms::CallContext& call) {
  CancellationToken::CallbackId callback = 0;
  if (call.cancellation != nullptr) {
    callback = call.cancellation->OnCancel([this] {
      MutexLock lock(mutex_);
      changed_.NotifyAll();
    });
  }
  absl::Status result;
  {
    MutexLock lock(mutex_);
    OperationState& state = State(operation);
    ++state.calls;
    uids_.push_back(call.uid);
    most_at_once_ = std::max(most_at_once_, ++running_);
    const MonotonicTime ready = clock_.Monotonic() + latency_;
    while (true) {
      if (call.cancellation != nullptr && call.cancellation->cancelled()) {
        result = absl::CancelledError("the caller is gone");
        break;
      }
      const MonotonicTime now = clock_.Monotonic();
      if (now >= call.deadline) {
        result = absl::DeadlineExceededError("out of time");
        break;
      }
      if (!state.hanging && now >= ready) {
        result = UnsharedCopy(fail_all_);
        if (result.ok() && !state.failures.empty()) {
          result = UnsharedCopy(state.failures.front());
          state.failures.pop_front();
        }
        break;
      }
      clock_.WaitUntil(mutex_, changed_, state.hanging ? call.deadline : std::min(ready, call.deadline));
    }
    --running_;
  }
  if (call.cancellation != nullptr) call.cancellation->RemoveCallback(callback);
  return result;
}

absl::StatusOr<kms::KeyDescription> FakeKmsClient::Describe(const kms::CallContext& call) {
  SIGNET_RETURN_IF_ERROR(Begin(Operation::kDescribe, call));
  return remote_->DescribeCurrent();
}

absl::StatusOr<kms::WrapResult> FakeKmsClient::Wrap(const kms::CallContext& call,
                                                    const crypto::SecretBytes& plaintext,
                                                    const kms::WrapContext& context) {
  SIGNET_RETURN_IF_ERROR(Begin(Operation::kWrap, call));
  return remote_->Wrap(plaintext, context);
}

absl::StatusOr<kms::UnwrapResult> FakeKmsClient::Unwrap(const kms::CallContext& call,
                                                        absl::string_view backend_field,
                                                        absl::string_view blob,
                                                        const kms::WrapContext& context) {
  SIGNET_RETURN_IF_ERROR(Begin(Operation::kUnwrap, call));
  return remote_->Unwrap(backend_field, blob, context);
}

absl::Status FakeKmsClient::Rotate(const kms::CallContext& call) {
  SIGNET_RETURN_IF_ERROR(Begin(Operation::kRotate, call));
  remote_->Rotate();
  return absl::OkStatus();
}

}  // namespace signet::testing
