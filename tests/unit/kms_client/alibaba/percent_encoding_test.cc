#include "kms_client/alibaba/percent_encoding.h"

#include <gtest/gtest.h>

#include <string>

namespace signet::kms {
namespace {

std::string Encoded(absl::string_view text) {
  std::string out;
  AppendPercentEncoded(text, out);
  return out;
}

TEST(PercentEncodingTest, EscapesAllButUnreservedCharacters) {
  EXPECT_EQ(Encoded("AZaz09-_.~"), "AZaz09-_.~");
  EXPECT_EQ(Encoded(" +*/=&%"), "%20%2B%2A%2F%3D%26%25");
  EXPECT_EQ(Encoded("中"), "%E4%B8%AD");
  EXPECT_EQ(Encoded(absl::string_view("\0\x7f\xff", 3)), "%00%7F%FF");
}

TEST(PercentEncodingTest, OrdersByNameInBytes) {
  EXPECT_EQ(CanonicalQuery({{"b", "2"}, {"B", "1"}, {"a b", ""}}), "B=1&a%20b=&b=2");
  EXPECT_EQ(CanonicalQuery({}), "");
}

}  // namespace
}  // namespace signet::kms
