#include "plugin/hierarchy/key_history.h"

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"

namespace signet {
namespace {

using Verdict = KeyHistory::Verdict;

AnnouncedKey Key(const std::string& key_id, std::optional<uint64_t> number = std::nullopt,
                 uint32_t generation = 0) {
  AnnouncedKey key;
  key.key_id = key_id;
  key.first_announced = absl::FromUnixSeconds(1700000000);
  key.provider_type = 2;
  key.fingerprint = {1, 2, 3, 4, 5, 6, 7, 8};
  key.generation = generation;
  key.number = number;
  return key;
}

KeyHistory History(std::vector<AnnouncedKey> keys) {
  KeyHistory history;
  for (AnnouncedKey& key : keys) history.Append(std::move(key));
  return history;
}

TEST(KeyHistoryTest, AnythingIsNewToAnEmptyOne) { EXPECT_EQ(KeyHistory().Judge(Key("a", 1)), Verdict::kNew); }

TEST(KeyHistoryTest, TheLastOneIsTheNewest) {
  EXPECT_EQ(History({Key("a", 1), Key("b", 2)}).Judge(Key("b", 2)), Verdict::kNewest);
}

TEST(KeyHistoryTest, AnEarlierOneIsSuperseded) {
  EXPECT_EQ(History({Key("a"), Key("b")}).Judge(Key("a")), Verdict::kSuperseded);
}

TEST(KeyHistoryTest, ALowerNumberOfTheSameKeyIsSupersededThoughItsKeyIdIsUnknown) {
  EXPECT_EQ(History({Key("a", 3)}).Judge(Key("b", 2)), Verdict::kSuperseded);
}

TEST(KeyHistoryTest, ALowerNumberOfAnotherKeyIsNew) {
  AnnouncedKey other = Key("b", 2);
  other.fingerprint[0] = 0xFF;
  EXPECT_EQ(History({Key("a", 3)}).Judge(other), Verdict::kNew);
}

TEST(KeyHistoryTest, ARaisedGenerationMakesRoomBelow) {
  EXPECT_EQ(History({Key("a", 3)}).Judge(Key("b", 2, 1)), Verdict::kNew);
}

TEST(KeyHistoryTest, ALoweredGenerationDoesNot) {
  EXPECT_EQ(History({Key("a", 3, 2)}).Judge(Key("b", 2, 1)), Verdict::kSuperseded);
}

TEST(KeyHistoryTest, AnEqualNumberWithAnotherMarkIsNew) {
  EXPECT_EQ(History({Key("a", 3)}).Judge(Key("b", 3)), Verdict::kNew);
}

TEST(KeyHistoryTest, NamesTheGenerationAboveAllOfThisKey) {
  AnnouncedKey other = Key("c", 1, 9);
  other.fingerprint[0] = 0xFF;
  EXPECT_EQ(History({Key("a", 3, 4), Key("b", 5), other}).NextGeneration(Key("a", 3)), 5u);
}

TEST(KeyHistoryTest, KeepsTheBoundAndStillRefusesWhatItForgot) {
  KeyHistory history;
  for (uint64_t i = 1; i <= KeyHistory::kMaxEntries + 10; ++i) history.Append(Key(absl::StrCat("k", i), i));
  EXPECT_EQ(history.entries().size(), KeyHistory::kMaxEntries);
  EXPECT_EQ(history.entries().front().key_id, "k11");
  EXPECT_EQ(history.Judge(Key("k5", 5)), Verdict::kSuperseded);
}

TEST(KeyHistoryTest, ForgetsAnOrderedOneBeforeAnUnorderedOne) {
  KeyHistory history;
  history.Append(Key("unordered"));
  for (uint64_t i = 1; i <= KeyHistory::kMaxEntries; ++i) history.Append(Key(absl::StrCat("k", i), i));
  EXPECT_EQ(history.entries().front().key_id, "unordered");
  EXPECT_EQ(history.entries()[1].key_id, "k2");
}

TEST(KeyHistoryTest, ForgetsTheOldestWhenNoneHasAnOrder) {
  KeyHistory history;
  for (uint64_t i = 0; i <= KeyHistory::kMaxEntries; ++i) history.Append(Key(absl::StrCat("k", i)));
  EXPECT_EQ(history.entries().size(), KeyHistory::kMaxEntries);
  EXPECT_EQ(history.entries().front().key_id, "k1");
}

}  // namespace
}  // namespace signet
