// The keyring file, byte for byte: tests/testdata/golden/keyring*.hex were made by another implementation and
// must be readable for ever.
#include <gmock/gmock.h>

#include "absl/strings/escaping.h"
#include "absl/strings/str_replace.h"
#include "kms_client/local/keyring_codec.h"
#include "kms_client/local/local_kms_client.h"
#include "tests/testing/counting_random.h"
#include "tests/testing/paths.h"
#include "tests/unit/kms_client/local/local_test_env.h"

namespace signet::kms {
namespace {

using ::signet::testing::CountingRandom;

std::string Golden(const std::string& name) {
  const std::string hex = ReadWhole(testing::SourcePath("tests/testdata/golden/" + name));
  EXPECT_FALSE(hex.empty()) << name;
  return absl::HexStringToBytes(absl::StrReplaceAll(hex, {{"\n", ""}}));
}

// `size` bytes that count up from `first`.
std::string Counting(uint8_t first, size_t size) {
  std::string bytes;
  while (bytes.size() < size) bytes.push_back(static_cast<char>(first++));
  return bytes;
}

void ExpectVersion(const KeyringVersion& version, uint8_t id, KeyringVersionState state,
                   absl::string_view key, int64_t created, int64_t changed) {
  EXPECT_EQ(std::string(version.id.begin(), version.id.end()), Counting(id, 8));
  EXPECT_EQ(version.state, state);
  EXPECT_EQ(std::string(version.key.ExposeAsString()), key);
  EXPECT_EQ(absl::ToUnixSeconds(version.created), created);
  EXPECT_EQ(absl::ToUnixSeconds(version.state_changed), changed);
}

void ExpectGolden(const Keyring& keyring) {
  EXPECT_EQ(std::string(keyring.id().begin(), keyring.id().end()), Counting(0xA0, 16));
  EXPECT_EQ(keyring.revision(), 7u);
  EXPECT_EQ(absl::ToUnixSeconds(keyring.created()), 1690000000);
  ASSERT_EQ(keyring.versions().size(), 4u);
  const auto& v = keyring.versions();
  ExpectVersion(v[0], 0xB0, KeyringVersionState::kEnabled, Counting(0xC0, 32), 1690000000, 1690000000);
  ExpectVersion(v[1], 0xB8, KeyringVersionState::kDestroyed, "", 1691000000, 1692000000);
  ExpectVersion(v[2], 0x10, KeyringVersionState::kDisabled, Counting(0x20, 32), 1693000000, 1694000000);
  ExpectVersion(v[3], 0x18, KeyringVersionState::kEnabled, Counting(0x40, 32), 1695000000, 1695000000);
  EXPECT_TRUE(v[0].activated);
  EXPECT_EQ(v[0].label, "golden");
  EXPECT_FALSE(v[3].activated);
  EXPECT_EQ(absl::ToUnixSeconds(*v[3].activate_at), 4000000000);
  EXPECT_EQ(v[3].label, "next");
  EXPECT_EQ(keyring.Active(absl::FromUnixSeconds(1700000000))->number, 1u);
  EXPECT_EQ(keyring.Active(absl::FromUnixSeconds(4000000000))->number, 4u);
}

class KeyringGoldenTest : public LocalTest {
 protected:
  void SetUp() override {
    Write("plain", Golden("keyring.hex"));
    Write("sealed", Golden("keyring_sealed.hex"));
    Write("passphrase", "golden passphrase\n");
  }
};

TEST_F(KeyringGoldenTest, PlainKeyringIsRead) {
  ASSERT_OK_AND_ASSIGN(const Keyring keyring, File("plain").Load());
  ExpectGolden(keyring);
}

TEST_F(KeyringGoldenTest, SealedKeyringIsRead) {
  ASSERT_OK_AND_ASSIGN(const Keyring keyring, SealedFile("sealed", "passphrase").Load());
  ExpectGolden(keyring);
}

TEST_F(KeyringGoldenTest, PlainKeyringIsWrittenTheSame) {
  ASSERT_OK_AND_ASSIGN(const Keyring keyring, File("plain").Load());
  ASSERT_OK_AND_ASSIGN(const crypto::SensitiveString bytes, EncodeKeyring(keyring));
  EXPECT_EQ(bytes.Expose(), Golden("keyring.hex"));
}

TEST_F(KeyringGoldenTest, SealedKeyringIsWrittenTheSame) {
  SealKeeper keeper(SealSource::PassphraseFile(Path("passphrase")));
  const std::string golden = Golden("keyring_sealed.hex");
  ASSERT_OK_AND_ASSIGN(const KeyringFileParts parts, ParseKeyringFile(golden));
  ASSERT_OK_AND_ASSIGN(const crypto::SecretBytes* const key, keeper.KeyFor(*parts.seal, files_));
  ASSERT_OK_AND_ASSIGN(const Keyring keyring, DecodeKeyring(parts, key));
  CountingRandom nonce(0x60);
  ASSERT_OK_AND_ASSIGN(const crypto::SensitiveString bytes,
                       EncodeSealedKeyring(keyring, *parts.seal, *key, nonce));
  EXPECT_EQ(bytes.Expose(), golden);
}

// The record of the golden object names version b0…b7 of this keyring.
TEST_F(KeyringGoldenTest, TheGoldenRecordsLocalKekIsUnwrapped) {
  const std::string record_bytes = Golden("record.hex");
  ASSERT_OK_AND_ASSIGN(const crypto::Record record, crypto::ParseRecord(record_bytes));
  ASSERT_OK_AND_ASSIGN(const std::unique_ptr<KmsClient> client,
                       MakeLocalKmsClient({Path("plain"), SealSource()}, clock_, random_, files_));
  ASSERT_OK_AND_ASSIGN(const UnwrapResult unwrapped,
                       client->Unwrap({}, record.entries[0].backend_field, record.entries[0].blob,
                                      WrapContext{"golden-cluster"}));
  EXPECT_EQ(unwrapped.plaintext.ExposeAsString(), Golden("local_kek.hex"));
}

TEST_F(KeyringGoldenTest, TheFingerprintNeverChanges) {
  ASSERT_OK_AND_ASSIGN(const Keyring keyring, File("plain").Load());
  // SHA-256("signet/v1/fingerprint" ‖ 00 ‖ u16 5 ‖ "local" ‖ u16 16 ‖ a0…af), first 8 bytes.
  const crypto::Fingerprint fingerprint = keyring.fingerprint();
  EXPECT_EQ(absl::BytesToHexString(std::string(fingerprint.begin(), fingerprint.end())), "77e5a6ffaf6ff495");
}

TEST_F(KeyringGoldenTest, TheCheckValueNeverChanges) {
  ASSERT_OK_AND_ASSIGN(const Keyring keyring, File("plain").Load());
  EXPECT_EQ(KeyringCheckValue(keyring, *keyring.Find(1)).value(), "973bc703");
}

}  // namespace
}  // namespace signet::kms
