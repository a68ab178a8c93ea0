#include "plugin/etcd/stored_value.h"

#include <gtest/gtest.h>

#include <string>

namespace signet::etcd {
namespace {

TEST(StoredValueTest, SplitsThePrefixFromTheName) {
  const StoredValue value = ParseStoredValue("k8s:enc:kms:v2:my.provider:pay:load");
  EXPECT_EQ(value.transformer, Transformer::kKmsV2);
  EXPECT_EQ(value.name, "my.provider");
  EXPECT_EQ(value.payload, "pay:load");
}

TEST(StoredValueTest, KnowsEveryTransformerOfKubeApiserver) {
  EXPECT_EQ(ParseStoredValue("k8s:enc:kms:v1:p:x").transformer, Transformer::kKmsV1);
  EXPECT_EQ(ParseStoredValue("k8s:enc:aescbc:v1:k:x").transformer, Transformer::kAesCbc);
  EXPECT_EQ(ParseStoredValue("k8s:enc:aesgcm:v1:k:x").transformer, Transformer::kAesGcm);
  EXPECT_EQ(ParseStoredValue("k8s:enc:secretbox:v1:k:x").transformer, Transformer::kSecretbox);
  EXPECT_EQ(ParseStoredValue(std::string("k8s\0\x0a", 5)).transformer, Transformer::kIdentityProtobuf);
  EXPECT_EQ(ParseStoredValue("{\"kind\":\"Widget\"}").transformer, Transformer::kIdentityJson);
  EXPECT_EQ(ParseStoredValue("\xd9\xd9\xf7\xa1").transformer, Transformer::kIdentityCbor);
}

TEST(StoredValueTest, TellsUnknownAndTruncatedPrefixesFromForeignBytes) {
  for (const char* text :
       {"k8s:enc:", "k8s:enc:kms:v3:p:x", "k8s:enc:kms:v2:no-colon", "k8s:enc:rot13:v1:k:x"}) {
    EXPECT_EQ(ParseStoredValue(text).transformer, Transformer::kUnknownEncrypted) << text;
  }
  for (const char* text : {"", "k8s:en", "k8s", "random"}) {
    EXPECT_EQ(ParseStoredValue(text).transformer, Transformer::kNone) << text;
  }
}

TEST(StoredValueTest, TakesAnEmptyName) {
  EXPECT_EQ(ParseStoredValue("k8s:enc:kms:v2::x").name, "");
  EXPECT_EQ(ParseStoredValue("k8s:enc:kms:v2::x").payload, "x");
}

}  // namespace
}  // namespace signet::etcd
