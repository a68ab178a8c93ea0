#include "kms_client/http/http_message.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

namespace signet::kms {
namespace {

using ::testing::Eq;
using ::testing::Optional;

TEST(HttpResponseTest, FindsAHeaderInWhateverCaseWithoutTheBlanksAround) {
  HttpResponse response;
  response.header_lines = "HTTP/1.1 429 Too Many Requests\r\nRETRY-after:  7 \r\nEmpty:\r\n\r\n";
  EXPECT_THAT(response.Header("Retry-After"), Optional(Eq("7")));
  EXPECT_THAT(response.Header("empty"), Optional(Eq("")));
  EXPECT_EQ(response.Header("after"), std::nullopt);
  EXPECT_EQ(response.Header("http/1.1 429 too many requests"), std::nullopt);
}

TEST(HttpResponseTest, TakesTheFirstOfSeveral) {
  HttpResponse response;
  response.header_lines = "a: 1\nA: 2";
  EXPECT_THAT(response.Header("a"), Optional(Eq("1")));
  response.header_lines = "b: 1\nA: 2";
  EXPECT_THAT(response.Header("a"), Optional(Eq("2")));
}

TEST(HttpResponseTest, HasNoneBeforeAnAnswer) { EXPECT_EQ(HttpResponse().Header(""), std::nullopt); }

}  // namespace
}  // namespace signet::kms
