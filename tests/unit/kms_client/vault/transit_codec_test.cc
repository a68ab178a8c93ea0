#include "kms_client/vault/transit_codec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "crypto/aes_gcm.h"
#include "crypto/base64.h"
#include "kms_client/failure_class.h"
#include "tests/testing/status_matchers.h"

namespace signet::kms {
namespace {

using ::signet::testing::IsOk;
using ::signet::testing::StatusIs;

const WrapContext kContext{"c1"};
// {"cluster_id":"c1","purpose":"signet-local-kek"}
constexpr char kContextBase64[] = "eyJjbHVzdGVyX2lkIjoiYzEiLCJwdXJwb3NlIjoic2lnbmV0LWxvY2FsLWtlayJ9";

std::string CiphertextOf(size_t bytes) { return crypto::Base64Encode(std::string(bytes, 'x')); }

std::string EncryptAnswer(const std::string& ciphertext, const std::string& rest = R"(,"key_version":3)") {
  return absl::StrCat(R"({"data":{"ciphertext":")", ciphertext, "\"", rest, "}}");
}

TEST(TransitCodecTest, WritesRequestsByteForByte) {
  ASSERT_OK_AND_ASSIGN(const crypto::SecretBytes plaintext, crypto::SecretBytes::Create(32));
  EXPECT_EQ(EncodeEncryptRequest(plaintext, kContext).Expose(),
            absl::StrCat(R"({"plaintext":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=","associated_data":")",
                         kContextBase64, R"("})"));
  EXPECT_EQ(EncodeDecryptRequest({7, "abc"}, kContext).Expose(),
            absl::StrCat(R"({"ciphertext":"vault:v7:YWJj","associated_data":")", kContextBase64, R"("})"));
}

TEST(TransitCodecTest, StoresTheVersionInFourBytesAndTheCiphertextWithoutItsText) {
  EXPECT_EQ(absl::BytesToHexString(EncodeBackendField(0x01020304)), "01020304");
  ASSERT_OK_AND_ASSIGN(const TransitCiphertext answer,
                       DecodeEncryptAnswer("op", EncryptAnswer("vault:v3:" + CiphertextOf(60))));
  EXPECT_EQ(answer.key_version, 3U);
  EXPECT_EQ(answer.bytes, std::string(60, 'x'));
  ASSERT_OK_AND_ASSIGN(const TransitCiphertext entry, DecodeRecordEntry(EncodeBackendField(3), answer.bytes));
  EXPECT_EQ(entry.key_version, 3U);
  EXPECT_EQ(entry.bytes, answer.bytes);
}

// A ciphertext of Vault's own code opens with the bytes that we store, so it can be recovered by hand.
TEST(TransitCodecTest, TheStoredBytesAreNonceCiphertextAndTagOfAesGcm) {
  const std::string text =
      "vault:v1:AAECAwQFBgcICQoLKr8sxk4KDa8i39AvEPIO43hVEaoX5XutKIYBCYKcGF3Tics5607vO35ibwULNIvF";
  ASSERT_OK_AND_ASSIGN(const TransitCiphertext answer, DecodeEncryptAnswer("op", EncryptAnswer(text, "")));
  const std::string key = *crypto::Base64Decode("eyXYGHbTmugUJn6EtYD/yVEoF6pCxm4R/cMEutUm3MY=");
  const auto bytes = [](const std::string& value) {
    return absl::MakeConstSpan(reinterpret_cast<const uint8_t*>(value.data()), value.size());
  };
  std::string plaintext(32, '\0');
  ASSERT_THAT(crypto::AesGcmOpen(bytes(key), bytes(answer.bytes).subspan(0, 12), bytes("k8s-kms"),
                                 bytes(answer.bytes).subspan(12),
                                 absl::MakeSpan(reinterpret_cast<uint8_t*>(plaintext.data()), 32)),
              IsOk());
  for (int i = 0; i < 32; ++i) EXPECT_EQ(plaintext[static_cast<size_t>(i)], i);
}

TEST(TransitCodecTest, RefusesAnswersThatAreNotTransits) {
  const std::string good = CiphertextOf(60);
  for (const std::string& body :
       {std::string(), std::string("{}"), std::string(R"({"data":null})"), std::string(R"({"data":[]})"),
        EncryptAnswer(""), EncryptAnswer(good), EncryptAnswer("vault:v3"), EncryptAnswer("vault:3:" + good),
        EncryptAnswer("vault:v0:" + good), EncryptAnswer("vault:v03:" + good),
        EncryptAnswer("vault:v-3:" + good), EncryptAnswer("vault:v99999999999:" + good),
        EncryptAnswer("vault:v3:" + good + "="), EncryptAnswer("vault:v3:" + CiphertextOf(59)),
        EncryptAnswer("vault:v3:" + CiphertextOf(61)), EncryptAnswer("vault:v3:"),
        EncryptAnswer("vault:v4:" + good), EncryptAnswer("bao:v3:" + good)}) {
    EXPECT_THAT(DecodeEncryptAnswer("op", body), StatusIs(absl::StatusCode::kUnavailable)) << body;
  }
}

TEST(TransitCodecTest, TakesThePlaintextOutOfTheAnswer) {
  crypto::SensitiveString body(absl::StrCat(R"({"data":{"plaintext":")", CiphertextOf(32), R"("}})"));
  ASSERT_OK_AND_ASSIGN(const crypto::SecretBytes plaintext, DecodeDecryptAnswer("op", body));
  EXPECT_EQ(plaintext.ExposeAsString(), std::string(32, 'x'));
  EXPECT_EQ(body.Expose(), R"({"data":{"plaintext":""}})");
}

TEST(TransitCodecTest, RefusesPlaintextsThatWeNeverWrapped) {
  for (const size_t size : {0, 31, 33, 1000}) {
    crypto::SensitiveString body(absl::StrCat(R"({"data":{"plaintext":")", CiphertextOf(size), R"("}})"));
    EXPECT_THAT(DecodeDecryptAnswer("op", body), StatusIs(absl::StatusCode::kDataLoss)) << size;
  }
  for (const char* text : {"", "{}", R"({"data":{"plaintext":"A"}})",
                           R"({"data":{"plaintext":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA A="}})",
                           R"({"data":{"plaintext":"AAAA"})"}) {
    crypto::SensitiveString body{std::string(text)};
    EXPECT_THAT(DecodeDecryptAnswer("op", body), StatusIs(absl::StatusCode::kUnavailable)) << text;
  }
}

TEST(TransitCodecTest, RefusesRecordEntriesThatWeNeverWrote) {
  const std::string field = EncodeBackendField(1);
  const std::string blob(60, 'x');
  ASSERT_THAT(DecodeRecordEntry(field, blob), IsOk());
  ASSERT_THAT(DecodeRecordEntry(field, std::string(72, 'x')), IsOk());
  const std::pair<std::string, std::string> bad[] = {
      {"", blob},  {field.substr(1), blob}, {field + "x", blob},     {EncodeBackendField(0), blob},
      {field, ""}, {field, blob + "x"},     {field, blob.substr(1)}, {field, std::string(1 << 20, 'x')}};
  for (const auto& [bad_field, bad_blob] : bad) {
    const absl::Status status = DecodeRecordEntry(bad_field, bad_blob).status();
    EXPECT_THAT(status, StatusIs(absl::StatusCode::kInvalidArgument));
    EXPECT_EQ(GetFailureClass(status), FailureClass::kBadBlob);
  }
}

}  // namespace
}  // namespace signet::kms
