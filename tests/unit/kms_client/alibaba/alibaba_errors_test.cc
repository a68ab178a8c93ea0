#include "kms_client/alibaba/alibaba_errors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "kms_client/failure_class.h"
#include "kms_client/retry_after.h"
#include "tests/testing/paths.h"
#include "tests/testing/status_matchers.h"

namespace signet::kms {
namespace {

using absl::StatusCode;
using ::testing::HasSubstr;
using ::testing::Not;

AlibabaAnswer Answer(int status, const std::string& code, const std::string& message = "m") {
  AlibabaAnswer answer;
  answer.status = status;
  answer.body =
      crypto::SensitiveString(absl::StrCat(R"({"HttpStatus":)", status, R"(,"Code":")", code,
                                           R"(","Message":")", message, R"(","RequestId":"3B237773-BC2C"})"));
  return answer;
}

struct Row {
  const char* code;
  int http;
  StatusCode status;
  FailureClass failure;
  AlibabaRefusal refusal;
};

// As ERRORS.md has it, every row that a code decides.
constexpr Row kRows[] = {
    {"InvalidAccessKeyId.NotFound", 404, StatusCode::kUnavailable, FailureClass::kUnreachable,
     AlibabaRefusal::kCredentials},
    {"InvalidAccessKeyId.Inactive", 400, StatusCode::kUnavailable, FailureClass::kUnreachable,
     AlibabaRefusal::kCredentials},
    {"InvalidAccessKeyId", 400, StatusCode::kUnavailable, FailureClass::kUnreachable,
     AlibabaRefusal::kCredentials},
    {"Forbidden.AccessKey", 403, StatusCode::kUnavailable, FailureClass::kUnreachable,
     AlibabaRefusal::kCredentials},
    {"Forbidden.AccessKeyDisabled", 403, StatusCode::kUnavailable, FailureClass::kUnreachable,
     AlibabaRefusal::kCredentials},
    {"InvalidSecurityToken.Expired", 400, StatusCode::kUnavailable, FailureClass::kUnreachable,
     AlibabaRefusal::kCredentials},
    {"InvalidSecurityToken.Malformed", 400, StatusCode::kUnavailable, FailureClass::kUnreachable,
     AlibabaRefusal::kCredentials},
    {"InvalidSecurityToken.MismatchWithAccessKey", 400, StatusCode::kUnavailable, FailureClass::kUnreachable,
     AlibabaRefusal::kCredentials},
    {"InvalidSecurityToken.Revoked", 400, StatusCode::kUnavailable, FailureClass::kUnreachable,
     AlibabaRefusal::kCredentials},
    {"InvalidSecurityToken", 400, StatusCode::kUnavailable, FailureClass::kUnreachable,
     AlibabaRefusal::kCredentials},
    {"MissingSecurityToken", 400, StatusCode::kUnavailable, FailureClass::kUnreachable,
     AlibabaRefusal::kCredentials},
    {"SignatureDoesNotMatch", 400, StatusCode::kUnavailable, FailureClass::kUnreachable,
     AlibabaRefusal::kCredentials},
    {"IncompleteSignature", 400, StatusCode::kUnavailable, FailureClass::kUnreachable,
     AlibabaRefusal::kCredentials},
    {"InvalidTimeStamp.Expired", 400, StatusCode::kUnavailable, FailureClass::kUnreachable,
     AlibabaRefusal::kNone},
    {"IllegalTimestamp", 400, StatusCode::kUnavailable, FailureClass::kUnreachable, AlibabaRefusal::kNone},
    {"SignatureNonceUsed", 400, StatusCode::kUnavailable, FailureClass::kUnreachable, AlibabaRefusal::kNone},
    {"Forbidden.NoPermission", 403, StatusCode::kPermissionDenied, FailureClass::kDenied,
     AlibabaRefusal::kPermission},
    {"Forbidden.RAM", 403, StatusCode::kPermissionDenied, FailureClass::kDenied, AlibabaRefusal::kPermission},
    {"NoPermission", 403, StatusCode::kPermissionDenied, FailureClass::kDenied, AlibabaRefusal::kPermission},
    {"Forbidden.InDebt", 403, StatusCode::kUnavailable, FailureClass::kUnreachable, AlibabaRefusal::kNone},
    {"Forbidden.InDebtOverdue", 403, StatusCode::kUnavailable, FailureClass::kUnreachable,
     AlibabaRefusal::kNone},
    {"Forbidden.KmsServiceNotEnabled", 403, StatusCode::kUnavailable, FailureClass::kUnreachable,
     AlibabaRefusal::kNone},
    {"Forbidden.UbsmsInvalidUserid", 403, StatusCode::kUnavailable, FailureClass::kUnreachable,
     AlibabaRefusal::kNone},
    {"Forbidden.UbsmsInvalidBid", 403, StatusCode::kUnavailable, FailureClass::kUnreachable,
     AlibabaRefusal::kNone},
    {"Forbidden.UbsmsInvalidSomething", 403, StatusCode::kUnavailable, FailureClass::kUnreachable,
     AlibabaRefusal::kNone},
    {"Forbidden.ProhibitedByRiskControl", 403, StatusCode::kUnavailable, FailureClass::kUnreachable,
     AlibabaRefusal::kNone},
    {"Forbidden.KeyNotFound", 404, StatusCode::kNotFound, FailureClass::kRevoked, AlibabaRefusal::kKey},
    {"Forbidden.KeyVersionNotFound", 404, StatusCode::kNotFound, FailureClass::kRevoked,
     AlibabaRefusal::kKey},
    {"Forbidden.AliasNotFound", 404, StatusCode::kNotFound, FailureClass::kRevoked, AlibabaRefusal::kKey},
    {"Rejected.Disabled", 409, StatusCode::kFailedPrecondition, FailureClass::kRevoked, AlibabaRefusal::kKey},
    {"Rejected.PendingDeletion", 409, StatusCode::kFailedPrecondition, FailureClass::kRevoked,
     AlibabaRefusal::kKey},
    {"Rejected.PendingImport", 409, StatusCode::kFailedPrecondition, FailureClass::kRevoked,
     AlibabaRefusal::kKey},
    {"Rejected.Unavailable", 409, StatusCode::kUnavailable, FailureClass::kUnreachable, AlibabaRefusal::kKey},
    {"Rejected.StateModifiedFailed", 409, StatusCode::kUnavailable, FailureClass::kUnreachable,
     AlibabaRefusal::kKey},
    {"InvalidParameter", 400, StatusCode::kFailedPrecondition, FailureClass::kUnreachable,
     AlibabaRefusal::kNone},
    {"UnsupportedOperation", 400, StatusCode::kFailedPrecondition, FailureClass::kUnreachable,
     AlibabaRefusal::kKey},
    {"Unsupported.Origin", 400, StatusCode::kFailedPrecondition, FailureClass::kUnreachable,
     AlibabaRefusal::kKey},
    {"Rejected.LimitExceeded", 400, StatusCode::kFailedPrecondition, FailureClass::kUnreachable,
     AlibabaRefusal::kNone},
    {"Something.New", 403, StatusCode::kFailedPrecondition, FailureClass::kUnreachable,
     AlibabaRefusal::kNone},
    {"Rejected.Throttling", 429, StatusCode::kResourceExhausted, FailureClass::kThrottled,
     AlibabaRefusal::kNone},
    {"Something.New", 429, StatusCode::kResourceExhausted, FailureClass::kThrottled, AlibabaRefusal::kNone},
    {"Throttling", 400, StatusCode::kResourceExhausted, FailureClass::kThrottled, AlibabaRefusal::kNone},
    {"Throttling.User", 503, StatusCode::kResourceExhausted, FailureClass::kThrottled, AlibabaRefusal::kNone},
    {"Throttling.Api", 503, StatusCode::kResourceExhausted, FailureClass::kThrottled, AlibabaRefusal::kNone},
    {"InternalFailure", 500, StatusCode::kUnavailable, FailureClass::kUnreachable, AlibabaRefusal::kNone},
    {"ServiceUnavailableTemporary", 503, StatusCode::kUnavailable, FailureClass::kUnreachable,
     AlibabaRefusal::kNone},
    {"SerivceUnavailableTemporary", 503, StatusCode::kUnavailable, FailureClass::kUnreachable,
     AlibabaRefusal::kNone},
    {"Something.New", 502, StatusCode::kUnavailable, FailureClass::kUnreachable, AlibabaRefusal::kNone},
};

TEST(AlibabaErrorsTest, MapsEveryCode) {
  for (const Row& row : kRows) {
    const AlibabaAnswer answer = Answer(row.http, row.code);
    const absl::Status status = AlibabaErrorStatus("alibaba Encrypt", answer);
    EXPECT_EQ(status.code(), row.status) << row.code;
    EXPECT_EQ(GetFailureClass(status), row.failure) << row.code;
    EXPECT_EQ(AlibabaRefusalOf(ParseAlibabaError(answer)), row.refusal) << row.code;
    EXPECT_THAT(std::string(status.message()),
                HasSubstr(absl::StrCat("(HTTP ", row.http, ", ", row.code, ", request id 3B237773-BC2C)")));
  }
}

// The codes in the first column of ERRORS.md's table, short forms (`.Inactive`) written out.
std::vector<std::string> DocumentedCodes() {
  std::ifstream file(testing::SourcePath("kms_client/ERRORS.md"));
  std::vector<std::string> codes;
  bool is_ours = false;
  for (std::string line; std::getline(file, line);) {
    if (absl::StartsWith(line, "## ")) is_ours = line == "## alibaba";
    if (!is_ours || !absl::StartsWith(line, "| ")) continue;
    const std::vector<std::string> parts =
        absl::StrSplit(line.substr(2, line.find(" | ") - 2), '`', absl::AllowEmpty());
    // Every other part stands between backquotes.
    for (size_t i = 1; i < parts.size(); i += 2) {
      const bool is_short = absl::StartsWith(parts[i], ".");
      const std::string first = is_short ? codes.back().substr(0, codes.back().find('.')) : "";
      codes.push_back(first + parts[i]);
    }
  }
  return codes;
}

TEST(AlibabaErrorsTest, EveryCodeOfTheDocumentIsAmongThese) {
  const std::vector<std::string> codes = DocumentedCodes();
  ASSERT_GT(codes.size(), 25U);
  for (const std::string& code : codes) {
    // States of DescribeKey, and a word that many codes have.
    if (code == "Unavailable" || code == "Throttling") continue;
    const bool is_prefix = absl::EndsWith(code, "*");
    EXPECT_TRUE(std::any_of(std::begin(kRows), std::end(kRows), [&](const Row& row) {
      return is_prefix ? absl::StartsWith(row.code, absl::StripSuffix(code, "*")) : row.code == code;
    })) << code;
  }
}

TEST(AlibabaErrorsTest, AnInvalidParameterOfDecryptIsABadBlob) {
  const absl::Status status = AlibabaErrorStatus("alibaba Decrypt", Answer(400, "InvalidParameter"));
  EXPECT_THAT(status, testing::StatusIs(StatusCode::kDataLoss));
  EXPECT_EQ(GetFailureClass(status), FailureClass::kBadBlob);
}

TEST(AlibabaErrorsTest, ShowsNoMessageForItMayRepeatTheRequest) {
  const absl::Status status =
      AlibabaErrorStatus("alibaba Encrypt", Answer(400, "SignatureDoesNotMatch", "Plaintext=c2VjcmV0"));
  EXPECT_THAT(std::string(status.message()), Not(HasSubstr("c2VjcmV0")));
}

TEST(AlibabaErrorsTest, ShowsNoCodeThatIsNone) {
  const absl::Status status = AlibabaErrorStatus("alibaba Encrypt", Answer(400, "a b\\n<c>"));
  EXPECT_THAT(status, testing::StatusIs(StatusCode::kUnavailable,
                                        "alibaba Encrypt: what was answered is no KMS's (HTTP 400, request "
                                        "id 3B237773-BC2C)"));
}

TEST(AlibabaErrorsTest, XmlIsNoAnswerOfKms) {
  AlibabaAnswer answer;
  answer.status = 400;
  answer.body = crypto::SensitiveString("<Error><Code>Rejected.Disabled</Code></Error>");
  EXPECT_EQ(GetFailureClass(AlibabaErrorStatus("alibaba Encrypt", answer)), FailureClass::kUnreachable);
}

TEST(AlibabaErrorsTest, KeepsHowLongToWait) {
  AlibabaAnswer answer = Answer(429, "Rejected.Throttling");
  answer.retry_after = absl::Milliseconds(700);
  EXPECT_EQ(GetRetryAfter(AlibabaErrorStatus("alibaba Encrypt", answer)), absl::Milliseconds(700));
}

}  // namespace
}  // namespace signet::kms
