#include "plugin/hierarchy/provider_health.h"

#include <gtest/gtest.h>

#include "kms_client/failure_class.h"

namespace signet {
namespace {

using kms::FailureClass;
using kms::WithFailureClass;

const absl::Status kAway = absl::UnavailableError("away");
const absl::Status kDenied = WithFailureClass(absl::PermissionDeniedError("no"), FailureClass::kDenied);
const absl::Status kRevoked = WithFailureClass(absl::FailedPreconditionError("off"), FailureClass::kRevoked);

class ProviderHealthTest : public ::testing::Test {
 protected:
  ProviderHealthTest() { Probe(absl::OkStatus()); }
  ProviderClass Probe(const absl::Status& status) {
    health_.HearProbe(status, now_);
    return health_.provider_class();
  }
  ProviderClass Later(absl::Duration by, const absl::Status& status) {
    now_ += by;
    return Probe(status);
  }

  MonotonicTime now_ = absl::Seconds(1000);
  ProviderHealth health_{absl::Seconds(10)};
};

TEST_F(ProviderHealthTest, IsUnknownUntilAnythingIsHeard) {
  EXPECT_EQ(ProviderHealth(absl::Seconds(10)).provider_class(), ProviderClass::kUnknown);
  EXPECT_EQ(health_.provider_class(), ProviderClass::kHealthy);
}

TEST_F(ProviderHealthTest, OneBadAnswerIsASuspicionAndNoMore) {
  for (const absl::Status& status : {kAway, kDenied, kRevoked}) {
    EXPECT_EQ(Later(absl::Seconds(240), status), ProviderClass::kHealthy);
    EXPECT_TRUE(health_.suspected().has_value());
    EXPECT_EQ(Later(absl::Seconds(10), absl::OkStatus()), ProviderClass::kHealthy);
    EXPECT_FALSE(health_.suspected().has_value());
  }
}

TEST_F(ProviderHealthTest, RevokedIsConfirmedTwiceTenSecondsApart) {
  Probe(kRevoked);
  EXPECT_EQ(Later(absl::Seconds(9), kRevoked), ProviderClass::kHealthy);
  EXPECT_EQ(Later(absl::Seconds(1), kRevoked), ProviderClass::kHealthy);
  EXPECT_EQ(health_.next_confirmation(), now_ + absl::Seconds(10));
  EXPECT_EQ(Later(absl::Seconds(10), kRevoked), ProviderClass::kRevoked);
  EXPECT_EQ(health_.next_confirmation(), absl::InfiniteDuration());
}

TEST_F(ProviderHealthTest, DeniedIsConfirmedThreeTimesTwentySecondsApart) {
  Probe(kDenied);
  EXPECT_EQ(Later(absl::Seconds(20), kDenied), ProviderClass::kHealthy);
  EXPECT_EQ(Later(absl::Seconds(20), kDenied), ProviderClass::kHealthy);
  EXPECT_EQ(Later(absl::Seconds(20), kDenied), ProviderClass::kDenied);
}

TEST_F(ProviderHealthTest, ADenialThatIsNotProvenIsUnreachable) {
  for (int i = 0; i < 5; ++i) Later(absl::Seconds(20), absl::UnauthenticatedError("401"));
  EXPECT_EQ(health_.provider_class(), ProviderClass::kUnreachable);
  for (int i = 0; i < 5; ++i)
    Later(absl::Seconds(20), absl::PermissionDeniedError("403, credential unproven"));
  EXPECT_EQ(health_.provider_class(), ProviderClass::kUnreachable);
}

TEST_F(ProviderHealthTest, ABadBlobSaysNothing) {
  for (int i = 0; i < 5; ++i) Later(absl::Seconds(20), absl::DataLossError("bad"));
  EXPECT_EQ(health_.provider_class(), ProviderClass::kHealthy);
  EXPECT_FALSE(health_.suspected().has_value());
}

TEST_F(ProviderHealthTest, SilenceTakesNoRevocationBackAndASuccessDoes) {
  for (int i = 0; i < 3; ++i) Later(absl::Seconds(10), kRevoked);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(Later(absl::Seconds(20), kAway), ProviderClass::kRevoked);
  EXPECT_EQ(Later(absl::Seconds(20), absl::OkStatus()), ProviderClass::kHealthy);
}

TEST_F(ProviderHealthTest, AnUnwrapOfAnotherRecordEndsUnreachableButNoRefusal) {
  for (int i = 0; i < 3; ++i) Later(absl::Seconds(10), kAway);
  EXPECT_EQ(health_.provider_class(), ProviderClass::kUnreachable);
  health_.HearUnwrap(absl::OkStatus());
  EXPECT_EQ(health_.provider_class(), ProviderClass::kHealthy);
  for (int i = 0; i < 4; ++i) Later(absl::Seconds(20), kDenied);
  health_.HearUnwrap(absl::OkStatus());
  EXPECT_EQ(health_.provider_class(), ProviderClass::kDenied);
}

TEST_F(ProviderHealthTest, RefusedWrapOrDescribeDegradesWhileUnwrapWorks) {
  health_.HearWrap(kDenied);
  EXPECT_EQ(health_.provider_class(), ProviderClass::kDegraded);
  health_.HearWrap(kAway);
  EXPECT_EQ(health_.provider_class(), ProviderClass::kDegraded);
  health_.HearWrap(absl::OkStatus());
  EXPECT_EQ(health_.provider_class(), ProviderClass::kHealthy);
  health_.HearDescribe(kDenied);
  health_.HearDescribe(kDenied);
  EXPECT_EQ(health_.provider_class(), ProviderClass::kHealthy);
  health_.HearDescribe(kDenied);
  EXPECT_EQ(health_.provider_class(), ProviderClass::kDegraded);
  EXPECT_TRUE(health_.describe_refused());
  health_.HearDescribe(absl::OkStatus());
  EXPECT_EQ(health_.provider_class(), ProviderClass::kHealthy);
}

TEST_F(ProviderHealthTest, WhatARevokedKeyRefusesDoesNotOutliveTheRevocation) {
  for (int i = 0; i < 3; ++i) {
    health_.HearDescribe(kRevoked);
    health_.HearWrap(kRevoked);
    Later(absl::Seconds(10), kRevoked);
  }
  EXPECT_EQ(Later(absl::Seconds(10), absl::OkStatus()), ProviderClass::kHealthy);
}

TEST_F(ProviderHealthTest, RolledBackShowsUnlessThereIsWorse) {
  health_.SetRolledBack(true);
  EXPECT_EQ(health_.provider_class(), ProviderClass::kRolledBack);
  for (int i = 0; i < 3; ++i) Later(absl::Seconds(10), kRevoked);
  EXPECT_EQ(health_.provider_class(), ProviderClass::kRevoked);
}

}  // namespace
}  // namespace signet
