#include "plugin/service/kms_service.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/testing/hierarchy_harness.h"
#include "tests/testing/status_matchers.h"

namespace signet {
namespace {

using testing::Answer;
using ::testing::HasSubstr;
using testing::HierarchyHarness;
using testing::IsOk;
using testing::StatusIs;
using testing::Stored;

constexpr absl::string_view kAnnotation = "kek.signet.internal";

class KmsServiceTest : public ::testing::Test {
 protected:
  void SetUp() override {
    harness_.Start();
    service_ = std::make_unique<KmsService>(options_, *harness_.hierarchy);
  }
  Stored Encrypt(absl::string_view plaintext) {
    const EncryptResult result = service_->Encrypt(plaintext, "uid-1").value();
    return {result.ciphertext, result.key->key_id, result.key->record};
  }
  static DecryptCall CallOf(const Stored& stored) {
    DecryptCall call;
    call.ciphertext = stored.ciphertext;
    call.key_id = stored.key_id;
    call.uid = "uid-1";
    call.annotations = {{kAnnotation, stored.record}};
    return call;
  }
  absl::StatusOr<std::string> Decrypt(const DecryptCall& call) {
    Answer answer;
    service_->Decrypt(call, answer.callback());
    return answer.Wait();
  }

  HierarchyHarness harness_;
  KmsServiceOptions options_;
  std::unique_ptr<KmsService> service_;
};

TEST_F(KmsServiceTest, WhatWasEncryptedDecrypts) {
  const Stored stored = Encrypt("secret");
  ASSERT_OK_AND_ASSIGN(const std::string plaintext, Decrypt(CallOf(stored)));
  EXPECT_EQ(plaintext, "secret");
}

TEST_F(KmsServiceTest, StatusNamesTheKeyIdThatEncryptUses) {
  ASSERT_OK_AND_ASSIGN(const StatusAnswer status, service_->Status());
  EXPECT_EQ(status.version, "v2");
  EXPECT_EQ(status.healthz, "ok");
  EXPECT_EQ(status.key->key_id, Encrypt("secret").key_id);
}

TEST_F(KmsServiceTest, TheVersionIsASetting) {
  options_.status_version = "v2beta1";
  KmsService service(options_, *harness_.hierarchy);
  ASSERT_OK_AND_ASSIGN(const StatusAnswer status, service.Status());
  EXPECT_EQ(status.version, "v2beta1");
}

TEST_F(KmsServiceTest, StatusMakesNoRemoteCall) {
  const size_t before = harness_.describes() + harness_.wraps() + harness_.unwraps();
  for (int i = 0; i < 1000; ++i) ASSERT_THAT(service_->Status(), IsOk());
  EXPECT_EQ(harness_.describes() + harness_.wraps() + harness_.unwraps(), before);
}

TEST_F(KmsServiceTest, StatusIsAnErrorWhileEncryptIs) {
  HierarchyHarness cold;
  ASSERT_THAT(cold.Create(), IsOk());
  KmsService service({}, *cold.hierarchy);
  EXPECT_THAT(service.Status(), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_THAT(service.Encrypt("secret", "uid"), StatusIs(absl::StatusCode::kUnavailable));
}

TEST_F(KmsServiceTest, EncryptTakesOneByteToTheMaximumAndNothingElse) {
  EXPECT_THAT(service_->Encrypt("", "uid"), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(service_->Encrypt("x", "uid"), IsOk());
  ASSERT_OK_AND_ASSIGN(const EncryptResult most, service_->Encrypt(std::string(916, 'x'), "uid"));
  EXPECT_EQ(most.ciphertext.size(), 1024u);
  EXPECT_THAT(service_->Encrypt(std::string(917, 'x'), "uid"), StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST_F(KmsServiceTest, TakesAnotherMaximumUpWhileItRuns) {
  service_->SetMaxPlaintextBytes(2000);
  EXPECT_THAT(service_->Encrypt(std::string(2000, 'x'), "uid"), IsOk());
  service_->SetMaxPlaintextBytes(32);
  EXPECT_THAT(service_->Encrypt(std::string(33, 'x'), "uid"), StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST_F(KmsServiceTest, DecryptTakesWhatALargerMaximumOnceEncrypted) {
  KmsServiceOptions large;
  large.max_plaintext_bytes = 65536;
  KmsService service(large, *harness_.hierarchy);
  const std::string plaintext(65536, 'x');
  const EncryptResult result = service.Encrypt(plaintext, "uid").value();
  const Stored stored{result.ciphertext, result.key->key_id, result.key->record};
  ASSERT_OK_AND_ASSIGN(const std::string opened, Decrypt(CallOf(stored)));
  EXPECT_EQ(opened, plaintext);
}

TEST_F(KmsServiceTest, AnEmptyUidIsInvalid) {
  EXPECT_THAT(service_->Encrypt("secret", ""),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("uid")));
  const Stored stored = Encrypt("secret");
  DecryptCall call = CallOf(stored);
  call.uid = "";
  EXPECT_THAT(Decrypt(call), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("uid")));
}

TEST_F(KmsServiceTest, AnyOtherUidIsTaken) {
  const std::string strange = std::string(1 << 20, '\n') + std::string("\xFF\x00{}", 4);
  EXPECT_THAT(service_->Encrypt("secret", strange), IsOk());
  const Stored stored = Encrypt("secret");
  DecryptCall call = CallOf(stored);
  call.uid = strange;
  EXPECT_THAT(Decrypt(call), IsOk());
}

TEST_F(KmsServiceTest, AnEmptyKeyIdIsInvalid) {
  const Stored stored = Encrypt("secret");
  DecryptCall call = CallOf(stored);
  call.key_id = "";
  EXPECT_THAT(Decrypt(call), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("key_id")));
}

TEST_F(KmsServiceTest, ARemovedAnnotationIsInvalid) {
  const Stored stored = Encrypt("secret");
  DecryptCall call = CallOf(stored);
  call.annotations.clear();
  EXPECT_THAT(Decrypt(call), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("annotation")));
}

TEST_F(KmsServiceTest, AnAddedAnnotationIsInvalid) {
  const Stored stored = Encrypt("secret");
  DecryptCall call = CallOf(stored);
  call.annotations.push_back({"other.signet.internal", "x"});
  EXPECT_THAT(Decrypt(call), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("annotation")));
}

TEST_F(KmsServiceTest, TheSameAnnotationTwiceIsInvalid) {
  const Stored stored = Encrypt("secret");
  DecryptCall call = CallOf(stored);
  call.annotations.push_back(call.annotations.front());
  EXPECT_THAT(Decrypt(call), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("annotation")));
}

TEST_F(KmsServiceTest, ARenamedAnnotationIsInvalid) {
  const Stored stored = Encrypt("secret");
  DecryptCall call = CallOf(stored);
  call.annotations.front().first = "KEK.signet.internal";
  EXPECT_THAT(Decrypt(call), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("annotation")));
}

TEST_F(KmsServiceTest, AChangedAnnotationIsInvalid) {
  const Stored stored = Encrypt("secret");
  DecryptCall call = CallOf(stored);
  const std::string changed = stored.record + "x";
  call.annotations.front().second = changed;
  EXPECT_THAT(Decrypt(call), StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST_F(KmsServiceTest, AnOversizedCiphertextIsInvalid) {
  const Stored stored = Encrypt("secret");
  DecryptCall call = CallOf(stored);
  const std::string large(65536 + 108 + 1, '\xE5');
  call.ciphertext = large;
  EXPECT_THAT(Decrypt(call), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("too long")));
}

TEST_F(KmsServiceTest, DeadlineCancellationAndUidReachTheHierarchy) {
  const Stored stored = harness_.ForeignTuple();
  DecryptCall call = CallOf(stored);
  call.deadline = harness_.clock.Monotonic();
  EXPECT_THAT(Decrypt(call), StatusIs(absl::StatusCode::kDeadlineExceeded));
  call.deadline = absl::InfiniteDuration();
  call.cancellation = std::make_shared<CancellationToken>();
  call.cancellation->Cancel();
  EXPECT_THAT(Decrypt(call), StatusIs(absl::StatusCode::kCancelled));
  call.cancellation = nullptr;
  call.uid = "a uid of its own";
  EXPECT_THAT(Decrypt(call), IsOk());
  EXPECT_EQ(harness_.client->uids().back(), "a uid of its own");
}

}  // namespace
}  // namespace signet
