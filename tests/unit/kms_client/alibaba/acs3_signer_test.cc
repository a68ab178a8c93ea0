// The vendor's published vector, requests captured from the vendor's SDKs, and further ones computed apart
// from this code.
#include "kms_client/alibaba/acs3_signer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "kms_client/alibaba/percent_encoding.h"
#include "tests/testing/status_matchers.h"

namespace signet::kms {
namespace {

using ::testing::EndsWith;
using ::testing::StartsWith;

const char kFormType[] = "application/x-www-form-urlencoded";

class Acs3SignerTest : public ::testing::Test {
 protected:
  static Acs3Request Kms(const std::string& host, const AlibabaParameters& parameters) {
    Acs3Request request;
    request.method = "POST";
    request.canonical_query = CanonicalQuery(parameters);
    request.headers = {{"host", host},
                       {"x-acs-action", "Encrypt"},
                       {"x-acs-version", "2016-01-20"},
                       {"x-acs-date", "2024-05-01T12:00:00Z"},
                       {"x-acs-signature-nonce", "00112233445566778899aabbccddeeff"},
                       {"x-acs-content-sha256", Acs3ContentHash("")}};
    return request;
  }
  static void ExpectSigned(const Acs3Request& request, const std::string& secret, const std::string& hash,
                           const std::string& signature) {
    EXPECT_EQ(Acs3CanonicalRequestHash(request), hash);
    ASSERT_OK_AND_ASSIGN(const std::string authorization,
                         SignAcs3(request, "id", crypto::SensitiveString(std::string(secret))));
    EXPECT_THAT(authorization, EndsWith(absl::StrCat(",Signature=", signature)));
  }

  const AlibabaParameters plain_ = {{"KeyId", "key-hzz1234"}, {"Plaintext", "/+8AAQ=="}};
};

TEST_F(Acs3SignerTest, SignsTheVendorsOwnExample) {
  Acs3Request request =
      Kms("ecs.cn-shanghai.aliyuncs.com",
          {{"ImageId", "win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd"}, {"RegionId", "cn-shanghai"}});
  request.headers["x-acs-action"] = "RunInstances";
  request.headers["x-acs-version"] = "2014-05-26";
  request.headers["x-acs-date"] = "2023-10-26T10:22:32Z";
  request.headers["x-acs-signature-nonce"] = "3156853299f313e23d1673dc12e1703d";
  ExpectSigned(request, "YourAccessKeySecret",
               "7ea06492da5221eba5297e897ce16e55f964061054b7695beedaac1145b1e259",
               "06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0");
}

TEST_F(Acs3SignerTest, SignsWhatTheSdkSendsWithStsAndContext) {
  AlibabaParameters parameters = plain_;
  parameters["EncryptionContext"] = R"({"a":"b c","k*~":"中"})";
  Acs3Request request = Kms("127.0.0.1:18080", parameters);
  request.headers["x-acs-credentials-provider"] = "static_sts";
  request.headers["x-acs-accesskey-id"] = "testid";
  request.headers["x-acs-security-token"] = "tok+en/==";
  ExpectSigned(request, "testsecret", "d1d0d02f32ff846c122cf49b4675bc53d74022cb11f4b2231303a0ad7196766c",
               "c8e9c9eaa192621636df4efbb2ec9405bed3a5736311538c1e848ed10eae70f9");
}

TEST_F(Acs3SignerTest, SignsPlainAccessKeys) {
  ExpectSigned(Kms("kms.cn-hangzhou.aliyuncs.com", plain_), "testsecret",
               "8273f1f7fcf9b916c3ae51a797dda556ea125d624cdba2d266776c387ddcc867",
               "fbac84a3051f29462952aecb5750bafe2692baca6b8cb1f3ada03021bcde39f1");
}

TEST_F(Acs3SignerTest, SignsStsOnTheVpcEndpoint) {
  AlibabaParameters parameters = plain_;
  parameters["EncryptionContext"] = R"({"app":"k8s-kms"})";
  Acs3Request request = Kms("kms-vpc.cn-hangzhou.aliyuncs.com", parameters);
  request.headers["x-acs-accesskey-id"] = "STS.testid";
  request.headers["x-acs-security-token"] = "tok+en/==";
  ExpectSigned(request, "testsecret", "88b86dbd82d5a2ef17614e98376f0c30e1fc5eb318595bb53f72159d2245d413",
               "faf0125ff1559f7d9218c090b174df24b6a5db93cc4d6379324fee3643ed8be2");
}

TEST_F(Acs3SignerTest, SignsFormBodies) {
  const std::string form =
      "KeyId=key-hzz1234&Plaintext=%2F%2B8AAQ%3D%3D&EncryptionContext="
      "%7B%22a%22%3A%22b%20c%22%2C%22k*~%22%3A%22%E4%B8%AD%22%7D";
  EXPECT_EQ(Acs3ContentHash(form), "480de5bee2b6350cb46f5ca556acffdefe374f239f49f6ef7f771fcd6499e70a");
  Acs3Request request = Kms("127.0.0.1:18080", {});
  request.body = form;
  request.headers["content-type"] = kFormType;
  request.headers["x-acs-content-sha256"] = Acs3ContentHash(form);
  request.headers["x-acs-credentials-provider"] = "static_ak";
  ExpectSigned(request, "testsecret", "7c0dc2738294c42f55db2c151206a033d279069cd5eb6c9fc97e928ecb33298c",
               "01abd44a37508c36987fe7ab65ccadb9604e49a28e75c0aa900e38674ed997bb");
  request.headers["host"] = "kms.cn-hangzhou.aliyuncs.com";
  request.headers.erase("x-acs-credentials-provider");
  ExpectSigned(request, "testsecret", "2451b3fa6e09e48f932121e577d8938d6dd0001f1b51c79a262efcc5992a0543",
               "5a001c83196cbe69f66127e6ffee737ee87eeb6d19d0c882abb4c5b1b144e9cf");
}

TEST_F(Acs3SignerTest, WritesTheHeaderWithoutBlanksAfterCommas) {
  ASSERT_OK_AND_ASSIGN(
      const std::string authorization,
      SignAcs3(Kms("kms.cn-hangzhou.aliyuncs.com", plain_), "testid", crypto::SensitiveString("testsecret")));
  EXPECT_THAT(authorization, StartsWith("ACS3-HMAC-SHA256 Credential=testid,SignedHeaders=host;x-acs-action;"
                                        "x-acs-content-sha256;x-acs-date;x-acs-signature-nonce;x-acs-version,"
                                        "Signature="));
}

}  // namespace
}  // namespace signet::kms
