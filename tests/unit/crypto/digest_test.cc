#include "crypto/digest.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/crypto.h>

#include <string>
#include <thread>
#include <vector>

#include "absl/strings/escaping.h"
#include "tests/testing/status_matchers.h"

namespace signet::crypto {
namespace {

using ::signet::testing::IsOk;
using ::signet::testing::StatusIs;

std::string Hex(const Sha256Digest& digest) {
  return absl::BytesToHexString(
      absl::string_view(reinterpret_cast<const char*>(digest.data()), digest.size()));
}

absl::Span<const uint8_t> Bytes(absl::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

TEST(Sha256Test, AgreesWithFips180) {
  EXPECT_EQ(Hex(Sha256("")), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(Hex(Sha256("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(Hex(Sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

TEST(Sha256Test, HashesTheConcatenationOfItsParts) {
  EXPECT_EQ(Sha256({"a", "", "bc", absl::string_view()}), Sha256("abc"));
}

TEST(Sha256Test, IsTheSameOnEveryThread) {
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([] {
      for (int j = 0; j < 100; ++j) {
        EXPECT_EQ(Hex(Sha256("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

struct HmacCase {
  std::string key;
  std::string data;
  absl::string_view mac;
};
class HmacRfc4231Test : public ::testing::TestWithParam<HmacCase> {};

TEST_P(HmacRfc4231Test, Agrees) {
  ASSERT_OK_AND_ASSIGN(const Sha256Digest mac, HmacSha256(Bytes(GetParam().key), {GetParam().data}));
  EXPECT_EQ(Hex(mac).substr(0, GetParam().mac.size()), GetParam().mac);
}

INSTANTIATE_TEST_SUITE_P(
    Hmac, HmacRfc4231Test,
    ::testing::Values(
        HmacCase{std::string(20, '\x0b'), "Hi There",
                 "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
        HmacCase{"Jefe", "what do ya want for nothing?",
                 "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
        HmacCase{std::string(20, '\xaa'), std::string(50, '\xdd'),
                 "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"},
        HmacCase{absl::HexStringToBytes("0102030405060708090a0b0c0d0e0f10111213141516171819"),
                 std::string(50, '\xcd'), "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"},
        // Test case 5 publishes the first 128 bits only.
        HmacCase{std::string(20, '\x0c'), "Test With Truncation", "a3b6167473100ee06e0c796c2955552b"},
        HmacCase{std::string(131, '\xaa'), "Test Using Larger Than Block-Size Key - Hash Key First",
                 "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
        HmacCase{std::string(131, '\xaa'),
                 "This is a test using a larger than block-size key and a larger than block-size data. The "
                 "key needs to be hashed before being used by the HMAC algorithm.",
                 "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"}));

TEST(HmacSha256Test, HashesTheConcatenationOfItsParts) {
  ASSERT_OK_AND_ASSIGN(const Sha256Digest parts,
                       HmacSha256(Bytes("key"), {"a", "", "bc", absl::string_view()}));
  ASSERT_OK_AND_ASSIGN(const Sha256Digest whole, HmacSha256(Bytes("key"), {"abc"}));
  EXPECT_EQ(parts, whole);
}

TEST(HmacSha1Test, MatchesRfc2202) {
  ASSERT_OK_AND_ASSIGN(const Sha1Digest mac, HmacSha1(Bytes(std::string(20, '\x0b')), {"Hi ", "There"}));
  EXPECT_EQ(absl::BytesToHexString(absl::string_view(reinterpret_cast<const char*>(mac.data()), mac.size())),
            "b617318655057264e28bc0b6fb378c8ef146be00");
}

TEST(HmacSha256Test, TakesAnEmptyKeyAndNoData) {
  ASSERT_OK_AND_ASSIGN(const Sha256Digest mac, HmacSha256({}, {}));
  EXPECT_EQ(Hex(mac), "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

struct HkdfCase {
  absl::string_view key, salt, info, out;  // hex
};
class HkdfRfc5869Test : public ::testing::TestWithParam<HkdfCase> {};

TEST_P(HkdfRfc5869Test, Agrees) {
  const std::string key = absl::HexStringToBytes(GetParam().key);
  ASSERT_OK_AND_ASSIGN(const SecretBytes out,
                       HkdfSha256(Bytes(key), absl::HexStringToBytes(GetParam().salt),
                                  absl::HexStringToBytes(GetParam().info), GetParam().out.size() / 2));
  EXPECT_EQ(absl::BytesToHexString(out.ExposeAsString()), GetParam().out);
}

INSTANTIATE_TEST_SUITE_P(
    Hkdf, HkdfRfc5869Test,
    ::testing::Values(
        HkdfCase{"0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "000102030405060708090a0b0c",
                 "f0f1f2f3f4f5f6f7f8f9",
                 "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"},
        HkdfCase{
            "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f2021222324252627"
            "28292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f404142434445464748494a4b4c4d4e4f",
            "606162636465666768696a6b6c6d6e6f707172737475767778797a7b7c7d7e7f8081828384858687"
            "88898a8b8c8d8e8f909192939495969798999a9b9c9d9e9fa0a1a2a3a4a5a6a7a8a9aaabacadaeaf",
            "b0b1b2b3b4b5b6b7b8b9babbbcbdbebfc0c1c2c3c4c5c6c7c8c9cacbcccdcecfd0d1d2d3d4d5d6d7"
            "d8d9dadbdcdddedfe0e1e2e3e4e5e6e7e8e9eaebecedeeeff0f1f2f3f4f5f6f7f8f9fafbfcfdfeff",
            "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e59"
            "0e09da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87"},
        HkdfCase{"0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "", "",
                 "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8"}));

TEST(HkdfSha256Test, KeepsItsResultInTheSecureHeap) {
  ASSERT_OK_AND_ASSIGN(const SecretBytes out, HkdfSha256(Bytes("key"), "", "info", 32));
  EXPECT_EQ(CRYPTO_secure_allocated(out.Expose().data()), 1);
}

TEST(HkdfSha256Test, RefusesSizesOutOfBounds) {
  EXPECT_THAT(HkdfSha256(Bytes("key"), "", "", size_t{255} * 32), IsOk());
  EXPECT_THAT(HkdfSha256(Bytes("key"), "", "", size_t{255} * 32 + 1),
              StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(HkdfSha256(Bytes("key"), "", "", 0), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(HkdfSha256({}, "", "", 32), StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST(ConstantTimeEqualTest, ComparesBytesAndSizes) {
  EXPECT_TRUE(ConstantTimeEqual("", ""));
  EXPECT_TRUE(ConstantTimeEqual("mac", "mac"));
  EXPECT_FALSE(ConstantTimeEqual("mac", "maC"));
  EXPECT_FALSE(ConstantTimeEqual("mac", "Mac"));
  EXPECT_FALSE(ConstantTimeEqual("mac", "macs"));
  EXPECT_FALSE(ConstantTimeEqual("mac", ""));
}

TEST(KeyIdHashTest, IsWhatKubeApiserverWrites) {
  EXPECT_EQ(KeyIdHash("abc"), "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

}  // namespace
}  // namespace signet::crypto
