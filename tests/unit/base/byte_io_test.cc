#include "base/byte_io.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace signet {
namespace {

TEST(ByteWriterTest, WritesIntegersBigEndian) {
  std::string out;
  ByteWriter writer(out);
  writer.WriteU8(0x01);
  writer.WriteU16(0x0203);
  writer.WriteU32(0x04050607);
  writer.WriteU64(0x08090A0B0C0D0E0F);
  EXPECT_EQ(out, "\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0A\x0B\x0C\x0D\x0E\x0F");
}

TEST(ByteWriterTest, AppendsToWhatIsThere) {
  std::string out = "abc";
  ByteWriter(out).WriteBytes("def");
  EXPECT_EQ(out, "abcdef");
}

TEST(ByteWriterTest, TakesTheLongestFieldsThatTheirLengthsHold) {
  std::string out;
  ByteWriter writer(out);
  EXPECT_TRUE(writer.WriteU8Prefixed(std::string(0xFF, 'a')));
  EXPECT_TRUE(writer.WriteU16Prefixed(std::string(0xFFFF, 'b')));
  EXPECT_EQ(out, "\xFF" + std::string(0xFF, 'a') + "\xFF\xFF" + std::string(0xFFFF, 'b'));
}

TEST(ByteWriterTest, WritesNothingOfAFieldThatDoesNotFitItsLength) {
  std::string out;
  ByteWriter writer(out);
  EXPECT_FALSE(writer.WriteU8Prefixed(std::string(0x100, 'a')));
  EXPECT_FALSE(writer.WriteU16Prefixed(std::string(0x10000, 'a')));
  EXPECT_EQ(out, "");
}

TEST(ByteReaderTest, ReadsBackWhatByteWriterWrote) {
  std::string out;
  ByteWriter writer(out);
  writer.WriteU8(0xFE);
  writer.WriteU16(0xFEDC);
  writer.WriteU32(0xFEDCBA98);
  writer.WriteU64(0xFEDCBA9876543210);
  ASSERT_TRUE(writer.WriteU8Prefixed("field"));
  ASSERT_TRUE(writer.WriteU16Prefixed(""));
  writer.WriteBytes("rest");

  ByteReader reader(out);
  uint8_t u8 = 0;
  uint16_t u16 = 0;
  uint32_t u32 = 0;
  uint64_t u64 = 0;
  absl::string_view field = "unset";
  absl::string_view empty_field = "unset";
  absl::string_view bytes;
  ASSERT_TRUE(reader.ReadU8(u8) && reader.ReadU16(u16) && reader.ReadU32(u32) && reader.ReadU64(u64) &&
              reader.ReadU8Prefixed(field) && reader.ReadU16Prefixed(empty_field) &&
              reader.ReadBytes(4, bytes));
  EXPECT_EQ(u8, 0xFE);
  EXPECT_EQ(u16, 0xFEDC);
  EXPECT_EQ(u32, 0xFEDCBA98);
  EXPECT_EQ(u64, 0xFEDCBA9876543210);
  EXPECT_EQ(field, "field");
  EXPECT_EQ(empty_field, "");
  EXPECT_EQ(bytes, "rest");
  EXPECT_TRUE(reader.empty());
}

TEST(ByteReaderTest, RefusesAnIntegerThatIsCutShort) {
  ByteReader reader(absl::string_view("\x01\x02\x03\x04\x05\x06\x07", 7));
  uint64_t value = 42;
  EXPECT_FALSE(reader.ReadU64(value));
  EXPECT_EQ(value, 42u);
  EXPECT_EQ(reader.rest().size(), 7u);
}

TEST(ByteReaderTest, RefusesMoreBytesThanThereAre) {
  ByteReader reader("abc");
  absl::string_view value = "unset";
  EXPECT_FALSE(reader.ReadBytes(4, value));
  EXPECT_EQ(value, "unset");
  EXPECT_EQ(reader.rest(), "abc");
}

TEST(ByteReaderTest, StaysWhereItWasWhenAPrefixedFieldIsCutShort) {
  const absl::string_view cut(
      "\x00\x04"
      "abc",
      5);
  ByteReader reader(cut);
  absl::string_view value = "unset";
  EXPECT_FALSE(reader.ReadU16Prefixed(value));
  EXPECT_EQ(value, "unset");
  EXPECT_EQ(reader.rest(), cut);
}

TEST(ByteReaderTest, ReadsNothingFromNothing) {
  ByteReader reader("");
  uint8_t u8 = 7;
  absl::string_view bytes = "unset";
  EXPECT_FALSE(reader.ReadU8(u8));
  EXPECT_FALSE(reader.ReadU8Prefixed(bytes));
  EXPECT_TRUE(reader.ReadBytes(0, bytes));
  EXPECT_EQ(bytes, "");
}

}  // namespace
}  // namespace signet
