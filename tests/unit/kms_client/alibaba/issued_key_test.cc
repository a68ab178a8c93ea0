#include "kms_client/alibaba/issued_key.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/testing/status_matchers.h"

namespace signet::kms {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using testing::StatusIs;

absl::StatusOr<IssuedAlibabaKey> Parse(const std::string& text, absl::string_view member = "") {
  crypto::SensitiveString body{std::string(text)};
  return ParseAlibabaKey("/etc/key", member, body);
}

TEST(IssuedKeyTest, ReadsAPermanentKey) {
  ASSERT_OK_AND_ASSIGN(const IssuedAlibabaKey issued,
                       Parse(R"({"AccessKeyId":"LTAI.1","AccessKeySecret":"s"})"));
  EXPECT_EQ(issued.key->id, "LTAI.1");
  EXPECT_EQ(issued.key->secret.Expose(), "s");
  EXPECT_EQ(issued.key->security_token.size(), 0U);
  EXPECT_EQ(issued.expires, absl::InfiniteFuture());
  EXPECT_FALSE(issued.key->may_be_over);
}

TEST(IssuedKeyTest, LivesByTheClockOfItsIssuer) {
  IssuedAlibabaKey issued;
  const absl::Time now = absl::FromUnixSeconds(1767323045);
  EXPECT_EQ(LifetimeOf(issued, now), absl::InfiniteDuration());
  issued.expires = now + absl::Hours(1);
  EXPECT_EQ(LifetimeOf(issued, now), absl::Hours(1));
  // An answer that took its time is no wrong clock.
  issued.issuer_time = now - absl::Seconds(59);
  EXPECT_EQ(LifetimeOf(issued, now), absl::Hours(1));
  for (const absl::Duration ahead : {absl::Hours(400), -absl::Hours(400)}) {
    issued.issuer_time = now;
    EXPECT_EQ(LifetimeOf(issued, now + ahead), absl::Hours(1));
  }
}

TEST(IssuedKeyTest, ReadsATemporaryKeyInAMember) {
  ASSERT_OK_AND_ASSIGN(
      const IssuedAlibabaKey issued,
      Parse(R"({"Credentials":{"AccessKeyId":"STS.1","AccessKeySecret":"s","SecurityToken":"t+/=",)"
            R"("Expiration":"2026-01-02T03:04:05Z"}})",
            "Credentials"));
  EXPECT_EQ(issued.key->security_token.Expose(), "t+/=");
  EXPECT_EQ(issued.expires, absl::FromUnixSeconds(1767323045));
  EXPECT_FALSE(issued.key->may_be_over);
}

TEST(IssuedKeyTest, ATemporaryKeyWithoutAnEndMayBeOver) {
  for (const char* end : {"", R"(,"Expiration":"")"}) {
    ASSERT_OK_AND_ASSIGN(
        const IssuedAlibabaKey issued,
        Parse(std::string(R"({"AccessKeyId":"STS.1","AccessKeySecret":"s","SecurityToken":"t")") + end +
              "}"));
    EXPECT_TRUE(issued.key->may_be_over);
  }
}

TEST(IssuedKeyTest, SaysWhatIsMissingAndTellsNothingElse) {
  const std::pair<const char*, const char*> cases[] = {
      {"", "no AccessKeySecret"},
      {R"({"AccessKeyId":"a"})", "no AccessKeySecret"},
      {R"({"AccessKeySecret":"hush"})", "no AccessKeyId"},
      {R"({"AccessKeyId":"a,b","AccessKeySecret":"hush"})", "no AccessKeyId"},
      {R"({"AccessKeyId":"a\r\nb","AccessKeySecret":"hush"})", "no AccessKeyId"},
      {R"({"AccessKeyId":"a","AccessKeySecret":"hush","AccessKeySecret":"b"})", "no AccessKeySecret"},
      {R"({"AccessKeyId":"a","AccessKeySecret":"hush","SecurityToken":"x\n"})", "an odd SecurityToken"},
      {R"({"AccessKeyId":"a","AccessKeySecret":"hush","Expiration":"soon"})", "Expiration is no time"},
      {R"({"AccessKeyId":"a","AccessKeySecret":"hush")", "no JSON object"},
  };
  for (const auto& [text, problem] : cases) {
    const absl::Status status = Parse(text).status();
    EXPECT_THAT(status,
                StatusIs(absl::StatusCode::kUnavailable, HasSubstr(std::string("/etc/key: ") + problem)))
        << text;
    EXPECT_THAT(std::string(status.message()), Not(HasSubstr("hush")));
  }
  EXPECT_THAT(Parse(R"({"AccessKeyId":"a","AccessKeySecret":"s"})", "Credentials"),
              StatusIs(absl::StatusCode::kUnavailable, HasSubstr("no Credentials")));
}

}  // namespace
}  // namespace signet::kms
