#include "kms_client/vault/vault_errors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "kms_client/failure_class.h"
#include "kms_client/retry_after.h"
#include "tests/testing/status_matchers.h"

namespace signet::kms {
namespace {

using absl::StatusCode;
using ::signet::testing::StatusIs;

using ::testing::HasSubstr;

VaultAnswer Answer(int status, const std::string& body) {
  VaultAnswer answer;
  answer.status = status;
  answer.body = crypto::SensitiveString(std::string(body));
  return answer;
}

VaultAnswer Error(int status, const std::string& text) {
  return Answer(status, absl::StrCat(R"({"errors":[")", text, R"("]})"));
}

TEST(VaultErrorsTest, MapsEveryRowOfTheTable) {
  struct Row {
    int status;
    const char* text;
    StatusCode code;
    FailureClass failure;
  };
  // The texts were answered by OpenBao 2.7.
  const Row rows[] = {
      {400, "cipher: message authentication failed", StatusCode::kDataLoss, FailureClass::kBadBlob},
      {400, "invalid ciphertext: version is too new", StatusCode::kFailedPrecondition,
       FailureClass::kBadBlob},
      {400, "ciphertext or signature version is disallowed by policy (too old)",
       StatusCode::kFailedPrecondition, FailureClass::kBadBlob},
      {400, "invalid ciphertext length", StatusCode::kInvalidArgument, FailureClass::kBadBlob},
      {400, "invalid ciphertext: no prefix", StatusCode::kInvalidArgument, FailureClass::kBadBlob},
      {400, "invalid ciphertext: could not decode base64", StatusCode::kInvalidArgument,
       FailureClass::kBadBlob},
      {400, "encryption key not found", StatusCode::kNotFound, FailureClass::kRevoked},
      {400, "refusing to use soft-deleted key", StatusCode::kFailedPrecondition, FailureClass::kRevoked},
      {400, "missing 'context' for key derivation; the key was created using a derived key",
       StatusCode::kFailedPrecondition, FailureClass::kUnreachable},
      {400, "'[0].associated_data' provided for non-AEAD cipher suite rsa-2048",
       StatusCode::kFailedPrecondition, FailureClass::kUnreachable},
      {400, "something new", StatusCode::kFailedPrecondition, FailureClass::kUnreachable},
      {301, "", StatusCode::kUnavailable, FailureClass::kUnreachable},
      {404, "no handler for route. route entry not found.", StatusCode::kUnavailable,
       FailureClass::kUnreachable},
      {404, "namespace not found", StatusCode::kUnavailable, FailureClass::kUnreachable},
      {405, "1 error occurred:\\n\\t* unsupported operation\\n\\n", StatusCode::kFailedPrecondition,
       FailureClass::kUnreachable},
      {412, "required index state not present", StatusCode::kUnavailable, FailureClass::kUnreachable},
      {413, "too large", StatusCode::kFailedPrecondition, FailureClass::kUnreachable},
      {429, "request path has exceeded its quota", StatusCode::kResourceExhausted, FailureClass::kThrottled},
      {472, "", StatusCode::kUnavailable, FailureClass::kUnreachable},
      {473, "", StatusCode::kUnavailable, FailureClass::kUnreachable},
      {500, "local node not active but active cluster node not found", StatusCode::kUnavailable,
       FailureClass::kUnreachable},
      {502, "", StatusCode::kUnavailable, FailureClass::kUnreachable},
      {504, "", StatusCode::kUnavailable, FailureClass::kUnreachable},
      {503, "Vault is sealed", StatusCode::kUnavailable, FailureClass::kUnreachable},
      {418, "", StatusCode::kUnavailable, FailureClass::kUnreachable},
  };
  for (const Row& row : rows) {
    const absl::Status status = VaultErrorStatus("vault decrypt", Error(row.status, row.text));
    EXPECT_THAT(status, StatusIs(row.code, HasSubstr("vault decrypt: "))) << row.status << row.text;
    EXPECT_EQ(GetFailureClass(status), row.failure) << status;
  }
}

TEST(VaultErrorsTest, AnEmptyListOn404MeansThatTheKeyIsNotThere) {
  const absl::Status status = VaultErrorStatus("vault read key", Answer(404, R"({"errors":[]})"));
  EXPECT_THAT(status, StatusIs(StatusCode::kNotFound));
  EXPECT_EQ(GetFailureClass(status), FailureClass::kRevoked);
}

// A gateway that lost its way to Vault answers 404, a firewall 403. Taken for Vault's word they would stop
// writes and purge keys.
TEST(VaultErrorsTest, WhatNoVaultSaidIsNeverRevocationOrDenial) {
  for (const char* body : {"", "404 page not found\n", "<html>", "{}", "[]", R"({"message":"no route"})",
                           R"({"errors":"x"})", R"({"errors":{}})"}) {
    for (const absl::Status& status : {VaultErrorStatus("vault read key", Answer(404, body)),
                                       VaultRefusalStatus("vault decrypt", Answer(403, body), true)}) {
      EXPECT_THAT(status, StatusIs(StatusCode::kUnavailable, HasSubstr("no Vault"))) << body;
      EXPECT_EQ(GetFailureClass(status), FailureClass::kUnreachable) << body;
    }
  }
}

TEST(VaultErrorsTest, CarriesRetryAfter) {
  for (const int code : {429, 503}) {
    VaultAnswer answer = Error(code, "");
    answer.retry_after = absl::Seconds(3);
    EXPECT_EQ(GetRetryAfter(VaultErrorStatus("op", answer)), absl::Seconds(3));
  }
}

TEST(VaultErrorsTest, ARefusalIsDenialOnlyWithAProvenToken) {
  const absl::Status proven = VaultRefusalStatus("op", Error(403, "permission denied"), true);
  EXPECT_THAT(proven, StatusIs(StatusCode::kPermissionDenied));
  EXPECT_EQ(GetFailureClass(proven), FailureClass::kDenied);
  const absl::Status unproven = VaultRefusalStatus("op", Error(403, "permission denied"), false);
  EXPECT_THAT(unproven, StatusIs(StatusCode::kUnavailable));
  EXPECT_EQ(GetFailureClass(unproven), FailureClass::kUnreachable);
}

TEST(VaultErrorsTest, TextsBecomeOneSafeLine) {
  EXPECT_EQ(VaultErrorText(Error(403, "1 error occurred:\\n\\t* permission denied\\n\\n")),
            "1 error occurred: * permission denied");
  EXPECT_EQ(VaultErrorText(Error(400, "token s.0PbAiEcnm2WbkUpMhaOpWsq2 bad")), "token ... bad");
  EXPECT_EQ(VaultErrorText(Error(400, std::string(40, ' ') + "\\u001b[31mred")), "[31mred");
  EXPECT_LE(
      VaultErrorText(Error(400, absl::StrCat(std::string(2000, 'a'), " ", std::string(20, 'b')))).size(),
      160U);
  std::string many;
  for (int i = 0; i < 100; ++i) many += "word ";
  EXPECT_EQ(VaultErrorText(Error(400, many)).size(), 160U);
}

TEST(VaultErrorsTest, AnythingButTheUsualShapeHasNoText) {
  for (const char* body : {"", "<html>502</html>", "[]", R"({"errors":"x"})", R"({"errors":[3]})",
                           R"({"errors":[]})", R"({"warnings":["x"]})"}) {
    EXPECT_EQ(VaultErrorText(Answer(500, body)), "") << body;
  }
}

TEST(VaultErrorsTest, KnowsWhenAnotherTryMayHelp) {
  EXPECT_TRUE(MayBeReplicationLag(Error(400, "invalid ciphertext: version is too new")));
  EXPECT_FALSE(MayBeReplicationLag(Error(400, "invalid ciphertext: no prefix")));
  EXPECT_FALSE(MayBeReplicationLag(Error(503, "version is too new")));
}

}  // namespace
}  // namespace signet::kms
