#include "kms_client/json_body.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/testing/status_matchers.h"

namespace signet::kms {
namespace {

using ::signet::testing::IsOk;
using ::signet::testing::StatusIs;
using ::testing::Eq;
using ::testing::HasSubstr;
using ::testing::Not;

crypto::SensitiveString Body(const std::string& text) { return crypto::SensitiveString(std::string(text)); }

TEST(TakeJsonSecretTest, CutsTheValueOutAndLeavesTheRest) {
  crypto::SensitiveString body = Body(R"({"data": {"plaintext" : "c2VjcmV0","key_version":3}})");
  ASSERT_OK_AND_ASSIGN(const crypto::SensitiveString secret, TakeJsonSecret(body, "plaintext"));
  EXPECT_EQ(secret.Expose(), "c2VjcmV0");
  EXPECT_EQ(body.Expose(), R"({"data": {"plaintext" : "","key_version":3}})");
  EXPECT_THAT(ParseJsonObject(body.Expose()), IsOk());
}

TEST(TakeJsonSecretTest, LeavesNothingOfTheValueInTheBuffer) {
  const std::string secret(48, 'S');
  crypto::SensitiveString body = Body(R"({"plaintext":")" + secret + R"("})");
  ASSERT_THAT(TakeJsonSecret(body, "plaintext"), IsOk());
  std::string& text = body.ExposeMutable();
  const absl::string_view whole(text.data(), text.capacity());
  EXPECT_EQ(whole.find('S'), absl::string_view::npos);
}

TEST(TakeJsonSecretTest, IsNotFooledByTheNameAsAValue) {
  crypto::SensitiveString body = Body(R"({"a":"plaintext","b":["plaintext"],"plaintext":"x"})");
  ASSERT_OK_AND_ASSIGN(const crypto::SensitiveString secret, TakeJsonSecret(body, "plaintext"));
  EXPECT_EQ(secret.Expose(), "x");
}

TEST(TakeJsonSecretTest, IsNotFooledByQuotesWithinStrings) {
  crypto::SensitiveString body = Body(R"({"a":"\"plaintext\":\"no\"","plaintext":"yes"})");
  ASSERT_OK_AND_ASSIGN(const crypto::SensitiveString secret, TakeJsonSecret(body, "plaintext"));
  EXPECT_EQ(secret.Expose(), "yes");
}

TEST(TakeJsonSecretTest, SaysWhenThereIsNone) {
  for (const char* text : {"", "{}", R"({"other":"x"})", R"({"plaintext":null})", R"({"plaintext":3})"}) {
    crypto::SensitiveString body = Body(text);
    EXPECT_THAT(TakeJsonSecret(body, "plaintext"), StatusIs(absl::StatusCode::kNotFound)) << text;
  }
}

TEST(TakeJsonSecretTest, RefusesWhatIsAmbiguousOrCut) {
  for (const char* text : {R"({"plaintext":"a","x":{"plaintext":"b"}})", R"({"plaintext":"a\u0041"})",
                           R"({"plaintext":"abc)", R"({"plaintext":"abc","x":"y)", R"({"plaintext":"a\)"}) {
    crypto::SensitiveString body = Body(text);
    EXPECT_THAT(TakeJsonSecret(body, "plaintext"), StatusIs(absl::StatusCode::kInvalidArgument)) << text;
  }
}

TEST(BlankJsonStringsTest, BlanksEveryValueOfTheKeyAndNothingElse) {
  crypto::SensitiveString body =
      Body(R"({"id":"s.secret","meta":{"id":"x\"y"},"entity_id":"id","n":{"id":3}})");
  BlankJsonStrings(body, "id");
  EXPECT_EQ(body.Expose(), R"({"id":"        ","meta":{"id":"    "},"entity_id":"id","n":{"id":3}})");
}

TEST(AppendJsonStringTest, EscapesWhatEndsAString) {
  std::string out = "x:";
  AppendJsonString(R"(a"b\c)", out);
  EXPECT_EQ(out, R"(x:"a\"b\\c")");
}

TEST(ParseJsonObjectTest, RefusesAllButOneProperObject) {
  for (const char* text : {"", "[]", "3", "null", "{", "{}{}", "{} x", R"({"a":1,"a":2})",
                           R"({"o":{"a":1,"a":2}})", R"([{"a":1}])", "{\"a\":\"\xff\"}"}) {
    EXPECT_THAT(ParseJsonObject(text), StatusIs(absl::StatusCode::kInvalidArgument)) << text;
  }
}

TEST(IsClosedJsonObjectTest, FollowsBracketsOutsideOfStrings) {
  for (const char* text : {"{}", " {\"a\":[{},[1]]}\n", R"({"a":"}","b":"\"]{"})"}) {
    EXPECT_TRUE(IsClosedJsonObject(text)) << text;
  }
  for (const char* text :
       {"", "[]", "3", "{", "{}{}", "{} x", "{]", "{[}]", R"({"a":"})", R"({"a":"\"})", R"({"a":"b\)", "}"}) {
    EXPECT_FALSE(IsClosedJsonObject(text)) << text;
  }
}

TEST(IsClosedJsonObjectTest, BoundsTheDepth) {
  const auto nested = [](int depth) {
    return "{\"a\":" + std::string(static_cast<size_t>(depth), '[') +
           std::string(static_cast<size_t>(depth), ']') + "}";
  };
  EXPECT_TRUE(IsClosedJsonObject(nested(10)));
  EXPECT_FALSE(IsClosedJsonObject(nested(20)));
  EXPECT_FALSE(IsClosedJsonObject(nested(30000)));
}

TEST(ParseJsonObjectTest, AllowsAKeyInDifferentObjects) {
  EXPECT_THAT(ParseJsonObject(R"({"a":{"a":[{"a":1},{"a":2}]}})"), IsOk());
}

TEST(ParseJsonObjectTest, BoundsTheDepth) {
  const auto nested = [](int depth) {
    std::string text = R"({"a":)";
    for (int i = 0; i < depth; ++i) text += '[';
    for (int i = 0; i < depth; ++i) text += ']';
    return text + "}";
  };
  EXPECT_THAT(ParseJsonObject(nested(10)), IsOk());
  EXPECT_THAT(ParseJsonObject(nested(20)), Not(IsOk()));
  EXPECT_THAT(ParseJsonObject(nested(30000)), Not(IsOk()));
}

TEST(ParseJsonObjectTest, QuotesNothingOfTheText) {
  EXPECT_THAT(ParseJsonObject(R"({"token":"hush",,})").status().ToString(), Not(HasSubstr("hush")));
}

TEST(JsonMemberTest, ReturnsOnlyMembersOfTheType) {
  ASSERT_OK_AND_ASSIGN(
      const nlohmann::json object,
      ParseJsonObject(R"({"s":"x","i":-3,"u":18446744073709551615,"b":true,"o":{},"f":1.5})"));
  EXPECT_EQ(JsonString(object, "s"), "x");
  EXPECT_EQ(JsonInteger(object, "i"), -3);
  EXPECT_EQ(JsonBool(object, "b"), true);
  EXPECT_NE(JsonObject(object, "o"), nullptr);
  EXPECT_THAT(JsonInteger(object, "u"), Eq(std::nullopt));
  EXPECT_THAT(JsonInteger(object, "f"), Eq(std::nullopt));
  EXPECT_THAT(JsonString(object, "i"), Eq(std::nullopt));
  EXPECT_THAT(JsonBool(object, "missing"), Eq(std::nullopt));
  EXPECT_EQ(JsonObject(object, "s"), nullptr);
}

}  // namespace
}  // namespace signet::kms
