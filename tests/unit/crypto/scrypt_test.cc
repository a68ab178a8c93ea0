#include "crypto/scrypt.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/escaping.h"
#include "tests/testing/status_matchers.h"

namespace signet::crypto {
namespace {

using ::signet::testing::IsOk;
using ::signet::testing::StatusIs;

std::string ScryptHex(absl::string_view passphrase, absl::string_view salt, const ScryptCost& cost,
                      size_t size) {
  const absl::StatusOr<SecretBytes> secret = SecretBytes::CopyOf(passphrase);
  EXPECT_THAT(secret, IsOk());
  const absl::StatusOr<SecretBytes> key = Scrypt(*secret, salt, cost, size);
  EXPECT_THAT(key, IsOk());
  return key.ok() ? absl::BytesToHexString(key->ExposeAsString()) : "";
}

// RFC 7914 section 12. Its first vector (N = 16) and its last (N = 2^20 with r = 8, just over 1 GiB) lie
// outside the costs taken here.
TEST(ScryptTest, AgreesWithRfc7914) {
  EXPECT_EQ(ScryptHex("password", "NaCl", {.log2_n = 10, .r = 8, .p = 16}, 64),
            "fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b373162"
            "2eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d8360cbdfa2cc0640");
  EXPECT_EQ(ScryptHex("pleaseletmein", "SodiumChloride", {.log2_n = 14, .r = 8, .p = 1}, 64),
            "7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2"
            "d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887");
}

TEST(ScryptTest, TakesAnEmptyPassphrase) {
  EXPECT_NE(ScryptHex("", "salt", {.log2_n = 10, .r = 1, .p = 1}, 32), "");
}

class RefusedScryptCostTest : public ::testing::TestWithParam<ScryptCost> {};

TEST_P(RefusedScryptCostTest, IsRefused) {
  ASSERT_OK_AND_ASSIGN(const SecretBytes passphrase, SecretBytes::CopyOf("passphrase"));
  EXPECT_THAT(Scrypt(passphrase, "salt", GetParam(), 32), StatusIs(absl::StatusCode::kInvalidArgument));
}

INSTANTIATE_TEST_SUITE_P(
    Scrypt, RefusedScryptCostTest,
    ::testing::Values(ScryptCost{.log2_n = 9, .r = 8, .p = 1}, ScryptCost{.log2_n = 21, .r = 1, .p = 1},
                      ScryptCost{.log2_n = 255, .r = 1, .p = 1}, ScryptCost{.log2_n = 15, .r = 0, .p = 1},
                      ScryptCost{.log2_n = 10, .r = 33, .p = 1}, ScryptCost{.log2_n = 15, .r = 8, .p = 0},
                      ScryptCost{.log2_n = 10, .r = 8, .p = 17},
                      ScryptCost{.log2_n = 10, .r = 0xFFFFFFFF, .p = 0xFFFFFFFF},
                      ScryptCost{.log2_n = 20, .r = 8, .p = 1}));

TEST(ScryptTest, RefusesASizeOutOfBounds) {
  const ScryptCost cheap{.log2_n = 10, .r = 1, .p = 1};
  ASSERT_OK_AND_ASSIGN(const SecretBytes passphrase, SecretBytes::CopyOf("passphrase"));
  EXPECT_THAT(Scrypt(passphrase, "salt", cheap, 0), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(Scrypt(passphrase, "salt", cheap, 1025), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(Scrypt(passphrase, "salt", cheap, 1024), IsOk());
}

}  // namespace
}  // namespace signet::crypto
