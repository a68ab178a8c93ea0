// What sealing and opening do to memory: how often they allocate, and what of a key they leave in ordinary
// heap. A program of its own, because it replaces operator new and OpenSSL's allocator.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/crypto.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <new>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "crypto/aes_gcm.h"
#include "crypto/envelope.h"
#include "tests/testing/counting_random.h"
#include "tests/testing/status_matchers.h"

namespace {

thread_local size_t operator_new_calls = 0;

bool Contains(const void* block, size_t size, const std::string& text) {
  const auto* begin = static_cast<const char*>(block);
  return std::search(begin, begin + size, text.begin(), text.end()) != begin + size;
}

// OpenSSL's ordinary heap, every block of which can be looked at.
class WatchedHeap {
 public:
  static WatchedHeap& Get() {
    static WatchedHeap* const heap = new WatchedHeap();
    return *heap;
  }

  void* Allocate(size_t size) {
    void* const block = std::malloc(size);
    signet::MutexLock lock(mutex_);
    ++allocations_;
    if (block != nullptr) blocks_[block] = size;
    return block;
  }
  void Release(void* block) {
    if (block == nullptr) return;
    {
      signet::MutexLock lock(mutex_);
      const auto found = blocks_.find(block);
      if (found != blocks_.end()) {
        if (!secret_.empty() && Contains(block, found->second, secret_)) released_with_secret_ = true;
        blocks_.erase(found);
      }
    }
    std::free(block);
  }
  void* Resize(void* block, size_t size) {
    if (block == nullptr) return Allocate(size);
    size_t old_size = 0;
    {
      signet::MutexLock lock(mutex_);
      old_size = blocks_[block];
    }
    void* const moved = Allocate(size);
    if (moved == nullptr) return nullptr;
    std::memcpy(moved, block, std::min(old_size, size));
    Release(block);
    return moved;
  }

  size_t allocations() {
    signet::MutexLock lock(mutex_);
    return allocations_;
  }
  // From now on looks out for `secret` in blocks that are given back.
  void WatchFor(const std::string& secret) {
    signet::MutexLock lock(mutex_);
    secret_ = secret;
    released_with_secret_ = false;
  }
  // Whether the secret stands in a live block, or stood in one that was given back unwiped.
  bool SecretIsLeft() {
    signet::MutexLock lock(mutex_);
    if (released_with_secret_) return true;
    for (const auto& [block, size] : blocks_) {
      if (Contains(block, size, secret_)) return true;
    }
    return false;
  }

 private:
  signet::Mutex mutex_;
  std::map<void*, size_t> blocks_ ABSL_GUARDED_BY(mutex_);
  size_t allocations_ ABSL_GUARDED_BY(mutex_) = 0;
  std::string secret_ ABSL_GUARDED_BY(mutex_);
  bool released_with_secret_ ABSL_GUARDED_BY(mutex_) = false;
};

// Before main, whose secure heap would be OpenSSL's first allocation: afterwards it refuses.
const bool kWatching =
    CRYPTO_set_mem_functions(
        [](size_t size, const char*, int) { return WatchedHeap::Get().Allocate(size); },
        [](void* block, size_t size, const char*, int) { return WatchedHeap::Get().Resize(block, size); },
        [](void* block, const char*, int) { WatchedHeap::Get().Release(block); }) == 1;

}  // namespace

// Not inlined: gcc would see malloc and free where it expects new and delete, and call them mismatched.
[[gnu::noinline]] void* operator new(size_t size) {
  ++operator_new_calls;
  void* const block = std::malloc(size);
  if (block == nullptr) std::abort();
  return block;
}
[[gnu::noinline]] void operator delete(void* block) noexcept { std::free(block); }
[[gnu::noinline]] void operator delete(void* block, size_t) noexcept { std::free(block); }

namespace signet::crypto {
namespace {

using ::signet::testing::CountingRandom;
using ::signet::testing::IsOk;

constexpr absl::string_view kKeyId = "local-v1-8f3a1c0d9e7b2a44";

class SealMemoryTest : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(kWatching) << "OpenSSL allocated before this program could watch it"; }

  // What the DEK is: CountingRandom's first 32 bytes.
  static std::string Dek() {
    std::string dek;
    for (char byte = 0; byte < 32; ++byte) dek.push_back(byte);
    return dek;
  }
  std::string WrapKey() const { return std::string(kek_->wrap_key().ExposeAsString()); }
  std::string Seal() const {
    CountingRandom random;
    const absl::StatusOr<std::string> sealed = SealEnvelope(*kek_, LocalKekId{}, kKeyId, plaintext_, random);
    EXPECT_THAT(sealed, IsOk());
    return sealed.value_or("");
  }
  absl::StatusCode Open(const std::string& sealed) const {
    const absl::StatusOr<EnvelopeView> view = ParseEnvelope(sealed);
    EXPECT_THAT(view, IsOk());
    return OpenEnvelope(*kek_, kKeyId, *view).status().code();
  }

  static std::unique_ptr<const LocalKek> MakeKek() {
    CountingRandom random(100);
    const absl::StatusOr<SecretBytes> kek = GenerateLocalKek(random);
    EXPECT_THAT(kek, IsOk());
    absl::StatusOr<std::unique_ptr<const LocalKek>> derived = LocalKek::Derive(*kek);
    EXPECT_THAT(derived, IsOk());
    return *std::move(derived);
  }

  const std::unique_ptr<const LocalKek> kek_ = MakeKek();
  const std::string plaintext_ = std::string(200, 'p');
};

TEST_F(SealMemoryTest, SealAllocatesItsResultOnly) {
  Seal();  // the thread's context and DEK slot
  CountingRandom random;
  const size_t openssl_before = WatchedHeap::Get().allocations();
  const size_t before = operator_new_calls;
  const absl::StatusOr<std::string> sealed = SealEnvelope(*kek_, LocalKekId{}, kKeyId, plaintext_, random);
  EXPECT_EQ(operator_new_calls - before, 1u);
  EXPECT_EQ(WatchedHeap::Get().allocations(), openssl_before);
  EXPECT_THAT(sealed, IsOk());
}

TEST_F(SealMemoryTest, OpenAllocatesItsResultOnly) {
  const std::string sealed = Seal();
  EXPECT_EQ(Open(sealed), absl::StatusCode::kOk);
  const absl::StatusOr<EnvelopeView> view = ParseEnvelope(sealed);
  ASSERT_THAT(view, IsOk());
  const size_t openssl_before = WatchedHeap::Get().allocations();
  const size_t before = operator_new_calls;
  const absl::StatusOr<SensitiveString> opened = OpenEnvelope(*kek_, kKeyId, *view);
  EXPECT_EQ(operator_new_calls - before, 1u);
  EXPECT_EQ(WatchedHeap::Get().allocations(), openssl_before);
  EXPECT_THAT(opened, IsOk());
}

// The first round keys of AES-256 are the key itself, so an expanded key is found by the key's bytes. Without
// this the tests below would prove nothing.
TEST_F(SealMemoryTest, AnExpandedKeyIsSeenWhileItIsThere) {
  std::vector<uint8_t> out(kGcmTagBytes);
  const std::vector<uint8_t> nonce(kGcmNonceBytes);
  WatchedHeap::Get().WatchFor(WrapKey());
  ASSERT_THAT(AesGcmSeal(kek_->wrap_key().Expose(), nonce, {}, {}, absl::MakeSpan(out),
                         ExpandedKey::kLeaveForNextCall),
              IsOk());
  EXPECT_TRUE(WatchedHeap::Get().SecretIsLeft());
  ASSERT_THAT(AesGcmSeal(kek_->wrap_key().Expose(), nonce, {}, {}, absl::MakeSpan(out)), IsOk());
  EXPECT_FALSE(WatchedHeap::Get().SecretIsLeft());
}

TEST_F(SealMemoryTest, SealLeavesNoKey) {
  for (const std::string& key : {Dek(), WrapKey()}) {
    WatchedHeap::Get().WatchFor(key);
    Seal();
    EXPECT_FALSE(WatchedHeap::Get().SecretIsLeft());
  }
}

TEST_F(SealMemoryTest, OpenLeavesNoKeyWhateverComesOfIt) {
  const std::string sealed = Seal();
  std::string tampered_dek = sealed;
  tampered_dek[40] = static_cast<char>(tampered_dek[40] ^ 1);
  std::string tampered_payload = sealed;
  tampered_payload.back() = static_cast<char>(tampered_payload.back() ^ 1);
  for (const std::string& key : {Dek(), WrapKey()}) {
    WatchedHeap::Get().WatchFor(key);
    EXPECT_EQ(Open(sealed), absl::StatusCode::kOk);
    EXPECT_FALSE(WatchedHeap::Get().SecretIsLeft());
    EXPECT_EQ(Open(tampered_dek), absl::StatusCode::kDataLoss);
    EXPECT_FALSE(WatchedHeap::Get().SecretIsLeft());
    EXPECT_EQ(Open(tampered_payload), absl::StatusCode::kDataLoss);
    EXPECT_FALSE(WatchedHeap::Get().SecretIsLeft());
  }
}

TEST_F(SealMemoryTest, DerivingTheKeysOfAKekLeavesNone) {
  std::string kek;
  for (char byte = 100; kek.size() < 27; ++byte) kek.push_back(byte);
  WatchedHeap::Get().WatchFor(kek);
  MakeKek();
  EXPECT_FALSE(WatchedHeap::Get().SecretIsLeft());
  WatchedHeap::Get().WatchFor(WrapKey());
  MakeKek();
  EXPECT_FALSE(WatchedHeap::Get().SecretIsLeft());
}

}  // namespace
}  // namespace signet::crypto
