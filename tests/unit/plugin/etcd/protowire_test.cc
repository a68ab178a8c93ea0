#include "plugin/etcd/protowire.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/testing/stored_objects.h"

namespace signet::etcd {
namespace {

using ::signet::testing::ProtoBytes;
using ::signet::testing::ProtoVarint;

bool IsMalformed(absl::string_view message) {
  ProtoReader reader(message);
  ProtoField field;
  while (reader.Next(field)) {
  }
  return reader.malformed();
}

TEST(ProtoReaderTest, ReadsEveryWireType) {
  const std::string message = ProtoVarint(1, 300) + ProtoBytes(2, "text") +
                              std::string("\x19\x01\x02\x03\x04\x05\x06\x07\x08", 9) +
                              std::string("\x25\x01\x02\x03\x04", 5);
  ProtoReader reader(message);
  ProtoField field;
  ASSERT_TRUE(reader.Next(field));
  EXPECT_EQ(field.number, 1u);
  EXPECT_EQ(field.value, 300u);
  ASSERT_TRUE(reader.Next(field));
  EXPECT_EQ(field.number, 2u);
  EXPECT_EQ(field.bytes, "text");
  ASSERT_TRUE(reader.Next(field));
  EXPECT_EQ(field.type, WireType::kFixed64);
  EXPECT_EQ(field.value, 0x0807060504030201u);
  ASSERT_TRUE(reader.Next(field));
  EXPECT_EQ(field.type, WireType::kFixed32);
  EXPECT_EQ(field.value, 0x04030201u);
  EXPECT_FALSE(reader.Next(field));
  EXPECT_FALSE(reader.malformed());
}

TEST(ProtoReaderTest, ReadsTheLargestVarintAndNoLarger) {
  ProtoReader reader("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01");
  ProtoField field;
  ASSERT_TRUE(reader.Next(field));
  EXPECT_EQ(field.value, UINT64_MAX);
  EXPECT_TRUE(IsMalformed("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02"));
  EXPECT_TRUE(IsMalformed("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"));
}

TEST(ProtoReaderTest, RefusesGroupsUnknownTypesAndFieldZero) {
  for (const char* bad : {"\x0b", "\x0c", "\x0e", "\x0f", "\x02\x01x"}) EXPECT_TRUE(IsMalformed(bad));
  EXPECT_TRUE(IsMalformed(std::string("\x00\x01", 2)));
}

TEST(ProtoReaderTest, RefusesLengthsBeyondTheEnd) {
  EXPECT_TRUE(
      IsMalformed("\x0a\x05"
                  "abcd"));
  EXPECT_TRUE(
      IsMalformed("\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"
                  "abcd"));
  EXPECT_TRUE(IsMalformed("\x0a"));
  EXPECT_TRUE(IsMalformed("\x19\x01\x02"));
  EXPECT_TRUE(IsMalformed("\x25\x01\x02"));
}

TEST(ProtoReaderTest, StaysMalformed) {
  ProtoReader reader("\x0b\x08\x01");
  ProtoField field;
  EXPECT_FALSE(reader.Next(field));
  EXPECT_FALSE(reader.Next(field));
  EXPECT_TRUE(reader.malformed());
}

TEST(ProtoReaderTest, AnEmptyMessageIsWellFormed) { EXPECT_FALSE(IsMalformed("")); }

}  // namespace
}  // namespace signet::etcd
