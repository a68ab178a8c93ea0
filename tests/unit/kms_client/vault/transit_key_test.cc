#include "kms_client/vault/transit_key.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_replace.h"
#include "kms_client/failure_class.h"
#include "tests/testing/status_matchers.h"

namespace signet::kms {
namespace {

using ::signet::testing::StatusIs;
using ::testing::Eq;
using ::testing::HasSubstr;

// As OpenBao 2.7 answers, shortened.
constexpr char kAnswer[] =
    R"({"request_id":"7ab9","lease_id":"","data":{"auto_rotate_period":0,"deletion_allowed":false,"derived":false,)"
    R"("keys":{"2":1795353108,"3":1795353109},"latest_version":3,"min_decryption_version":2,"name":"k",)"
    R"("soft_deleted":false,"supports_encryption":true,"type":"aes256-gcm96"},"wrap_info":null,"auth":null})";

std::string With(const std::string& old_text, const std::string& new_text) {
  return absl::StrReplaceAll(kAnswer, {{old_text, new_text}});
}

TEST(TransitKeyTest, ReadsVersionsAndTheirTimes) {
  ASSERT_OK_AND_ASSIGN(const TransitKey key, ParseTransitKey("op", kAnswer));
  EXPECT_EQ(key.latest_version, 3U);
  const RemoteVersion expected{"3", "3@1795353109", 3};
  EXPECT_EQ(key.Version(3), expected);
  EXPECT_THAT(key.Version(1), Eq(std::nullopt));
}

TEST(TransitKeyTest, ASoftDeletedKeyIsRevoked) {
  const absl::Status status =
      ParseTransitKey("op", With("\"soft_deleted\":false", "\"soft_deleted\":true")).status();
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kFailedPrecondition));
  EXPECT_EQ(GetFailureClass(status), FailureClass::kRevoked);
}

TEST(TransitKeyTest, SaysWhichKeysCannotServe) {
  for (const char* type : {"rsa-4096", "ed25519", "hmac", "", "aes256-cbc"}) {
    const absl::Status status = ParseTransitKey("op", With("aes256-gcm96", type)).status();
    EXPECT_THAT(status, StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("aes256-gcm96")));
    EXPECT_EQ(GetFailureClass(status), FailureClass::kUnreachable);
  }
  EXPECT_THAT(ParseTransitKey("op", With("\"derived\":false", "\"derived\":true")),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("derived")));
}

TEST(TransitKeyTest, RefusesWhatIsNoSuchAnswer) {
  for (const std::string& body :
       {std::string("{}"), std::string(), With("\"latest_version\":3", "\"latest_version\":0"),
        With("\"latest_version\":3", "\"latest_version\":4"),
        With("\"latest_version\":3", "\"latest_version\":99999999999"),
        With("\"latest_version\":3", "\"latest_version\":\"3\""), With("1795353109", "\"soon\""),
        With("1795353109", "-1"), With("\"2\":", "\"02\":"), With("\"2\":", "\"0\":"),
        With("\"2\":", "\"x\":"), With("\"keys\"", "\"keyz\"")}) {
    EXPECT_THAT(ParseTransitKey("op", body), StatusIs(absl::StatusCode::kUnavailable)) << body;
  }
}

}  // namespace
}  // namespace signet::kms
