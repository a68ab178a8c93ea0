#include "plugin/hierarchy/kek_cache.h"

#include <gtest/gtest.h>

#include "crypto/random.h"
#include "crypto/secure_heap.h"

namespace signet {
namespace {

crypto::LocalKekId Id(uint8_t value) {
  crypto::LocalKekId id{};
  id[0] = value;
  return id;
}

std::shared_ptr<const VerifiedKek> Kek() {
  const crypto::SecretBytes bytes = crypto::GenerateLocalKek(crypto::SystemRandom()).value();
  std::shared_ptr<const crypto::LocalKek> kek = crypto::LocalKek::Derive(bytes).value();
  return std::make_shared<VerifiedKek>(VerifiedKek{"key-id", 1700000000, std::move(kek), {}});
}

TEST(KekCacheTest, FindsWhatWasInserted) {
  KekCache cache(2);
  const auto kek = Kek();
  EXPECT_FALSE(cache.Insert(Id(1), kek));
  EXPECT_EQ(cache.Find(Id(1)), kek);
  EXPECT_EQ(cache.Find(Id(2)), nullptr);
}

TEST(KekCacheTest, EvictsTheLeastRecentlyUsed) {
  KekCache cache(2);
  cache.Insert(Id(1), Kek());
  cache.Insert(Id(2), Kek());
  EXPECT_NE(cache.Find(Id(1)), nullptr);
  EXPECT_TRUE(cache.Insert(Id(3), Kek()));
  EXPECT_FALSE(cache.Contains(Id(2)));
  EXPECT_TRUE(cache.Contains(Id(1)));
  EXPECT_EQ(cache.size(), 2u);
}

TEST(KekCacheTest, WhatIsReadAheadIsEvictedFirstAndNeverEvicts) {
  KekCache cache(2);
  cache.Insert(Id(1), Kek());
  EXPECT_FALSE(cache.Insert(Id(2), Kek(), KekCache::Place::kOldest));
  EXPECT_FALSE(cache.Insert(Id(3), Kek(), KekCache::Place::kOldest));
  EXPECT_FALSE(cache.Contains(Id(3)));
  cache.Insert(Id(4), Kek());
  EXPECT_FALSE(cache.Contains(Id(2)));
  EXPECT_TRUE(cache.Contains(Id(1)));
}

TEST(KekCacheTest, AnEvictedKeyLeavesTheSecureHeap) {
  const size_t before = crypto::SecureHeapBytesInUse();
  KekCache cache(1);
  cache.Insert(Id(1), Kek());
  const size_t one = crypto::SecureHeapBytesInUse();
  EXPECT_GT(one, before);
  cache.Insert(Id(2), Kek());
  EXPECT_EQ(crypto::SecureHeapBytesInUse(), one);
  cache.Clear();
  EXPECT_EQ(crypto::SecureHeapBytesInUse(), before);
}

TEST(KekCacheTest, AKeyInUseOutlivesItsEviction) {
  KekCache cache(1);
  cache.Insert(Id(1), Kek());
  const auto used = cache.Find(Id(1));
  cache.Insert(Id(2), Kek());
  EXPECT_EQ(used->kek->wrap_key().size(), crypto::kLocalKekBytes);
}

TEST(KekCacheTest, InsertingAgainReplaces) {
  KekCache cache(2);
  cache.Insert(Id(1), Kek());
  const auto second = Kek();
  EXPECT_FALSE(cache.Insert(Id(1), second));
  EXPECT_EQ(cache.Find(Id(1)), second);
  EXPECT_EQ(cache.size(), 1u);
}

TEST(KekCacheTest, WhatWasReadBeforeAPurgeDoesNotComeBackAfterIt) {
  KekCache cache(4);
  cache.Insert(Id(1), Kek());
  const uint64_t epoch = cache.epoch();
  EXPECT_EQ(cache.EraseIf([](const VerifiedKek&) { return true; }), 1u);
  cache.Insert(Id(2), Kek(), KekCache::Place::kNewest, epoch);
  EXPECT_EQ(cache.size(), 0u);
  cache.Insert(Id(2), Kek(), KekCache::Place::kNewest, cache.epoch());
  EXPECT_EQ(cache.size(), 1u);
}

TEST(KekCacheTest, DropsWhatItIsToldToAndNoMore) {
  KekCache cache(4);
  const auto kept = Kek();
  cache.Insert(Id(1), kept);
  cache.Insert(Id(2), Kek());
  EXPECT_EQ(cache.EraseIf([&kept](const VerifiedKek& kek) { return &kek != kept.get(); }), 1u);
  EXPECT_TRUE(cache.Contains(Id(1)));
  EXPECT_FALSE(cache.Contains(Id(2)));
}

}  // namespace
}  // namespace signet
