#include "kms_client/alibaba/alibaba_codec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "crypto/base64.h"
#include "kms_client/alibaba/alibaba_kms_client.h"
#include "kms_client/failure_class.h"
#include "kms_client/fingerprint.h"
#include "tests/testing/status_matchers.h"

namespace signet::kms {
namespace {

using testing::IsOk;
using testing::StatusIs;

const WrapContext kContext{"c1"};
const char kContextJson[] = R"({"cluster_id":"c1","purpose":"signet-local-kek"})";
const char kVersion[] = "2ab1a983-7072-4bbc-a582-584b5bd8d2c1";
const char kZeros[] = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

std::string Ciphertext(const std::string& blob) {
  return absl::StrCat(R"({"KeyId":"key-1","KeyVersionId":")", kVersion, R"(","CiphertextBlob":")", blob,
                      R"("})");
}

absl::StatusOr<AlibabaPlaintext> Decode(const std::string& plaintext,
                                        const std::string& rest = R"(,"KeyId":"k","KeyVersionId":"v")") {
  crypto::SensitiveString body(absl::StrCat(R"({"Plaintext":")", plaintext, "\"", rest, "}"));
  return DecodeAlibabaPlaintext("op", body);
}

// What FORMAT.md promises for ever; a change here makes stored data unreadable.
TEST(AlibabaCodecTest, FormatIsForEver) {
  EXPECT_EQ(static_cast<int>(crypto::ProviderType::kAlibaba), 3);
  const crypto::Fingerprint fingerprint = ComputeFingerprint(
      crypto::ProviderType::kAlibaba, {"cn-hangzhou", "1234567890", "key-hzz0000000000000001"});
  EXPECT_EQ(absl::BytesToHexString(
                absl::string_view(reinterpret_cast<const char*>(fingerprint.data()), fingerprint.size())),
            "b64296f78620349b");
  const RemoteVersion version = AlibabaVersion(kVersion);
  EXPECT_EQ(version.label, "137091f5a71efa47");
  EXPECT_EQ(version.mark, kVersion);
  EXPECT_FALSE(version.number.has_value());
}

TEST(AlibabaCodecTest, WritesRequestsByteForByte) {
  ASSERT_OK_AND_ASSIGN(const crypto::SecretBytes plaintext, crypto::SecretBytes::Create(32));
  const AlibabaRequest encrypt = EncodeAlibabaEncrypt("key-1", plaintext, kContext);
  EXPECT_EQ(encrypt.action, "Encrypt");
  EXPECT_EQ(encrypt.api_version, "2016-01-20");
  EXPECT_EQ(
      encrypt.parameters,
      (AlibabaParameters{{"EncryptionContext", kContextJson}, {"KeyId", "key-1"}, {"Plaintext", kZeros}}));
  const AlibabaRequest decrypt = EncodeAlibabaDecrypt("bl/ob+==", kContext);
  EXPECT_EQ(decrypt.action, "Decrypt");
  EXPECT_EQ(decrypt.parameters,
            (AlibabaParameters{{"CiphertextBlob", "bl/ob+=="}, {"EncryptionContext", kContextJson}}));
  EXPECT_EQ(EncodeAlibabaKeyRequest("DescribeKey", "key-1").parameters,
            (AlibabaParameters{{"KeyId", "key-1"}}));
  EXPECT_EQ(EncodeAlibabaKeyRequest("ListKeyVersions", "key-1").parameters,
            (AlibabaParameters{{"KeyId", "key-1"}, {"PageSize", "100"}}));
}

// The vendor does not promise that it is canonical base64, so no byte of it may be touched.
TEST(AlibabaCodecTest, StoresTheCiphertextsVeryCharacters) {
  for (const std::string& blob :
       {std::string(44, 'A'), std::string(44, '~'), absl::StrCat(std::string(60, 'b'), "=!-")}) {
    ASSERT_OK_AND_ASSIGN(const AlibabaCiphertext ciphertext, DecodeAlibabaCiphertext("op", Ciphertext(blob)));
    EXPECT_EQ(ciphertext.blob, blob);
    EXPECT_EQ(ciphertext.key_id, "key-1");
    EXPECT_EQ(ciphertext.key_version_id, kVersion);
    EXPECT_THAT(CheckAlibabaEntry("", ciphertext.blob), IsOk());
    EXPECT_EQ(EncodeAlibabaDecrypt(blob, kContext).parameters.at("CiphertextBlob"), blob);
  }
}

TEST(AlibabaCodecTest, RefusesEntriesThatEncryptCannotHaveGiven) {
  const std::string good(64, 'A');
  EXPECT_THAT(CheckAlibabaEntry("", good), IsOk());
  EXPECT_THAT(CheckAlibabaEntry("", std::string(3000, 'A')), IsOk());
  for (const std::string& blob :
       {std::string(), std::string(43, 'A'), std::string(3001, 'A'), good + " ", good + "\n",
        good + std::string(1, '\0'), good + "\x7f", good + "\xc3\xa9"}) {
    const absl::Status status = CheckAlibabaEntry("", blob);
    EXPECT_THAT(status, StatusIs(absl::StatusCode::kInvalidArgument)) << blob.size();
    EXPECT_EQ(GetFailureClass(status), FailureClass::kBadBlob);
  }
  EXPECT_THAT(CheckAlibabaEntry("x", good), StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST(AlibabaCodecTest, RefusesCiphertextsThatCannotBeStored) {
  for (const std::string& blob :
       {std::string(), std::string(43, 'A'), std::string(3001, 'A'), std::string(64, ' ')}) {
    EXPECT_EQ(GetFailureClass(DecodeAlibabaCiphertext("op", Ciphertext(blob)).status()),
              FailureClass::kUnreachable)
        << blob.size();
  }
}

TEST(AlibabaCodecTest, ReadsA32BytePlaintextAndCutsItOut) {
  crypto::SensitiveString body(
      absl::StrCat(R"({"KeyId":"k","Plaintext":")", kZeros, R"(","KeyVersionId":"v"})"));
  ASSERT_OK_AND_ASSIGN(const AlibabaPlaintext plaintext, DecodeAlibabaPlaintext("op", body));
  EXPECT_EQ(plaintext.bytes.ExposeAsString(), std::string(32, '\0'));
  EXPECT_EQ(plaintext.key_id, "k");
  EXPECT_EQ(plaintext.key_version_id, "v");
  EXPECT_EQ(body.Expose(), R"({"KeyId":"k","Plaintext":"","KeyVersionId":"v"})");
}

TEST(AlibabaCodecTest, AnotherSizeOfPlaintextIsABadBlob) {
  for (const size_t size : {0, 31, 33, 64}) {
    const absl::Status status = Decode(crypto::Base64Encode(std::string(size, 'x'))).status();
    EXPECT_THAT(status, StatusIs(absl::StatusCode::kDataLoss)) << size;
    EXPECT_EQ(GetFailureClass(status), FailureClass::kBadBlob);
  }
}

TEST(AlibabaCodecTest, RefusesPlaintextsThatAreNone) {
  EXPECT_THAT(Decode(kZeros), IsOk());
  EXPECT_THAT(Decode("not base64"), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_THAT(Decode(kZeros, ""), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_THAT(Decode(kZeros, R"(,"KeyId":"k","KeyVersionId":7)"), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_THAT(Decode(kZeros, R"(,"KeyId":"k","KeyVersionId":"v","Plaintext":"")"),
              StatusIs(absl::StatusCode::kUnavailable));
}

TEST(AlibabaCodecTest, ReadsAKeysDescription) {
  ASSERT_OK_AND_ASSIGN(
      const AlibabaKey key,
      DecodeAlibabaKey("op", R"({"KeyMetadata":{"KeyState":"Enabled","Arn":"acs:kms:r:1:key/k",)"
                             R"("PrimaryKeyVersion":"v"}})"));
  EXPECT_EQ(key.arn, "acs:kms:r:1:key/k");
  EXPECT_EQ(key.state, "Enabled");
  EXPECT_EQ(key.primary_key_version, "v");
  ASSERT_OK_AND_ASSIGN(const AlibabaKey bare,
                       DecodeAlibabaKey("op", R"({"KeyMetadata":{"KeyState":"Disabled"}})"));
  EXPECT_EQ(bare.primary_key_version, "");
  for (const char* body : {"{}", R"({"KeyMetadata":[]})", R"({"KeyMetadata":{"Arn":"a"}})"}) {
    EXPECT_THAT(DecodeAlibabaKey("op", body), StatusIs(absl::StatusCode::kUnavailable)) << body;
  }
}

TEST(AlibabaCodecTest, ReadsAListOfVersionsOnlyWhole) {
  const auto list = [](int total) {
    return DecodeAlibabaVersions(
        "op",
        absl::StrCat(R"({"KeyVersions":{"KeyVersion":[{"KeyVersionId":"v1"}]},"TotalCount":)", total, "}"));
  };
  ASSERT_OK_AND_ASSIGN(const auto whole, list(1));
  EXPECT_THAT(whole, ::testing::Optional(::testing::ElementsAre("v1")));
  ASSERT_OK_AND_ASSIGN(const auto part, list(2));
  EXPECT_EQ(part, std::nullopt);
  for (const char* body :
       {"{}", R"({"KeyVersions":{"KeyVersion":[{}]},"TotalCount":1})",
        R"({"KeyVersions":{"KeyVersion":{}},"TotalCount":1})", R"({"KeyVersions":{"KeyVersion":[]}})"}) {
    EXPECT_THAT(DecodeAlibabaVersions("op", body), StatusIs(absl::StatusCode::kUnavailable)) << body;
  }
}

}  // namespace
}  // namespace signet::kms
