#include "kms_client/local/keyring.h"

#include <gmock/gmock.h>

#include <set>

#include "tests/unit/kms_client/local/local_test_env.h"

namespace signet::kms {
namespace {

using ::signet::testing::IsOk;
using ::signet::testing::StatusIs;
using ::testing::HasSubstr;

constexpr absl::StatusCode kFailedPrecondition = absl::StatusCode::kFailedPrecondition;

class KeyringTest : public LocalTest {
 protected:
  void SetUp() override {
    ASSERT_OK_AND_ASSIGN(Keyring keyring, NewKeyring());
    keyring_.emplace(std::move(keyring));
  }
  uint32_t Add() {
    const absl::StatusOr<uint32_t> number = keyring_->Add(random_, Now());
    EXPECT_THAT(number, IsOk());
    return number.value_or(0);
  }
  absl::Time Now() const { return clock_.Wall(); }
  uint32_t Active() const {
    const KeyringVersion* const active = keyring_->Active(Now());
    return active == nullptr ? 0 : active->number;
  }

  std::optional<Keyring> keyring_;
};

TEST_F(KeyringTest, StartsWithVersionOneActive) {
  ASSERT_EQ(keyring_->versions().size(), 1u);
  EXPECT_EQ(Active(), 1u);
  EXPECT_EQ(keyring_->Find(1)->key.size(), 32u);
  EXPECT_EQ(keyring_->revision(), 1u);
}

TEST_F(KeyringTest, AddedVersionOnlyUnwrapsUntilActivated) {
  EXPECT_EQ(Add(), 2u);
  EXPECT_EQ(Active(), 1u);
  EXPECT_NE(keyring_->Find(1)->id, keyring_->Find(2)->id);
  EXPECT_NE(keyring_->Find(1)->key, keyring_->Find(2)->key);
  EXPECT_THAT(keyring_->Activate(2, std::nullopt, Now()), IsOk());
  EXPECT_EQ(Active(), 2u);
}

TEST_F(KeyringTest, ScheduledVersionBecomesActiveWhenItsTimePasses) {
  Add();
  ASSERT_THAT(keyring_->Activate(2, Now() + absl::Minutes(10), Now()), IsOk());
  clock_.Advance(absl::Minutes(10) - absl::Seconds(1));
  EXPECT_EQ(Active(), 1u);
  clock_.Advance(absl::Seconds(1));
  EXPECT_EQ(Active(), 2u);
}

TEST_F(KeyringTest, RefusesAnActivationTimeThatHasPassed) {
  Add();
  EXPECT_THAT(keyring_->Activate(2, Now(), Now()), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(keyring_->Activate(2, Now() - absl::Hours(1), Now()),
              StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_EQ(Active(), 1u);
  EXPECT_FALSE(keyring_->Find(2)->activate_at.has_value());
}

TEST_F(KeyringTest, ALatchedActivationSurvivesAClockSetBack) {
  Add();
  ASSERT_THAT(keyring_->Activate(2, Now() + absl::Minutes(10), Now()), IsOk());
  clock_.Advance(absl::Minutes(10));
  EXPECT_TRUE(keyring_->Latch(Now()));
  EXPECT_FALSE(keyring_->Latch(Now()));
  clock_.JumpWall(-absl::Hours(24));
  EXPECT_EQ(Active(), 2u);
}

TEST_F(KeyringTest, APendingScheduleMayBeReplaced) {
  Add();
  ASSERT_THAT(keyring_->Activate(2, Now() + absl::Minutes(10), Now()), IsOk());
  ASSERT_THAT(keyring_->Activate(2, Now() + absl::Minutes(30), Now()), IsOk());
  clock_.Advance(absl::Minutes(10));
  EXPECT_EQ(Active(), 1u);
  clock_.Advance(absl::Minutes(20));
  EXPECT_EQ(Active(), 2u);
}

TEST_F(KeyringTest, ASupersededVersionNeverComesBack) {
  Add();
  ASSERT_THAT(keyring_->Activate(2, std::nullopt, Now()), IsOk());
  EXPECT_THAT(keyring_->Activate(1, std::nullopt, Now()),
              StatusIs(kFailedPrecondition, HasSubstr("superseded by version 2")));
  EXPECT_THAT(keyring_->Activate(1, Now() + absl::Hours(1), Now()), StatusIs(kFailedPrecondition));
}

TEST_F(KeyringTest, AVersionOvertakenByAHigherOneStaysSuperseded) {
  Add();
  Add();
  ASSERT_THAT(keyring_->Activate(2, Now() + absl::Minutes(10), Now()), IsOk());
  ASSERT_THAT(keyring_->Activate(3, std::nullopt, Now()), IsOk());
  clock_.Advance(absl::Minutes(10));
  EXPECT_EQ(Active(), 3u);
}

TEST_F(KeyringTest, ActivatingTheActiveVersionIsFineOnceButNotOnASchedule) {
  EXPECT_THAT(keyring_->Activate(1, std::nullopt, Now()), IsOk());
  EXPECT_THAT(keyring_->Activate(1, Now() + absl::Hours(1), Now()), StatusIs(kFailedPrecondition));
}

TEST_F(KeyringTest, DisablingTheActiveVersionPutsNoOtherInItsPlace) {
  Add();
  ASSERT_THAT(keyring_->Activate(2, std::nullopt, Now()), IsOk());
  ASSERT_THAT(keyring_->Disable(2, Now()), IsOk());
  EXPECT_EQ(Active(), 2u);
  EXPECT_EQ(keyring_->Find(2)->state, KeyringVersionState::kDisabled);
  ASSERT_THAT(keyring_->Enable(2, Now()), IsOk());
  EXPECT_EQ(keyring_->Find(2)->state, KeyringVersionState::kEnabled);
  EXPECT_EQ(keyring_->Find(2)->key.size(), 32u);
}

TEST_F(KeyringTest, ADisabledVersionIsNotTakenUpNorWhenEnabledLater) {
  Add();
  ASSERT_THAT(keyring_->Activate(2, Now() + absl::Minutes(10), Now()), IsOk());
  ASSERT_THAT(keyring_->Disable(2, Now()), IsOk());
  clock_.Advance(absl::Minutes(20));
  EXPECT_EQ(Active(), 1u);
  ASSERT_THAT(keyring_->Enable(2, Now()), IsOk());
  EXPECT_EQ(Active(), 1u);
  EXPECT_FALSE(keyring_->Find(2)->activate_at.has_value());
}

TEST_F(KeyringTest, DisablingAfterThePassedActivationKeepsItActive) {
  Add();
  ASSERT_THAT(keyring_->Activate(2, Now() + absl::Minutes(10), Now()), IsOk());
  clock_.Advance(absl::Minutes(20));
  ASSERT_THAT(keyring_->Disable(2, Now()), IsOk());
  EXPECT_EQ(Active(), 2u);
}

TEST_F(KeyringTest, RefusesToActivateADisabledVersion) {
  Add();
  ASSERT_THAT(keyring_->Disable(2, Now()), IsOk());
  EXPECT_THAT(keyring_->Activate(2, std::nullopt, Now()),
              StatusIs(kFailedPrecondition, HasSubstr("disabled")));
}

TEST_F(KeyringTest, DestroyForgetsTheKeyForGoodAndKeepsTheNumber) {
  Add();
  ASSERT_THAT(keyring_->Activate(2, std::nullopt, Now()), IsOk());
  ASSERT_THAT(keyring_->Destroy(1, Now()), IsOk());
  EXPECT_TRUE(keyring_->Find(1)->key.empty());
  EXPECT_THAT(keyring_->Enable(1, Now()), StatusIs(kFailedPrecondition));
  EXPECT_THAT(keyring_->Disable(1, Now()), StatusIs(kFailedPrecondition));
  EXPECT_THAT(keyring_->Destroy(1, Now()), IsOk());
  EXPECT_EQ(Add(), 3u);
}

TEST_F(KeyringTest, RefusesToDestroyTheActiveVersion) {
  EXPECT_THAT(keyring_->Destroy(1, Now()), StatusIs(kFailedPrecondition, HasSubstr("active")));
  EXPECT_EQ(keyring_->Find(1)->key.size(), 32u);
}

TEST_F(KeyringTest, DestroyingAScheduledVersionCancelsItsSchedule) {
  Add();
  ASSERT_THAT(keyring_->Activate(2, Now() + absl::Minutes(10), Now()), IsOk());
  ASSERT_THAT(keyring_->Destroy(2, Now()), IsOk());
  clock_.Advance(absl::Hours(1));
  EXPECT_EQ(Active(), 1u);
}

TEST_F(KeyringTest, NamesAMissingVersion) {
  EXPECT_THAT(keyring_->Disable(7, Now()), StatusIs(absl::StatusCode::kNotFound, HasSubstr("7")));
  EXPECT_THAT(keyring_->Destroy(7, Now()), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(keyring_->Activate(7, std::nullopt, Now()), StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(KeyringTest, RefusesLabelsThatCouldForgeALine) {
  EXPECT_THAT(keyring_->Add(random_, Now(), "a\nb"), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(keyring_->Add(random_, Now(), std::string(65, 'a')),
              StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(keyring_->Add(random_, Now(), std::string(64, '~')), IsOk());
}

TEST_F(KeyringTest, HoldsAtMostAThousandAndTwentyFourVersions) {
  while (keyring_->versions().size() < kMaxKeyringVersions) Add();
  EXPECT_THAT(keyring_->Add(random_, Now()), StatusIs(absl::StatusCode::kResourceExhausted));
}

TEST_F(KeyringTest, CheckValuesTellVersionsApartWithoutTheKey) {
  Add();
  ASSERT_OK_AND_ASSIGN(const std::string first, KeyringCheckValue(*keyring_, *keyring_->Find(1)));
  ASSERT_OK_AND_ASSIGN(const std::string second, KeyringCheckValue(*keyring_, *keyring_->Find(2)));
  EXPECT_EQ(first.size(), 8u);
  EXPECT_NE(first, second);
  ASSERT_THAT(keyring_->Destroy(2, Now()), IsOk());
  EXPECT_THAT(KeyringCheckValue(*keyring_, *keyring_->Find(2)), testing::IsOk());
  EXPECT_EQ(KeyringCheckValue(*keyring_, *keyring_->Find(2)).value(), "");
}

}  // namespace
}  // namespace signet::kms
