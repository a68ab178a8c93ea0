#include "tests/contract/kms_client_contract.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cstdlib>
#include <set>
#include <thread>

#include "absl/strings/match.h"
#include "kms_client/failure_class.h"
#include "tests/testing/status_matchers.h"

namespace signet::testing {

using kms::FailureClass;
using kms::GetFailureClass;
using ::testing::AnyOf;
using ::testing::Contains;
using ::testing::MatchesRegex;

kms::CallContext KmsClientContract::Call() const {
  kms::CallContext call;
  call.deadline = backend_->clock().Monotonic() + absl::Seconds(30);
  call.uid = "6b1f2f04-contract";
  return call;
}

crypto::SecretBytes KmsClientContract::Plaintext(uint8_t fill) {
  absl::StatusOr<crypto::SecretBytes> bytes = crypto::SecretBytes::Create(32);
  if (!bytes.ok()) std::abort();
  std::fill(bytes->ExposeMutable().begin(), bytes->ExposeMutable().end(), fill);
  return *std::move(bytes);
}

kms::WrapResult KmsClientContract::Wrap(const crypto::SecretBytes& plaintext) {
  absl::StatusOr<kms::WrapResult> wrapped = client().Wrap(Call(), plaintext, context_);
  EXPECT_THAT(wrapped, IsOk());
  return wrapped.ok() ? *std::move(wrapped) : kms::WrapResult{};
}

absl::StatusOr<kms::UnwrapResult> KmsClientContract::Unwrap(kms::KmsClient& with,
                                                            const kms::WrapResult& wrapped) {
  return with.Unwrap(Call(), wrapped.backend_field, wrapped.blob, context_);
}

void KmsClientContract::ExpectUnwraps(kms::KmsClient& with, const kms::WrapResult& wrapped,
                                      const crypto::SecretBytes& plaintext) {
  const absl::StatusOr<kms::UnwrapResult> unwrapped = Unwrap(with, wrapped);
  ASSERT_THAT(unwrapped, IsOk());
  EXPECT_TRUE(unwrapped->plaintext == plaintext);
}

void KmsClientContract::ExpectBadBlob(absl::string_view backend_field, absl::string_view blob) {
  const absl::StatusOr<kms::UnwrapResult> result = client().Unwrap(Call(), backend_field, blob, context_);
  ASSERT_THAT(result,
              AnyOf(StatusIs(absl::StatusCode::kDataLoss), StatusIs(absl::StatusCode::kInvalidArgument),
                    StatusIs(absl::StatusCode::kNotFound), StatusIs(absl::StatusCode::kFailedPrecondition)));
  EXPECT_EQ(GetFailureClass(result.status()), FailureClass::kBadBlob) << result.status();
}

std::string ContractName(const ::testing::TestParamInfo<ContractParam>& info) { return info.param.name; }

TEST_P(KmsClientContract, UnwrapsWhatItWrapped) {
  const crypto::SecretBytes plaintext = Plaintext();
  ExpectUnwraps(client(), Wrap(plaintext), plaintext);
}

TEST_P(KmsClientContract, AnotherNodeUnwrapsWhatThisOneWrapped) {
  const crypto::SecretBytes plaintext = Plaintext();
  ExpectUnwraps(backend_->replica(), Wrap(plaintext), plaintext);
  EXPECT_EQ(client().fingerprint(), backend_->replica().fingerprint());
}

TEST_P(KmsClientContract, KeepsEveryKindOfPlaintext) {
  for (const int fill : {0x00, 0x0A, 0x7F, 0x80, 0xFF}) {
    const crypto::SecretBytes plaintext = Plaintext(static_cast<uint8_t>(fill));
    ExpectUnwraps(client(), Wrap(plaintext), plaintext);
  }
}

TEST_P(KmsClientContract, WrapsExactly32Bytes) {
  for (const size_t size : {0u, 31u, 33u}) {
    const absl::StatusOr<crypto::SecretBytes> plaintext = crypto::SecretBytes::Create(size);
    ASSERT_THAT(plaintext, IsOk());
    EXPECT_THAT(client().Wrap(Call(), *plaintext, context_), StatusIs(absl::StatusCode::kInvalidArgument));
  }
}

TEST_P(KmsClientContract, ResultsFitIntoARecord) {
  const kms::WrapResult wrapped = Wrap(Plaintext());
  EXPECT_LE(wrapped.backend_field.size(), 255u);
  EXPECT_GE(wrapped.blob.size(), 32u);
  EXPECT_LE(wrapped.blob.size(), 3000u);
}

TEST_P(KmsClientContract, VersionLabelsFitIntoAKeyId) {
  const absl::StatusOr<kms::KeyDescription> description = client().Describe(Call());
  ASSERT_THAT(description, IsOk());
  EXPECT_THAT(description->current.label, MatchesRegex("[0-9a-z]{1,20}"));
  EXPECT_FALSE(description->current.mark.empty());
  EXPECT_EQ(description->current.number.has_value(), backend_->capabilities().numbers_versions);
}

TEST_P(KmsClientContract, WrapNamesTheVersionThatDescribeAnnounces) {
  const absl::StatusOr<kms::KeyDescription> description = client().Describe(Call());
  ASSERT_THAT(description, IsOk());
  EXPECT_EQ(Wrap(Plaintext()).version, description->current);
}

TEST_P(KmsClientContract, UnwrapNamesTheVersionThatWrapped) {
  if (!backend_->capabilities().unwrap_names_version) GTEST_SKIP() << "the backend does not tell";
  const kms::WrapResult wrapped = Wrap(Plaintext());
  backend_->Rotate();
  const absl::StatusOr<kms::UnwrapResult> unwrapped = Unwrap(client(), wrapped);
  ASSERT_THAT(unwrapped, IsOk());
  EXPECT_EQ(unwrapped->version, wrapped.version);
}

TEST_P(KmsClientContract, AllNodesDescribeTheSameVersion) {
  backend_->Rotate();
  const absl::StatusOr<kms::KeyDescription> here = client().Describe(Call());
  const absl::StatusOr<kms::KeyDescription> there = backend_->replica().Describe(Call());
  ASSERT_THAT(here, IsOk());
  ASSERT_THAT(there, IsOk());
  EXPECT_EQ(here->current, there->current);
}

TEST_P(KmsClientContract, OnePlaintextNeverMakesOneBlobTwice) {
  std::set<std::string> blobs;
  for (int i = 0; i < 100; ++i) blobs.insert(Wrap(Plaintext()).blob);
  EXPECT_EQ(blobs.size(), 100u);
}

TEST_P(KmsClientContract, ThePlaintextIsNowhereInTheResult) {
  const crypto::SecretBytes plaintext = Plaintext();
  const std::string part(plaintext.ExposeAsString().substr(0, 4));
  const kms::WrapResult wrapped = Wrap(plaintext);
  EXPECT_FALSE(absl::StrContains(wrapped.blob, part));
  EXPECT_FALSE(absl::StrContains(wrapped.backend_field, part));
}

TEST_P(KmsClientContract, AnotherClusterCannotUnwrap) {
  const kms::WrapResult wrapped = Wrap(Plaintext());
  for (const absl::string_view other : {"cluster-2", "cluster-", "cluster-11", "CLUSTER-1"}) {
    const absl::StatusOr<kms::UnwrapResult> result =
        client().Unwrap(Call(), wrapped.backend_field, wrapped.blob, kms::WrapContext{std::string(other)});
    EXPECT_THAT(result, StatusIs(absl::StatusCode::kDataLoss)) << other;
    EXPECT_EQ(GetFailureClass(result.status()), FailureClass::kBadBlob);
  }
}

TEST_P(KmsClientContract, AnotherKeyCannotUnwrap) {
  const absl::StatusOr<kms::UnwrapResult> result = Unwrap(backend_->other_key(), Wrap(Plaintext()));
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(GetFailureClass(result.status()), FailureClass::kBadBlob) << result.status();
  EXPECT_NE(client().fingerprint(), backend_->other_key().fingerprint());
}

TEST_P(KmsClientContract, EveryFlippedBitOfTheBlobIsNoticed) {
  const kms::WrapResult wrapped = Wrap(Plaintext());
  for (size_t bit = 0; bit < wrapped.blob.size() * 8; ++bit) {
    std::string blob = wrapped.blob;
    blob[bit / 8] = static_cast<char>(blob[bit / 8] ^ (1 << (bit % 8)));
    ASSERT_NO_FATAL_FAILURE(ExpectBadBlob(wrapped.backend_field, blob)) << "bit " << bit;
  }
}

TEST_P(KmsClientContract, EveryTruncationIsNoticed) {
  const kms::WrapResult wrapped = Wrap(Plaintext());
  for (size_t size = 0; size < wrapped.blob.size(); ++size) {
    ASSERT_NO_FATAL_FAILURE(ExpectBadBlob(wrapped.backend_field, wrapped.blob.substr(0, size)));
  }
}

TEST_P(KmsClientContract, LongerBlobsAreRefused) {
  const kms::WrapResult wrapped = Wrap(Plaintext());
  ExpectBadBlob(wrapped.backend_field, wrapped.blob + '\0');
  ExpectBadBlob(wrapped.backend_field, wrapped.blob + wrapped.blob);
  ExpectBadBlob(wrapped.backend_field, std::string(65535, 'x'));
  ExpectBadBlob(wrapped.backend_field, std::string(size_t{1} << 20, '\0'));
}

TEST_P(FieldKmsClientContract, AnotherBackendFieldIsRefused) {
  const kms::WrapResult wrapped = Wrap(Plaintext());
  ExpectBadBlob("", wrapped.blob);
  ExpectBadBlob(wrapped.backend_field + "x", wrapped.blob);
  ExpectBadBlob(std::string(255, '\xFF'), wrapped.blob);
  for (size_t i = 0; i < wrapped.backend_field.size(); ++i) {
    std::string field = wrapped.backend_field;
    field[i] = static_cast<char>(field[i] ^ 0x40);
    ExpectBadBlob(field, wrapped.blob);
  }
}

TEST_P(FieldKmsClientContract, TheBackendFieldOfAnotherVersionIsRefused) {
  const kms::WrapResult old = Wrap(Plaintext());
  backend_->Rotate();
  const kms::WrapResult current = Wrap(Plaintext());
  if (old.backend_field == current.backend_field) GTEST_SKIP() << "the blob itself names its version";
  ExpectBadBlob(current.backend_field, old.blob);
  ExpectBadBlob(old.backend_field, current.blob);
}

TEST_P(KmsClientContract, RotationMakesANewVersionAndKeepsTheOldReadable) {
  const crypto::SecretBytes plaintext = Plaintext();
  const kms::WrapResult first = Wrap(plaintext);
  backend_->Rotate();
  const kms::WrapResult second = Wrap(plaintext);
  EXPECT_NE(first.version.label, second.version.label);
  EXPECT_NE(first.version.mark, second.version.mark);
  if (backend_->capabilities().numbers_versions) {
    EXPECT_LT(*first.version.number, *second.version.number);
  }
  for (kms::KmsClient* const reader : {&client(), &backend_->replica()}) {
    ExpectUnwraps(*reader, first, plaintext);
    ExpectUnwraps(*reader, second, plaintext);
  }
}

TEST_P(RotatingKmsClientContract, RotateMakesAVersionThatWrapsFromThenOn) {
  const crypto::SecretBytes plaintext = Plaintext();
  const kms::WrapResult first = Wrap(plaintext);
  ASSERT_THAT(client().Rotate(Call()), IsOk());
  const absl::StatusOr<kms::KeyDescription> description = client().Describe(Call());
  ASSERT_THAT(description, IsOk());
  EXPECT_NE(description->current.label, first.version.label);
  EXPECT_NE(description->current.mark, first.version.mark);
  const kms::WrapResult second = Wrap(plaintext);
  EXPECT_EQ(second.version, description->current);
  ExpectUnwraps(client(), first, plaintext);
  ExpectUnwraps(client(), second, plaintext);
}

TEST_P(KmsClientContract, RotateChangesNothingWhereItCannotOrIsNotWanted) {
  const absl::StatusOr<kms::KeyDescription> before = client().Describe(Call());
  ASSERT_THAT(before, IsOk());
  if (backend_->capabilities().can_rotate) {
    kms::CallContext call = Call();
    call.cancellation = std::make_shared<CancellationToken>();
    call.cancellation->Cancel();
    EXPECT_THAT(client().Rotate(call), StatusIs(absl::StatusCode::kCancelled));
    call = Call();
    call.deadline = backend_->clock().Monotonic();
    EXPECT_THAT(client().Rotate(call), StatusIs(absl::StatusCode::kDeadlineExceeded));
  } else {
    EXPECT_THAT(client().Rotate(Call()), StatusIs(absl::StatusCode::kUnimplemented));
  }
  const absl::StatusOr<kms::KeyDescription> after = client().Describe(Call());
  ASSERT_THAT(after, IsOk());
  EXPECT_EQ(after->current, before->current);
}

TEST_P(KmsClientContract, TheFingerprintOutlivesARotation) {
  const crypto::Fingerprint before = client().fingerprint();
  backend_->Rotate();
  ASSERT_THAT(client().Describe(Call()), IsOk());
  EXPECT_EQ(client().fingerprint(), before);
}

TEST_P(KmsClientContract, ADisabledVersionNeitherWrapsNorUnwrapsUntilEnabled) {
  if (!backend_->capabilities().can_disable) GTEST_SKIP() << "the backend cannot disable";
  const crypto::SecretBytes plaintext = Plaintext();
  const kms::WrapResult wrapped = Wrap(plaintext);
  backend_->DisableCurrent();
  const absl::StatusOr<kms::WrapResult> wrap = client().Wrap(Call(), plaintext, context_);
  EXPECT_THAT(wrap, StatusIs(absl::StatusCode::kFailedPrecondition));
  EXPECT_EQ(GetFailureClass(wrap.status()), FailureClass::kRevoked);
  const absl::StatusOr<kms::UnwrapResult> unwrap = Unwrap(client(), wrapped);
  EXPECT_THAT(unwrap, StatusIs(absl::StatusCode::kFailedPrecondition));
  EXPECT_EQ(GetFailureClass(unwrap.status()), FailureClass::kRevoked);
  backend_->EnableCurrent();
  ExpectUnwraps(client(), wrapped, plaintext);
  ExpectUnwraps(client(), Wrap(plaintext), plaintext);
}

TEST_P(DestroyingKmsClientContract, ADestroyedVersionIsGoneAndTheOthersAreNot) {
  const crypto::SecretBytes plaintext = Plaintext();
  const kms::WrapResult doomed = Wrap(plaintext);
  backend_->Rotate();
  const kms::WrapResult current = Wrap(plaintext);
  backend_->DestroyPrevious();
  const absl::StatusOr<kms::UnwrapResult> result = Unwrap(client(), doomed);
  EXPECT_THAT(result,
              AnyOf(StatusIs(absl::StatusCode::kNotFound), StatusIs(absl::StatusCode::kFailedPrecondition)));
  if (backend_->capabilities().destroyed_is_revoked) {
    EXPECT_EQ(GetFailureClass(result.status()), FailureClass::kRevoked);
  }
  ExpectUnwraps(client(), current, plaintext);
}

TEST_P(RemoteKmsClientContract, AnUnreachableKmsIsUnavailable) {
  const kms::WrapResult wrapped = Wrap(Plaintext());
  backend_->MakeUnreachable();
  const absl::Status statuses[] = {client().Describe(Call()).status(),
                                   client().Wrap(Call(), Plaintext(), context_).status(),
                                   Unwrap(client(), wrapped).status()};
  for (const absl::Status& status : statuses) {
    EXPECT_THAT(status, StatusIs(absl::StatusCode::kUnavailable));
    EXPECT_EQ(GetFailureClass(status), FailureClass::kUnreachable);
  }
}

TEST_P(KmsClientContract, AnswersNobodyWhoIsGone) {
  const kms::WrapResult wrapped = Wrap(Plaintext());
  kms::CallContext call = Call();
  call.cancellation = std::make_shared<CancellationToken>();
  call.cancellation->Cancel();
  EXPECT_THAT(client().Describe(call), StatusIs(absl::StatusCode::kCancelled));
  EXPECT_THAT(client().Wrap(call, Plaintext(), context_), StatusIs(absl::StatusCode::kCancelled));
  EXPECT_THAT(client().Unwrap(call, wrapped.backend_field, wrapped.blob, context_),
              StatusIs(absl::StatusCode::kCancelled));
}

TEST_P(KmsClientContract, DoesNotStartPastTheDeadline) {
  const kms::WrapResult wrapped = Wrap(Plaintext());
  kms::CallContext call = Call();
  call.deadline = backend_->clock().Monotonic();
  EXPECT_THAT(client().Describe(call), StatusIs(absl::StatusCode::kDeadlineExceeded));
  EXPECT_THAT(client().Wrap(call, Plaintext(), context_), StatusIs(absl::StatusCode::kDeadlineExceeded));
  EXPECT_THAT(client().Unwrap(call, wrapped.backend_field, wrapped.blob, context_),
              StatusIs(absl::StatusCode::kDeadlineExceeded));
}

TEST_P(AuditedKmsClientContract, TellsTheKmsWhoAsks) {
  const kms::WrapResult wrapped = Wrap(Plaintext());
  kms::CallContext call = Call();
  call.uid = "the-uid-of-this-unwrap";
  ASSERT_THAT(client().Unwrap(call, wrapped.backend_field, wrapped.blob, context_), IsOk());
  EXPECT_THAT(backend_->uids(), Contains("the-uid-of-this-unwrap"));
}

TEST_P(KmsClientContract, TakesAnyTextAsUid) {
  for (const std::string& uid : {std::string(), std::string("a\0b\r\n\xFF", 6), std::string(1 << 20, 'u')}) {
    kms::CallContext call = Call();
    call.uid = uid;
    EXPECT_THAT(client().Wrap(call, Plaintext(), context_), IsOk());
  }
}

TEST_P(KmsClientContract, ServesManyAtOnceThroughARotation) {
  constexpr int kThreads = 8;
  constexpr int kRounds = 50;
  std::vector<std::thread> threads;
  threads.reserve(kThreads);
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([this, thread] {
      const crypto::SecretBytes plaintext = Plaintext(static_cast<uint8_t>(thread));
      for (int round = 0; round < kRounds; ++round) {
        EXPECT_THAT(client().Describe(Call()), IsOk());
        ExpectUnwraps(round % 2 == 0 ? client() : backend_->replica(), Wrap(plaintext), plaintext);
      }
    });
  }
  for (int i = 0; i < 5; ++i) backend_->Rotate();
  for (std::thread& thread : threads) thread.join();
}

}  // namespace signet::testing
