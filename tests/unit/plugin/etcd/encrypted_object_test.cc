#include "plugin/etcd/encrypted_object.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/testing/status_matchers.h"
#include "tests/testing/stored_objects.h"

namespace signet::etcd {
namespace {

using ::signet::testing::ProtoBytes;
using ::signet::testing::ProtoVarint;
using ::signet::testing::StatusIs;
using ::signet::testing::StoredObject;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(EncryptedObjectTest, ReadsEveryField) {
  const StoredObject stored = {"data", "key", "seed", {{"a.b", "1"}, {"c.d", ""}}, 1};
  const std::string message = stored.Message();
  ASSERT_OK_AND_ASSIGN(const EncryptedObject object, ParseEncryptedObject(message));
  EXPECT_EQ(object.encrypted_data, "data");
  EXPECT_EQ(object.key_id, "key");
  EXPECT_EQ(object.wrapped_seed, "seed");
  EXPECT_EQ(object.seed_type, kSeedTypeHkdfSeed);
  ASSERT_EQ(object.annotations.size(), 2u);
  EXPECT_EQ(object.annotations.at("a.b"), "1");
  EXPECT_EQ(object.annotations.at("c.d"), "");
}

TEST(EncryptedObjectTest, AMissingSeedTypeIsTheOldOne) {
  ASSERT_OK_AND_ASSIGN(const EncryptedObject object, ParseEncryptedObject(""));
  EXPECT_EQ(object.seed_type, kSeedTypeAesGcmKey);
}

TEST(EncryptedObjectTest, TheLastOfRepeatedFieldsCountsAndUnknownOnesAreSkipped) {
  const std::string message = ProtoBytes(2, "first") + ProtoBytes(99, "unknown") + ProtoVarint(98, 7) +
                              ProtoBytes(2, "last") +
                              ProtoBytes(4, ProtoBytes(1, "a.b") + ProtoBytes(2, "old")) +
                              ProtoBytes(4, ProtoBytes(2, "new") + ProtoBytes(1, "a.b"));
  ASSERT_OK_AND_ASSIGN(const EncryptedObject object, ParseEncryptedObject(message));
  EXPECT_EQ(object.key_id, "last");
  ASSERT_EQ(object.annotations.size(), 1u);
  EXPECT_EQ(object.annotations.at("a.b"), "new");
}

TEST(EncryptedObjectTest, RefusesMalformedMessages) {
  EXPECT_THAT(ParseEncryptedObject("\x0a\x05x"), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(ParseEncryptedObject(ProtoBytes(4, "\x0a\x05x")), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(ParseEncryptedObject(ProtoBytes(2, "\xff")), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(ParseEncryptedObject(ProtoBytes(4, ProtoBytes(1, "\xff"))),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST(EncryptedObjectTest, AppliesKubeApiserversLimitsToTheByte) {
  EXPECT_THAT(ObjectionsToCiphertext(std::string(1024, 'c')), IsEmpty());
  EXPECT_THAT(ObjectionsToCiphertext(std::string(1025, 'c')), ElementsAre(HasSubstr("1025 bytes")));
  EXPECT_THAT(ObjectionsToCiphertext(""), ElementsAre(HasSubstr("empty")));
  EXPECT_THAT(ObjectionsToKeyId(std::string(1024, 'k')), IsEmpty());
  EXPECT_THAT(ObjectionsToKeyId(std::string(1025, 'k')), ElementsAre(HasSubstr("1025 bytes")));
  EXPECT_THAT(ObjectionsToKeyId(""), ElementsAre(HasSubstr("empty")));
  const std::string fits(32768 - 3, 'v');
  EXPECT_THAT(ObjectionsToAnnotations({{"a.b", fits}}), IsEmpty());
  EXPECT_THAT(ObjectionsToAnnotations({{"a.b", fits + "v"}}), ElementsAre(HasSubstr("32769 bytes")));
}

TEST(EncryptedObjectTest, CollectsEveryObjection) {
  EncryptedObject object;
  object.seed_type = 2;
  object.annotations["UPPER"] = "";
  EXPECT_THAT(ObjectionsToObject(object),
              ElementsAre(HasSubstr("seed type is 2"), HasSubstr("encrypted data is empty"),
                          HasSubstr("wrapped seed is empty"), HasSubstr("key_id is empty"),
                          HasSubstr("1 annotation is not named by a domain name")));
}

TEST(EncryptedObjectTest, KnowsDomainNames) {
  for (const std::string& good :
       {std::string("a.com"), std::string("k8s.io"), std::string("dev.k8s.io."), std::string("10.0.0.1"),
        std::string("a-b.c"), std::string("kek.signet.internal"), std::string(63, 'a') + ".b"}) {
    EXPECT_TRUE(IsFullyQualifiedDomainName(good)) << good;
  }
  for (const std::string& bad :
       {std::string(), std::string("com"), std::string("Dev.k8s.io"), std::string("a_b.io"),
        std::string("*.x.io"), std::string(".io"), std::string("..."), std::string("a..b"),
        std::string("foo@bar.io"), std::string("http://x.io"), std::string("kms.example.com/key"),
        std::string("-a.io"), std::string("a-.io"), std::string(64, 'a') + ".b", std::string("a.b\n"),
        std::string("com.")}) {
    EXPECT_FALSE(IsFullyQualifiedDomainName(bad)) << bad;
  }
  std::string longest;
  while (longest.size() < 252) longest += "a.";
  EXPECT_TRUE(IsFullyQualifiedDomainName(longest + "a"));
  EXPECT_FALSE(IsFullyQualifiedDomainName(longest + "aa"));
}

}  // namespace
}  // namespace signet::etcd
