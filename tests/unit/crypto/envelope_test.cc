#include "crypto/envelope.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "crypto/aes_gcm.h"
#include "tests/testing/counting_random.h"
#include "tests/testing/status_matchers.h"

namespace signet::crypto {
namespace {

using ::signet::testing::CountingRandom;
using ::signet::testing::FailingRandom;
using ::signet::testing::IsOk;
using ::signet::testing::StatusIs;
using ::testing::HasSubstr;

constexpr absl::string_view kKeyId = "local-v1-8f3a1c0d9e7b2a44";

absl::Span<const uint8_t> Bytes(absl::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

std::unique_ptr<const LocalKek> MakeKek(uint8_t first) {
  CountingRandom random(first);
  const absl::StatusOr<SecretBytes> kek = GenerateLocalKek(random);
  EXPECT_THAT(kek, IsOk());
  absl::StatusOr<std::unique_ptr<const LocalKek>> derived = LocalKek::Derive(*kek);
  EXPECT_THAT(derived, IsOk());
  return *std::move(derived);
}

class EnvelopeTest : public ::testing::Test {
 protected:
  std::string Seal(absl::string_view plaintext) const { return SealWith(*kek_, kKeyId, plaintext); }
  std::string SealWith(const LocalKek& kek, absl::string_view key_id, absl::string_view plaintext) const {
    const absl::StatusOr<std::string> sealed = SealEnvelope(kek, id_, key_id, plaintext, SystemRandom());
    EXPECT_THAT(sealed, IsOk());
    return sealed.value_or("");
  }
  // Parse and open.
  absl::StatusOr<std::string> Open(absl::string_view ciphertext, absl::string_view key_id = kKeyId) const {
    const absl::StatusOr<EnvelopeView> view = ParseEnvelope(ciphertext);
    if (!view.ok()) return view.status();
    absl::StatusOr<SensitiveString> opened = OpenEnvelope(*kek_, key_id, *view);
    if (!opened.ok()) return opened.status();
    return std::string(opened->Expose());
  }

  const std::unique_ptr<const LocalKek> kek_ = MakeKek(0);
  const LocalKekId id_ = ComputeLocalKekId("some record");
};

TEST_F(EnvelopeTest, OpensWhatItSealed) {
  for (const size_t size : {1u, 15u, 16u, 17u, 32u, 916u, 4096u, 65535u, 65536u}) {
    const std::string plaintext(size, 'p');
    const std::string sealed = Seal(plaintext);
    EXPECT_EQ(sealed.size(), size + kEnvelopeOverheadBytes);
    EXPECT_EQ(Open(sealed).value_or("?"), plaintext);
  }
}

TEST_F(EnvelopeTest, NamesTheKekThatItIsUnder) {
  const std::string sealed = Seal("plaintext");
  ASSERT_OK_AND_ASSIGN(const EnvelopeView view, ParseEnvelope(sealed));
  EXPECT_EQ(view.local_kek_id, id_);
}

TEST_F(EnvelopeTest, ViewsPointIntoTheBytesThatWereParsed) {
  const std::string sealed = Seal("plaintext");
  ASSERT_OK_AND_ASSIGN(const EnvelopeView view, ParseEnvelope(sealed));
  EXPECT_EQ(view.header.data(), sealed.data());
  EXPECT_EQ(view.header.size(), 20u);
  EXPECT_EQ(view.wrapped_dek.data(), sealed.data() + 20);
  EXPECT_EQ(view.wrapped_dek.size(), 60u);
  EXPECT_EQ(view.payload.data(), sealed.data() + 80);
  EXPECT_EQ(view.payload.size(), 28u + 9u);
}

TEST_F(EnvelopeTest, NeverSealsTheSameTwice) {
  std::set<std::string> deks, payloads;
  for (int i = 0; i < 100; ++i) {
    const std::string sealed = Seal("plaintext");
    EXPECT_TRUE(deks.insert(sealed.substr(20, 60)).second);
    EXPECT_TRUE(payloads.insert(sealed.substr(80)).second);
  }
}

// Ciphertexts that differ do not show it: with fresh nonces one DEK for all of them looks like many.
TEST_F(EnvelopeTest, NeverUsesADekOrANonceTwice) {
  std::set<std::string> deks, nonces;
  for (int i = 0; i < 100; ++i) {
    const std::string sealed = Seal("plaintext");
    EXPECT_TRUE(nonces.insert(sealed.substr(20, kGcmNonceBytes)).second);
    EXPECT_TRUE(nonces.insert(sealed.substr(80, kGcmNonceBytes)).second);
    std::string dek(kAesKeyBytes, '\0');
    const std::string aad = absl::StrCat(absl::string_view("signet/v1/dek\0", 14), sealed.substr(0, 20),
                                         std::string(1, static_cast<char>(kKeyId.size())), kKeyId);
    ASSERT_THAT(AesGcmOpen(kek_->wrap_key().Expose(), Bytes(sealed).subspan(20, kGcmNonceBytes), Bytes(aad),
                           Bytes(sealed).subspan(20 + kGcmNonceBytes, kAesKeyBytes + kGcmTagBytes),
                           absl::MakeSpan(reinterpret_cast<uint8_t*>(dek.data()), dek.size())),
                IsOk());
    EXPECT_TRUE(deks.insert(dek).second);
  }
}

TEST_F(EnvelopeTest, AsksForRandomnessOnce) {
  CountingRandom random;
  ASSERT_THAT(SealEnvelope(*kek_, id_, kKeyId, "plaintext", random), IsOk());
  EXPECT_EQ(random.requests(), 1u);
}

TEST_F(EnvelopeTest, DoesNotSealWithoutRandomness) {
  FailingRandom random;
  EXPECT_THAT(SealEnvelope(*kek_, id_, kKeyId, "plaintext", random),
              StatusIs(absl::StatusCode::kUnavailable));
}

TEST_F(EnvelopeTest, DoesNotShowThePlaintext) {
  const std::string plaintext(64, 'p');
  EXPECT_THAT(Seal(plaintext), ::testing::Not(HasSubstr("pppp")));
}

TEST_F(EnvelopeTest, RefusesEveryFlippedBit) {
  const std::string sealed = Seal("thirty-two bytes of a seed, so..");
  for (size_t bit = 0; bit < sealed.size() * 8; ++bit) {
    std::string flipped = sealed;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << (bit % 8)));
    const auto expected = bit / 8 < 4 ? absl::StatusCode::kInvalidArgument : absl::StatusCode::kDataLoss;
    EXPECT_THAT(Open(flipped), StatusIs(expected)) << bit;
  }
}

TEST_F(EnvelopeTest, RefusesEveryTruncation) {
  const std::string sealed = Seal("thirty-two bytes of a seed, so..");
  for (size_t size = 0; size < sealed.size(); ++size) {
    const auto expected =
        size <= kEnvelopeOverheadBytes ? absl::StatusCode::kInvalidArgument : absl::StatusCode::kDataLoss;
    EXPECT_THAT(Open(sealed.substr(0, size)), StatusIs(expected)) << size;
  }
}

TEST_F(EnvelopeTest, RefusesAddedBytes) {
  EXPECT_THAT(Open(Seal("plaintext") + '\0'), StatusIs(absl::StatusCode::kDataLoss));
}

TEST_F(EnvelopeTest, RefusesAnotherKeyId) {
  const std::string sealed = Seal("plaintext");
  for (const absl::string_view other : {"local-v2-8f3a1c0d9e7b2a44", "local-v1-8f3a1c0d9e7b2a4", "x"}) {
    EXPECT_THAT(Open(sealed, other), StatusIs(absl::StatusCode::kDataLoss)) << other;
  }
}

TEST_F(EnvelopeTest, RefusesAnotherKek) {
  EXPECT_THAT(Open(SealWith(*MakeKek(1), kKeyId, "plaintext")), StatusIs(absl::StatusCode::kDataLoss));
}

TEST_F(EnvelopeTest, RefusesTheDekOfOneWithThePayloadOfAnother) {
  const std::string first = Seal("first");
  const std::string second = Seal("other");
  EXPECT_THAT(Open(first.substr(0, 80) + second.substr(80)), StatusIs(absl::StatusCode::kDataLoss));
}

TEST_F(EnvelopeTest, RefusesAPayloadInPlaceOfTheDek) {
  // 32 bytes, so that both parts have the same size; only their domains tell them apart.
  const std::string sealed = Seal("thirty-two bytes of a seed, so..");
  EXPECT_THAT(Open(sealed.substr(0, 20) + sealed.substr(80) + sealed.substr(20, 60)),
              StatusIs(absl::StatusCode::kDataLoss));
}

TEST_F(EnvelopeTest, OpensAgainAfterARefusal) {
  const std::string sealed = Seal("plaintext");
  std::string tampered = sealed;
  tampered.back() ^= 1;
  EXPECT_THAT(Open(tampered), StatusIs(absl::StatusCode::kDataLoss));
  EXPECT_EQ(Open(sealed).value_or("?"), "plaintext");
}

TEST_F(EnvelopeTest, RefusesPlaintextsOutOfBounds) {
  const auto refused = StatusIs(absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(SealEnvelope(*kek_, id_, kKeyId, "", SystemRandom()), refused);
  EXPECT_THAT(SealEnvelope(*kek_, id_, kKeyId, std::string(65537, 'p'), SystemRandom()), refused);
}

TEST_F(EnvelopeTest, RefusesKeyIdsOutOfBounds) {
  const auto refused = StatusIs(absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(SealEnvelope(*kek_, id_, "", "plaintext", SystemRandom()), refused);
  EXPECT_THAT(SealEnvelope(*kek_, id_, std::string(256, 'k'), "plaintext", SystemRandom()), refused);
  const std::string longest(255, 'k');
  const std::string sealed = SealWith(*kek_, longest, "plaintext");
  EXPECT_EQ(Open(sealed, longest).value_or("?"), "plaintext");
  EXPECT_THAT(Open(sealed, ""), refused);
  EXPECT_THAT(Open(sealed, longest + 'k'), refused);
}

TEST_F(EnvelopeTest, RefusesWhatIsTooLongToBeOurs) {
  const std::string sealed = Seal(std::string(65536, 'p'));
  EXPECT_THAT(ParseEnvelope(sealed), IsOk());
  EXPECT_THAT(ParseEnvelope(sealed + 'x'),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("too long")));
}

TEST_F(EnvelopeTest, TellsDataOfOtherPluginsApart) {
  for (const absl::string_view start : {"vault:v1:", "1", "k8s:enc:", "AQIC", ""}) {
    std::string other(start);
    other.resize(200, 'A');
    EXPECT_THAT(ParseEnvelope(other),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("not written by signet")));
  }
}

TEST_F(EnvelopeTest, RefusesANewerFormatAndReservedBits) {
  for (const size_t position : {1u, 2u, 3u}) {
    std::string sealed = Seal("plaintext");
    sealed[position] = 2;
    EXPECT_THAT(ParseEnvelope(sealed),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("unknown format")));
  }
}

TEST_F(EnvelopeTest, WorksOnManyThreadsAtOnce) {
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([this, i] {
      for (int j = 0; j < 100; ++j) {
        const std::string plaintext(static_cast<size_t>(1 + j), static_cast<char>('a' + i));
        EXPECT_EQ(Open(Seal(plaintext)).value_or("?"), plaintext);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace signet::crypto
