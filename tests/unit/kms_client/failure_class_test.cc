#include "kms_client/failure_class.h"

#include <gtest/gtest.h>

#include "absl/strings/cord.h"

namespace signet::kms {
namespace {

TEST(FailureClassTest, TravelsWithTheStatus) {
  for (const FailureClass failure : {FailureClass::kUnreachable, FailureClass::kThrottled,
                                     FailureClass::kDenied, FailureClass::kRevoked, FailureClass::kBadBlob}) {
    const absl::Status status = WithFailureClass(absl::UnavailableError("x"), failure);
    const absl::Status copy = status;
    EXPECT_EQ(GetFailureClass(copy), failure) << FailureClassName(failure);
    EXPECT_EQ(copy.message(), "x");
  }
}

TEST(FailureClassTest, TheLastOneAttachedCounts) {
  const absl::Status status = WithFailureClass(
      WithFailureClass(absl::NotFoundError("x"), FailureClass::kRevoked), FailureClass::kBadBlob);
  EXPECT_EQ(GetFailureClass(status), FailureClass::kBadBlob);
}

TEST(FailureClassTest, WithoutAClassNothingIsPurged) {
  EXPECT_EQ(GetFailureClass(absl::DataLossError("")), FailureClass::kBadBlob);
  EXPECT_EQ(GetFailureClass(absl::InvalidArgumentError("")), FailureClass::kBadBlob);
  EXPECT_EQ(GetFailureClass(absl::ResourceExhaustedError("")), FailureClass::kThrottled);
  for (const absl::Status& status :
       {absl::UnavailableError(""), absl::PermissionDeniedError(""), absl::FailedPreconditionError(""),
        absl::NotFoundError(""), absl::UnknownError("")}) {
    EXPECT_EQ(GetFailureClass(status), FailureClass::kUnreachable) << status;
  }
}

TEST(FailureClassTest, AnUnknownPayloadIsAsNone) {
  absl::Status status = absl::PermissionDeniedError("");
  status.SetPayload("signet/failure-class", absl::Cord("from the future"));
  EXPECT_EQ(GetFailureClass(status), FailureClass::kUnreachable);
}

}  // namespace
}  // namespace signet::kms
