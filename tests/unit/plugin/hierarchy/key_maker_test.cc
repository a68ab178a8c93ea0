#include "plugin/hierarchy/key_maker.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/escaping.h"
#include "crypto/local_kek.h"
#include "tests/testing/fake_clock.h"
#include "tests/testing/fake_kms_client.h"
#include "tests/testing/status_matchers.h"
#include "tests/unit/plugin/hierarchy/lying_kms_client.h"

namespace signet {
namespace {

using testing::FakeKmsClient;
using testing::IsOk;
using testing::StatusIs;

class KeyMakerTest : public ::testing::Test {
 protected:
  testing::FakeClock clock_;
  HierarchyObserver observer_;
  std::shared_ptr<testing::FakeRemoteKey> remote_ = std::make_shared<testing::FakeRemoteKey>();
  std::shared_ptr<FakeKmsClient> honest_ = std::make_shared<FakeKmsClient>(remote_, clock_);
  std::shared_ptr<testing::LyingKmsClient> client_ = std::make_shared<testing::LyingKmsClient>(honest_);
  ProviderSet providers_{{{"primary", client_}}, clock_, observer_};
  KeyMaker maker_{{"cluster-1", absl::Seconds(2)}, providers_, clock_, crypto::SystemRandom()};
  const KeyPlan plan_{providers_.FindByName("primary"), {providers_.FindByName("primary")}, 0};

  KeyTarget Target() { return maker_.Describe(plan_, nullptr).value(); }
};

TEST_F(KeyMakerTest, AMadeKeyIsTheOneItsRecordWraps) {
  const KeyTarget target = Target();
  ASSERT_OK_AND_ASSIGN(const MadeKey made, maker_.Make(target, KeyMaker::Missing::kRefuse, nullptr));
  ASSERT_OK_AND_ASSIGN(const crypto::Record record, crypto::ParseRecord(made.record));
  EXPECT_EQ(record.key_id, target.announcement.key_id);
  EXPECT_EQ(record.created_unix_seconds, 1700000000u);
  ASSERT_EQ(record.entries.size(), 1u);
  ASSERT_OK_AND_ASSIGN(const kms::UnwrapResult unwrapped,
                       honest_->Unwrap({}, record.entries[0].backend_field, record.entries[0].blob,
                                       kms::WrapContext{"cluster-1"}));
  ASSERT_OK_AND_ASSIGN(const auto kek, crypto::LocalKek::Derive(unwrapped.plaintext));
  EXPECT_EQ(kek->wrap_key(), made.kek->wrap_key());
  EXPECT_THAT(kek->VerifyRecord(made.record, "cluster-1"), IsOk());
  EXPECT_EQ(made.id, crypto::ComputeLocalKekId(made.record));
}

TEST_F(KeyMakerTest, TwoKeysAreNeverTheSame) {
  const KeyTarget target = Target();
  ASSERT_OK_AND_ASSIGN(const MadeKey one, maker_.Make(target, KeyMaker::Missing::kRefuse, nullptr));
  ASSERT_OK_AND_ASSIGN(const MadeKey two, maker_.Make(target, KeyMaker::Missing::kRefuse, nullptr));
  EXPECT_NE(one.kek->wrap_key(), two.kek->wrap_key());
  EXPECT_NE(one.id, two.id);
}

TEST_F(KeyMakerTest, RefusesAWrapUnderAnotherVersionThanDescribed) {
  const KeyTarget target = Target();
  remote_->Rotate();
  EXPECT_THAT(maker_.Make(target, KeyMaker::Missing::kRefuse, nullptr), StatusIs(absl::StatusCode::kAborted));
}

TEST_F(KeyMakerTest, RefusesAWrapWhoseVersionHasAnotherMark) {
  client_->wrap_lie = [](kms::WrapResult& result) { result.version.mark = "another"; };
  EXPECT_THAT(maker_.Make(Target(), KeyMaker::Missing::kRefuse, nullptr),
              StatusIs(absl::StatusCode::kAborted));
}

TEST_F(KeyMakerTest, RefusesAnUnwrapUnderAnotherVersion) {
  client_->unwrap_lie = [](kms::UnwrapResult& result) { result.version->number = 7; };
  EXPECT_THAT(maker_.Make(Target(), KeyMaker::Missing::kRefuse, nullptr),
              StatusIs(absl::StatusCode::kAborted));
}

TEST_F(KeyMakerTest, AcceptsAnUnwrapThatNamesNoVersion) {
  client_->unwrap_lie = [](kms::UnwrapResult& result) { result.version.reset(); };
  EXPECT_THAT(maker_.Make(Target(), KeyMaker::Missing::kRefuse, nullptr), IsOk());
}

TEST_F(KeyMakerTest, RefusesAWrapThatUnwrapsToSomethingElse) {
  client_->unwrap_lie = [](kms::UnwrapResult& result) { result.plaintext.ExposeMutable()[31] ^= 1; };
  EXPECT_THAT(maker_.Make(Target(), KeyMaker::Missing::kRefuse, nullptr),
              StatusIs(absl::StatusCode::kDataLoss));
}

TEST_F(KeyMakerTest, RefusesAWrapThatUnwrapsToLessThanItWas) {
  client_->unwrap_lie = [](kms::UnwrapResult& result) {
    result.plaintext = crypto::SecretBytes::CopyOf(result.plaintext.Expose().subspan(0, 31)).value();
  };
  EXPECT_THAT(maker_.Make(Target(), KeyMaker::Missing::kRefuse, nullptr),
              StatusIs(absl::StatusCode::kDataLoss));
}

// What Make says goes into the log.
TEST_F(KeyMakerTest, NoErrorShowsTheKey) {
  const std::vector<std::function<void(kms::UnwrapResult&)>> lies = {
      [](kms::UnwrapResult& result) { result.plaintext.ExposeMutable()[31] ^= 1; },
      [](kms::UnwrapResult& result) {
        result.plaintext = crypto::SecretBytes::CopyOf(result.plaintext.Expose().subspan(0, 31)).value();
      },
      [](kms::UnwrapResult& result) { result.version->number = 7; }};
  for (const auto& lie : lies) {
    std::string key;
    client_->unwrap_lie = [&](kms::UnwrapResult& result) {
      key = std::string(result.plaintext.ExposeAsString());
      lie(result);
    };
    const absl::Status status = maker_.Make(Target(), KeyMaker::Missing::kRefuse, nullptr).status();
    ASSERT_FALSE(status.ok());
    ASSERT_EQ(key.size(), crypto::kLocalKekBytes);
    // A part of it would be bad enough.
    const std::string part = key.substr(0, 4);
    for (const std::string& shown :
         {part, absl::BytesToHexString(part), absl::Base64Escape(key).substr(0, 6)}) {
      EXPECT_THAT(std::string(status.message()), ::testing::Not(::testing::HasSubstr(shown)));
    }
  }
}

TEST_F(KeyMakerTest, RefusesABlobThatNoRecordHolds) {
  client_->wrap_lie = [](kms::WrapResult& result) { result.backend_field.assign(256, 'f'); };
  client_->unwrap_lie = [](kms::UnwrapResult&) {};
  EXPECT_FALSE(maker_.Make(Target(), KeyMaker::Missing::kRefuse, nullptr).ok());
}

TEST_F(KeyMakerTest, RefusesAVersionThatBreaksTheContract) {
  client_->describe_lie = [](kms::KeyDescription& description) { description.current.label = "not a label"; };
  EXPECT_THAT(maker_.Describe(plan_, nullptr), StatusIs(absl::StatusCode::kInternal));
}

TEST_F(KeyMakerTest, HandsOnWhatTheProviderSays) {
  const KeyTarget target = Target();
  honest_->FailNext(FakeKmsClient::Operation::kWrap, 1, absl::PermissionDeniedError("no"));
  EXPECT_THAT(maker_.Make(target, KeyMaker::Missing::kRefuse, nullptr),
              StatusIs(absl::StatusCode::kPermissionDenied));
  honest_->FailNext(FakeKmsClient::Operation::kUnwrap, 1, absl::UnavailableError("away"));
  EXPECT_THAT(maker_.Make(target, KeyMaker::Missing::kRefuse, nullptr),
              StatusIs(absl::StatusCode::kUnavailable));
}

}  // namespace
}  // namespace signet
