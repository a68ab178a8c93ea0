#include "kms_client/local/keyring_merge.h"

#include <gmock/gmock.h>

#include "kms_client/local/keyring_codec.h"
#include "tests/unit/kms_client/local/local_test_env.h"

namespace signet::kms {
namespace {

using ::signet::testing::IsOk;
using ::signet::testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr absl::StatusCode kFailedPrecondition = absl::StatusCode::kFailedPrecondition;

// Two nodes that began with the same keyring.
class KeyringMergeTest : public LocalTest {
 protected:
  void SetUp() override {
    a_.emplace(NewKeyring().value());
    b_.emplace(Copy(*a_));
  }
  static Keyring Copy(const Keyring& keyring) {
    const crypto::SensitiveString bytes = EncodeKeyring(keyring).value();
    return DecodeKeyring(ParseKeyringFile(bytes.Expose()).value(), nullptr).value();
  }
  absl::Time Now() const { return clock_.Wall(); }
  uint32_t Active(const Keyring& keyring) const { return keyring.Active(Now())->number; }
  void Add(Keyring& keyring) { ASSERT_THAT(keyring.Add(random_, Now()), IsOk()); }
  void Activate(Keyring& keyring, uint32_t number, std::optional<absl::Time> at = std::nullopt) {
    ASSERT_THAT(keyring.Activate(number, at, Now()), IsOk());
  }
  absl::StatusOr<KeyringMergeReport> MergeAIntoB() { return MergeKeyring(*a_, Now(), *b_); }

  std::optional<Keyring> a_;
  std::optional<Keyring> b_;
};

TEST_F(KeyringMergeTest, BringsAVersionWithItsKeyThatOnlyUnwraps) {
  Add(*a_);
  ASSERT_OK_AND_ASSIGN(const KeyringMergeReport report, MergeAIntoB());
  EXPECT_THAT(report.added, ElementsAre(2u));
  EXPECT_EQ(b_->Find(2)->key, a_->Find(2)->key);
  EXPECT_EQ(b_->Find(2)->id, a_->Find(2)->id);
  EXPECT_EQ(Active(*b_), 1u);
}

TEST_F(KeyringMergeTest, MergingTwiceChangesNothing) {
  Add(*a_);
  ASSERT_THAT(MergeAIntoB(), IsOk());
  ASSERT_OK_AND_ASSIGN(const KeyringMergeReport again, MergeAIntoB());
  EXPECT_THAT(again.added, IsEmpty());
  EXPECT_EQ(b_->versions().size(), 2u);
}

TEST_F(KeyringMergeTest, TakesOverAScheduleThatLiesInTheFuture) {
  Add(*a_);
  Activate(*a_, 2, Now() + absl::Minutes(5));
  ASSERT_OK_AND_ASSIGN(const KeyringMergeReport report, MergeAIntoB());
  EXPECT_THAT(report.scheduled, ElementsAre(2u));
  clock_.Advance(absl::Minutes(5));
  EXPECT_EQ(Active(*a_), 2u);
  EXPECT_EQ(Active(*b_), 2u);
}

TEST_F(KeyringMergeTest, RefusesASchedulePassedByTheTimeOfTheMergeButTakesTheKey) {
  Add(*a_);
  Activate(*a_, 2, Now() + absl::Minutes(5));
  clock_.Advance(absl::Minutes(6));
  ASSERT_OK_AND_ASSIGN(const KeyringMergeReport report, MergeAIntoB());
  EXPECT_THAT(report.added, ElementsAre(2u));
  EXPECT_THAT(report.scheduled, IsEmpty());
  EXPECT_THAT(report.not_activated, ElementsAre(2u));
  EXPECT_EQ(Active(*b_), 1u);
  EXPECT_EQ(b_->Find(2)->key, a_->Find(2)->key);
  Activate(*b_, 2);
  EXPECT_EQ(Active(*b_), 2u);
}

TEST_F(KeyringMergeTest, NeverActivatesWhatIsActiveThere) {
  Add(*a_);
  Activate(*a_, 2);
  ASSERT_OK_AND_ASSIGN(const KeyringMergeReport report, MergeAIntoB());
  EXPECT_THAT(report.not_activated, ElementsAre(2u));
  EXPECT_EQ(Active(*b_), 1u);
}

TEST_F(KeyringMergeTest, AScheduleTakenOverInTimePassesOnANodeThatWasDown) {
  Add(*a_);
  Activate(*a_, 2, Now() + absl::Minutes(5));
  ASSERT_THAT(MergeAIntoB(), IsOk());
  clock_.Advance(absl::Hours(5));
  EXPECT_EQ(Active(*b_), 2u);
}

TEST_F(KeyringMergeTest, RefusesTwoSchedulesOfOneVersion) {
  Add(*a_);
  Activate(*a_, 2, Now() + absl::Minutes(5));
  ASSERT_THAT(MergeAIntoB(), IsOk());
  Activate(*a_, 2, Now() + absl::Minutes(50));
  EXPECT_THAT(MergeAIntoB(), StatusIs(kFailedPrecondition, HasSubstr("another time")));
}

TEST_F(KeyringMergeTest, RefusesANumberThatWasGivenOnTwoNodes) {
  Add(*a_);
  Add(*b_);
  Add(*a_);
  EXPECT_THAT(MergeAIntoB(), StatusIs(kFailedPrecondition, HasSubstr("version 2")));
  EXPECT_EQ(b_->versions().size(), 2u) << "nothing is changed by a refused merge";
}

TEST_F(KeyringMergeTest, RefusesOneVersionWithTwoKeys) {
  b_->MutableVersion(1)->key.ExposeMutable()[0] ^= 1;
  EXPECT_THAT(MergeAIntoB(), StatusIs(kFailedPrecondition, HasSubstr("another key")));
}

TEST_F(KeyringMergeTest, RefusesOneIdWithTwoNumbers) {
  Add(*a_);
  b_.emplace(Copy(*a_));
  b_->MutableVersion(2)->number = 3;
  EXPECT_THAT(MergeAIntoB(), StatusIs(kFailedPrecondition, HasSubstr("another number")));
}

TEST_F(KeyringMergeTest, RefusesAnotherKeyring) {
  b_.emplace(NewKeyring().value());
  EXPECT_THAT(MergeAIntoB(), StatusIs(kFailedPrecondition, HasSubstr("another keyring")));
}

TEST_F(KeyringMergeTest, DestroyedStaysDestroyed) {
  Add(*a_);
  ASSERT_THAT(MergeAIntoB(), IsOk());
  ASSERT_THAT(b_->Destroy(2, Now()), IsOk());
  ASSERT_OK_AND_ASSIGN(const KeyringMergeReport report, MergeAIntoB());
  EXPECT_THAT(report.stays_destroyed, ElementsAre(2u));
  EXPECT_TRUE(b_->Find(2)->key.empty());
  EXPECT_EQ(b_->Find(2)->state, KeyringVersionState::kDestroyed);
}

TEST_F(KeyringMergeTest, DestructionElsewhereIsReportedAndNotMerged) {
  Add(*a_);
  ASSERT_THAT(MergeAIntoB(), IsOk());
  ASSERT_THAT(a_->Destroy(2, Now()), IsOk());
  ASSERT_OK_AND_ASSIGN(const KeyringMergeReport report, MergeAIntoB());
  EXPECT_THAT(report.destroyed_there, ElementsAre(2u));
  EXPECT_EQ(b_->Find(2)->key.size(), 32u);
}

TEST_F(KeyringMergeTest, ATombstoneKeepsItsNumberOnANodeThatNeverHadTheVersion) {
  Add(*a_);
  ASSERT_THAT(a_->Destroy(2, Now()), IsOk());
  ASSERT_THAT(MergeAIntoB(), IsOk());
  ASSERT_OK_AND_ASSIGN(const uint32_t next, b_->Add(random_, Now()));
  EXPECT_EQ(next, 3u);
}

TEST_F(KeyringMergeTest, KeepsThisNodesOwnStateAndReportsTheDifference) {
  ASSERT_THAT(a_->Disable(1, Now()), IsOk());
  ASSERT_OK_AND_ASSIGN(const KeyringMergeReport report, MergeAIntoB());
  EXPECT_THAT(report.state_differs, ElementsAre(1u));
  EXPECT_EQ(b_->Find(1)->state, KeyringVersionState::kEnabled);
}

TEST_F(KeyringMergeTest, ANewNodeTakesOverWhatIsActive) {
  Add(*a_);
  Activate(*a_, 2);
  Keyring adopted = Copy(*a_);
  const KeyringMergeReport report = AdoptKeyring(Now(), adopted);
  EXPECT_THAT(report.added, ElementsAre(1u, 2u));
  EXPECT_THAT(report.not_activated, IsEmpty());
  EXPECT_EQ(Active(adopted), 2u);
}

TEST_F(KeyringMergeTest, ANewNodeDropsAScheduleThatPassedSinceTheExport) {
  Add(*a_);
  Activate(*a_, 2, Now() + absl::Minutes(5));
  Keyring adopted = Copy(*a_);
  clock_.Advance(absl::Minutes(6));
  const KeyringMergeReport report = AdoptKeyring(Now(), adopted);
  EXPECT_THAT(report.not_activated, ElementsAre(2u));
  EXPECT_EQ(Active(adopted), 1u);
}

TEST_F(KeyringMergeTest, ASuccessorMayNotLoseReviveOrChangeAVersion) {
  Add(*a_);
  b_.emplace(Copy(*a_));
  EXPECT_THAT(CheckSuccessor(*a_, *b_), IsOk());
  b_->MutableVersion(2)->key.ExposeMutable()[5] ^= 1;
  EXPECT_THAT(CheckSuccessor(*a_, *b_), StatusIs(kFailedPrecondition, HasSubstr("another key")));
  b_.emplace(Copy(*a_));
  ASSERT_THAT(a_->Destroy(2, Now()), IsOk());
  EXPECT_THAT(CheckSuccessor(*a_, *b_), StatusIs(kFailedPrecondition, HasSubstr("destroyed")));
  Add(*a_);
  EXPECT_THAT(CheckSuccessor(*a_, *b_), StatusIs(kFailedPrecondition));
}

}  // namespace
}  // namespace signet::kms
