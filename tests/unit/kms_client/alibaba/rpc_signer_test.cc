// Vectors of the vendor's documentation, requests captured from the vendor's SDKs, and one computed apart
// from this code.
#include "kms_client/alibaba/rpc_signer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/testing/status_matchers.h"

namespace signet::kms {
namespace {

AlibabaParameters With(AlibabaParameters parameters) {
  parameters.insert(
      {{"AccessKeyId", "testid"}, {"SignatureMethod", "HMAC-SHA1"}, {"SignatureVersion", "1.0"}});
  return parameters;
}

void ExpectSigned(const std::string& method, const AlibabaParameters& parameters,
                  const std::string& signature) {
  ASSERT_OK_AND_ASSIGN(const std::string signed_with,
                       SignRpc(method, With(parameters), crypto::SensitiveString("testsecret")));
  EXPECT_EQ(signed_with, signature);
}

TEST(RpcSignerTest, SignsTheExamplesOfTheDocumentation) {
  ExpectSigned("GET",
               {{"Action", "CreateKey"},
                {"Format", "json"},
                {"Timestamp", "2016-03-28T03:13:08Z"},
                {"Version", "2016-01-20"}},
               "41wk2SSX1GJh7fwnc5eqOfiJPFg=");
  ExpectSigned("GET",
               {{"Action", "DescribeRegions"},
                {"Format", "XML"},
                {"SignatureNonce", "3ee8c1b8-83d3-44af-a94f-4e0ad82fd6cf"},
                {"Timestamp", "2016-02-23T12:46:24Z"},
                {"Version", "2014-05-26"}},
               "OLeaidS1JvxuMvnyHOwuJ+uX5qY=");
  ExpectSigned("GET",
               {{"Action", "DescribeDedicatedHosts"},
                {"Format", "JSON"},
                {"RegionId", "cn-beijing"},
                {"SignatureNonce", "edb2b34af0af9a6d14deaf7c1a5315eb"},
                {"Timestamp", "2023-03-13T08:34:30Z"},
                {"Version", "2014-05-26"}},
               "9NaGiOspFP5UPcwX8Iwt2YJXXuk=");
}

TEST(RpcSignerTest, SignsWhatTheSdksSend) {
  AlibabaParameters encrypt = {{"Action", "Encrypt"},     {"Timestamp", "2024-05-01T12:00:00Z"},
                               {"Version", "2016-01-20"}, {"KeyId", "key-hzz1234"},
                               {"Plaintext", "/+8AAQ=="}, {"SecurityToken", "tok+en/=="}};
  AlibabaParameters flat = encrypt;
  flat.insert({{"Format", "json"},
               {"SignatureNonce", "17537cb035e2ab7ee2c1bc5df77eb5af"},
               {"EncryptionContext.a", "b c"},
               {"EncryptionContext.k*~", "中"}});
  ExpectSigned("POST", flat, "moSwUIqkiU6VPMgnKxS+up5v2Co=");
  encrypt.insert({{"Format", "JSON"},
                  {"SignatureNonce", "00112233445566778899aabbccddeeff"},
                  {"EncryptionContext", R"({"a":"b c","k*~":"中"})"}});
  ExpectSigned("POST", encrypt, "IF7BiM0ne3NxLc2QROTslmP+K2A=");
  ExpectSigned("POST",
               {{"Action", "AssumeRole"},
                {"Format", "JSON"},
                {"Version", "2015-04-01"},
                {"Timestamp", "2026-11-22T05:51:34Z"},
                {"SignatureNonce", "696cc4bf3b579e05d239ed0bb4055496"},
                {"RoleArn", "acs:ram::1:role/r"},
                {"RoleSessionName", "kms"},
                {"DurationSeconds", "3600"}},
               "6WwvbyW1Uxw+a3kkjBf1vxteT1k=");
}

}  // namespace
}  // namespace signet::kms
