// The wire of KMS v2, byte by byte, written by hand from the upstream field numbers: a generated client would
// share a mistake in our .proto.
#include <gtest/gtest.h>

#include <string>

#include "proto/kms/v2/api.pb.h"

namespace signet {
namespace {

template <size_t kSize>
std::string Bytes(const char (&literal)[kSize]) {
  return std::string(literal, kSize - 1);
}

template <typename Message>
std::string Serialized(const Message& message) {
  std::string bytes;
  EXPECT_TRUE(message.SerializeToString(&bytes));
  return bytes;
}

TEST(KmsV2WireTest, StatusRequestIsEmpty) {
  EXPECT_EQ(Serialized(v2::StatusRequest()), "");
  v2::StatusRequest request;
  EXPECT_TRUE(request.ParseFromString(""));
}

TEST(KmsV2WireTest, StatusResponseHasVersionHealthzKeyId) {
  v2::StatusResponse response;
  response.set_version("v2");
  response.set_healthz("ok");
  response.set_key_id("k1");
  EXPECT_EQ(Serialized(response), Bytes("\x0a\x02v2"
                                        "\x12\x02ok"
                                        "\x1a\x02k1"));
}

TEST(KmsV2WireTest, EncryptRequestHasPlaintextUid) {
  const std::string wire = Bytes(
      "\x0a\x03\x00\xff\x01"
      "\x12\x02u1");
  v2::EncryptRequest request;
  ASSERT_TRUE(request.ParseFromString(wire));
  EXPECT_EQ(request.plaintext(), Bytes("\x00\xff\x01"));
  EXPECT_EQ(request.uid(), "u1");
  EXPECT_EQ(Serialized(request), wire);
}

// The trap: here key_id is 2 and annotations 3 …
TEST(KmsV2WireTest, EncryptResponseHasKeyIdTwoAndAnnotationsThree) {
  v2::EncryptResponse response;
  response.set_ciphertext(Bytes("\xe5\x01"));
  response.set_key_id("k1");
  (*response.mutable_annotations())["a.b"] = Bytes("\x00\x01");
  EXPECT_EQ(Serialized(response), Bytes("\x0a\x02\xe5\x01"
                                        "\x12\x02k1"
                                        "\x1a\x09\x0a\x03"
                                        "a.b"
                                        "\x12\x02\x00\x01"));
}

// … and there key_id is 3 and annotations 4.
TEST(KmsV2WireTest, DecryptRequestHasKeyIdThreeAndAnnotationsFour) {
  const std::string wire = Bytes(
      "\x0a\x02\xe5\x01"
      "\x12\x02u1"
      "\x1a\x02k1"
      "\x22\x09\x0a\x03"
      "a.b"
      "\x12\x02\x00\x01");
  v2::DecryptRequest request;
  ASSERT_TRUE(request.ParseFromString(wire));
  EXPECT_EQ(request.ciphertext(), Bytes("\xe5\x01"));
  EXPECT_EQ(request.uid(), "u1");
  EXPECT_EQ(request.key_id(), "k1");
  ASSERT_EQ(request.annotations().size(), 1U);
  EXPECT_EQ(request.annotations().at("a.b"), Bytes("\x00\x01"));
  EXPECT_EQ(Serialized(request), wire);
}

TEST(KmsV2WireTest, DecryptResponseHasPlaintext) {
  v2::DecryptResponse response;
  response.set_plaintext(Bytes("\x00seed"));
  EXPECT_EQ(Serialized(response), Bytes("\x0a\x05\x00seed"));
}

TEST(KmsV2WireTest, IgnoresUnknownFields) {
  // Field 15, a varint, before the known ones; field 100, bytes, behind them.
  const std::string wire = Bytes(
      "\x78\x07"
      "\x0a\x01p"
      "\x12\x01u"
      "\xa2\x06\x02zz");
  v2::EncryptRequest request;
  ASSERT_TRUE(request.ParseFromString(wire));
  EXPECT_EQ(request.plaintext(), "p");
  EXPECT_EQ(request.uid(), "u");
  v2::StatusRequest status;
  EXPECT_TRUE(status.ParseFromString(Bytes("\x78\x07")));
}

TEST(KmsV2WireTest, OfDuplicateAnnotationsTheLastWinsAndAnAbsentValueIsEmpty) {
  v2::DecryptRequest request;
  ASSERT_TRUE(
      request.ParseFromString(Bytes("\x22\x08\x0a\x03"
                                    "a.b"
                                    "\x12\x01x"
                                    "\x22\x05\x0a\x03"
                                    "a.b")));
  ASSERT_EQ(request.annotations().size(), 1U);
  EXPECT_EQ(request.annotations().at("a.b"), "");
}

TEST(KmsV2WireTest, RefusesInvalidUtf8InStrings) {
  v2::EncryptRequest request;
  EXPECT_FALSE(request.ParseFromString(Bytes("\x12\x02\xff\xfe")));
}

TEST(KmsV2WireTest, ServiceAndMethodNamesAreUpstreams) {
  const google::protobuf::ServiceDescriptor* service =
      v2::StatusRequest::descriptor()->file()->FindServiceByName("KeyManagementService");
  ASSERT_NE(service, nullptr);
  EXPECT_EQ(service->full_name(), "v2.KeyManagementService");
  ASSERT_EQ(service->method_count(), 3);
  for (const char* name : {"Status", "Decrypt", "Encrypt"}) {
    EXPECT_NE(service->FindMethodByName(name), nullptr) << name;
  }
}

}  // namespace
}  // namespace signet
