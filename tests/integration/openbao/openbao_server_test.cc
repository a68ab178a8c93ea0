// The tests' own OpenBao.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/testing/openbao_server.h"

namespace signet::testing {
namespace {

TEST(OpenBaoServerTest, NeverTakesTheAnswerOfAnotherServerForItsOwn) {
  if (OpenBaoPath().empty()) GTEST_SKIP() << "SIGNET_BAO is not set";
  const int port = FreePort();
  OpenBaoServer first([port] { return port; });
  bool again = false;
  OpenBaoServer second([port, &again] { return std::exchange(again, true) ? FreePort() : port; });
  EXPECT_TRUE(again);
  EXPECT_NE(second.address(), first.address());
  first.admin().Write("transit/keys/only-in-the-first");
  nlohmann::json answer;
  EXPECT_EQ(second.admin().Try(kms::HttpMethod::kGet, "transit/keys/only-in-the-first", {}, answer), 404);
}

}  // namespace
}  // namespace signet::testing
