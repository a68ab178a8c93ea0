#include "kms_client/local/keyring_codec.h"

#include <gmock/gmock.h>

#include "crypto/digest.h"
#include "tests/unit/kms_client/local/local_test_env.h"

namespace signet::kms {
namespace {

using ::signet::testing::IsOk;
using ::signet::testing::StatusIs;
using ::testing::HasSubstr;

constexpr absl::StatusCode kDataLoss = absl::StatusCode::kDataLoss;

class KeyringCodecTest : public LocalTest {
 protected:
  void SetUp() override {
    keyring_.emplace(NewKeyring().value());
    ASSERT_THAT(keyring_->Add(random_, clock_.Wall(), "second"), IsOk());
    ASSERT_THAT(keyring_->Activate(2, clock_.Wall() + absl::Hours(1), clock_.Wall()), IsOk());
    ASSERT_THAT(keyring_->Add(random_, clock_.Wall()), IsOk());
    ASSERT_THAT(keyring_->Destroy(3, clock_.Wall()), IsOk());
    plain_ = std::string(EncodeKeyring(*keyring_).value().Expose());
    seal_key_.emplace(crypto::SecretBytes::CopyOf(std::string(32, 's')).value());
    sealed_ = std::string(
        EncodeSealedKeyring(*keyring_, SealParameters{kCheapScrypt, {}}, *seal_key_, random_)->Expose());
  }
  static absl::StatusOr<Keyring> Decode(absl::string_view bytes, const crypto::SecretBytes* key = nullptr) {
    const absl::StatusOr<KeyringFileParts> parts = ParseKeyringFile(bytes);
    if (!parts.ok()) return parts.status();
    return DecodeKeyring(*parts, key);
  }
  // With a good checksum, so that what lies behind it is tested.
  static std::string WithChecksum(std::string bytes) {
    bytes.resize(bytes.size() - 32);
    const crypto::Sha256Digest digest = crypto::Sha256(bytes);
    bytes.append(digest.begin(), digest.end());
    return bytes;
  }
  static std::string Flipped(std::string bytes, size_t at, int with = 1) {
    bytes[at] = static_cast<char>(bytes[at] ^ with);
    return bytes;
  }
  void ExpectSame(const Keyring& read) {
    EXPECT_EQ(read.id(), keyring_->id());
    EXPECT_EQ(read.revision(), keyring_->revision());
    EXPECT_EQ(read.created(), keyring_->created());
    ASSERT_EQ(read.versions().size(), keyring_->versions().size());
    for (size_t i = 0; i < read.versions().size(); ++i) {
      const KeyringVersion& a = read.versions()[i];
      const KeyringVersion& b = keyring_->versions()[i];
      EXPECT_EQ(a.number, b.number);
      EXPECT_EQ(a.id, b.id);
      EXPECT_EQ(a.state, b.state);
      EXPECT_EQ(a.activated, b.activated);
      EXPECT_EQ(a.activate_at, b.activate_at);
      EXPECT_EQ(a.created, b.created);
      EXPECT_EQ(a.state_changed, b.state_changed);
      EXPECT_EQ(a.label, b.label);
      EXPECT_EQ(a.key, b.key);
    }
  }

  std::optional<Keyring> keyring_;
  std::optional<crypto::SecretBytes> seal_key_;
  std::string plain_;
  std::string sealed_;
};

TEST_F(KeyringCodecTest, ReadsWhatItWrites) {
  ASSERT_OK_AND_ASSIGN(const Keyring read, Decode(plain_));
  ExpectSame(read);
}

TEST_F(KeyringCodecTest, ReadsWhatItSeals) {
  ASSERT_OK_AND_ASSIGN(const Keyring read, Decode(sealed_, &*seal_key_));
  ExpectSame(read);
}

TEST_F(KeyringCodecTest, TheHeadOfASealedFileNamesTheKeyring) {
  ASSERT_OK_AND_ASSIGN(const KeyringFileParts parts, ParseKeyringFile(sealed_));
  EXPECT_EQ(parts.id, keyring_->id());
  EXPECT_EQ(parts.revision, keyring_->revision());
  ASSERT_TRUE(parts.seal.has_value());
  EXPECT_EQ(parts.seal->cost.log2_n, kCheapScrypt.log2_n);
}

TEST_F(KeyringCodecTest, EveryFlippedBitIsAnErrorAndNeverAWrongKey) {
  for (size_t bit = 0; bit < plain_.size() * 8; ++bit) {
    EXPECT_FALSE(Decode(Flipped(plain_, bit / 8, 1 << (bit % 8))).ok()) << bit;
  }
  for (size_t bit = 0; bit < sealed_.size() * 8; ++bit) {
    EXPECT_FALSE(Decode(Flipped(sealed_, bit / 8, 1 << (bit % 8)), &*seal_key_).ok()) << bit;
  }
}

TEST_F(KeyringCodecTest, EveryTruncationIsAnError) {
  for (size_t size = 0; size < plain_.size(); ++size) {
    EXPECT_THAT(Decode(plain_.substr(0, size)), StatusIs(kDataLoss)) << size;
    EXPECT_THAT(Decode(sealed_.substr(0, size), &*seal_key_), StatusIs(kDataLoss)) << size;
  }
}

TEST_F(KeyringCodecTest, TheSealCoversTheHeadToo) {
  // Fixed header, salt and nonce with the checksum made good: only the seal can tell.
  for (const size_t at : {size_t{12}, size_t{28}, size_t{42}, size_t{58}}) {
    EXPECT_THAT(Decode(WithChecksum(Flipped(sealed_, at)), &*seal_key_),
                StatusIs(absl::StatusCode::kPermissionDenied))
        << at;
  }
}

TEST_F(KeyringCodecTest, AWrongSealKeyIsToldFromADamagedFile) {
  const crypto::SecretBytes wrong = crypto::SecretBytes::CopyOf(std::string(32, 'w')).value();
  EXPECT_THAT(Decode(sealed_, &wrong),
              StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("passphrase")));
  EXPECT_THAT(Decode(Flipped(sealed_, 100), &*seal_key_), StatusIs(kDataLoss));
}

TEST_F(KeyringCodecTest, ANewerFormatIsNamed) {
  std::string newer = plain_;
  newer[8] = 9;
  EXPECT_THAT(Decode(newer), StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("format 9")));
  EXPECT_THAT(Decode(newer.substr(0, 20)), StatusIs(absl::StatusCode::kFailedPrecondition));
  newer[8] = 0;
  EXPECT_THAT(Decode(newer), StatusIs(kDataLoss));
}

TEST_F(KeyringCodecTest, SaysWhatIsNoKeyring) {
  EXPECT_THAT(Decode(""), StatusIs(kDataLoss, HasSubstr("not a keyring")));
  EXPECT_THAT(Decode("signetd.yaml: not this"), StatusIs(kDataLoss, HasSubstr("not a keyring")));
  EXPECT_THAT(Decode(std::string(kMaxKeyringFileBytes + 1, 'S')), StatusIs(kDataLoss));
}

TEST_F(KeyringCodecTest, ASealKeyGoesWithASealedFileOnly) {
  EXPECT_THAT(Decode(plain_, &*seal_key_), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(Decode(sealed_), StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST_F(KeyringCodecTest, RefusesBodiesThatBreakARule) {
  // Offsets of the first version: number 50, id 54, state 62, flags 63, created 64, activate_at 72.
  const struct {
    size_t at;
    int with;
    absl::string_view what;
  } cases[] = {
      {9, 2, "unknown seal"},   {10, 1, "reserved"},
      {28, 0x80, ""},           {48, 0xFF, "too many versions"},
      {53, 1, "number 0"},      {53, 2, "out of order"},
      {62, 4, "unknown state"}, {62, 2, "destroyed key"},
      {63, 2, "unknown flag"},  {64, 0x80, "time"},
      {72, 0x80, "time"},       {39, 1, "length"},
  };
  for (const auto& [at, with, what] : cases) {
    const absl::StatusOr<Keyring> read = Decode(WithChecksum(Flipped(plain_, at, with)));
    if (what.empty()) {
      EXPECT_THAT(read, IsOk()) << "the revision is free";
    } else {
      EXPECT_THAT(read, StatusIs(kDataLoss)) << what;
    }
  }
}

TEST_F(KeyringCodecTest, AFullKeyringFitsTheLimit) {
  while (keyring_->versions().size() < kMaxKeyringVersions) {
    ASSERT_THAT(keyring_->Add(random_, clock_.Wall(), std::string(kMaxKeyringLabelBytes, 'l')), IsOk());
  }
  ASSERT_OK_AND_ASSIGN(const crypto::SensitiveString sealed,
                       EncodeSealedKeyring(*keyring_, SealParameters{}, *seal_key_, random_));
  EXPECT_LE(sealed.size(), kMaxKeyringFileBytes);
  ASSERT_OK_AND_ASSIGN(const Keyring read, Decode(sealed.Expose(), &*seal_key_));
  ExpectSame(read);
}

}  // namespace
}  // namespace signet::kms
