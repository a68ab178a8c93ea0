#include "kms_client/local/keyring_seal.h"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include "tests/unit/kms_client/local/local_test_env.h"

namespace signet::kms {
namespace {

using ::signet::testing::IsOk;
using ::signet::testing::StatusIs;
using ::testing::HasSubstr;

class SealSourceTest : public LocalTest {
 protected:
  absl::StatusOr<std::string> Passphrase(const SealSource& source) {
    absl::StatusOr<crypto::SecretBytes> bytes = source.ReadPassphrase(files_);
    if (!bytes.ok()) return bytes.status();
    return std::string(bytes->ExposeAsString());
  }
  absl::StatusOr<std::string> PassphraseOf(absl::string_view content) {
    Write("passphrase", content);
    return Passphrase(SealSource::PassphraseFile(Path("passphrase")));
  }
};

TEST_F(SealSourceTest, StripsOneTrailingNewline) {
  EXPECT_EQ(PassphraseOf("12345678").value(), "12345678");
  EXPECT_EQ(PassphraseOf("12345678\n").value(), "12345678");
  EXPECT_EQ(PassphraseOf("12345678\n\n").value(), "12345678\n");
  EXPECT_EQ(PassphraseOf(" 2345678 ").value(), " 2345678 ");
}

TEST_F(SealSourceTest, BoundsThePassphrase) {
  EXPECT_THAT(PassphraseOf("1234567\n"), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(PassphraseOf(""), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(PassphraseOf(std::string(1024, 'a') + "\n"), IsOk());
  EXPECT_THAT(PassphraseOf(std::string(1025, 'a')), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(PassphraseOf(std::string(2000, 'a')), StatusIs(absl::StatusCode::kOutOfRange));
}

TEST_F(SealSourceTest, NoErrorShowsThePassphrase) {
  for (const size_t size : {7u, 1025u, 2000u}) {
    const std::string passphrase = std::string("hush").append(size - 4, 'h');
    const absl::Status status = PassphraseOf(passphrase).status();
    ASSERT_FALSE(status.ok()) << size;
    EXPECT_THAT(std::string(status.message()), ::testing::Not(HasSubstr("hush"))) << size;
  }
}

TEST_F(SealSourceTest, RefusesAPassphraseFileThatOthersMayRead) {
  Write("passphrase", "12345678", 0640);
  EXPECT_THAT(Passphrase(SealSource::PassphraseFile(Path("passphrase"))),
              StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr(Path("passphrase"))));
}

TEST_F(SealSourceTest, ReadsACredentialThatItsUserReachesByAnAcl) {
  Write("kek", "12345678", 0440);
  ASSERT_OK_AND_ASSIGN(const SealSource source, SealSource::Credential(dir_.path(), "kek"));
  EXPECT_EQ(Passphrase(source).value(), "12345678");
  ASSERT_EQ(::chmod(Path("kek").c_str(), 0444), 0);
  EXPECT_THAT(Passphrase(source), StatusIs(absl::StatusCode::kPermissionDenied));
}

TEST_F(SealSourceTest, RefusesACredentialThatIsNoPlainName) {
  for (const absl::string_view name : {"", ".", "..", "../kek", "a/b"}) {
    EXPECT_THAT(SealSource::Credential(dir_.path(), name), StatusIs(absl::StatusCode::kInvalidArgument));
  }
  EXPECT_THAT(SealSource::Credential("", "kek"), StatusIs(absl::StatusCode::kFailedPrecondition));
}

TEST_F(SealSourceTest, KeeperMakesTheKeyOfASaltOnlyOnce) {
  Write("passphrase", "12345678");
  SealKeeper keeper(SealSource::PassphraseFile(Path("passphrase")), kCheapScrypt);
  ASSERT_OK_AND_ASSIGN(SealParameters parameters, keeper.ParametersForWriting(random_));
  ASSERT_OK_AND_ASSIGN(const crypto::SecretBytes* key, keeper.KeyFor(parameters, files_));
  ASSERT_OK_AND_ASSIGN(const crypto::SecretBytes first, crypto::SecretBytes::CopyOf(key->Expose()));
  ASSERT_EQ(::remove(Path("passphrase").c_str()), 0);
  ASSERT_OK_AND_ASSIGN(key, keeper.KeyFor(parameters, files_));
  EXPECT_EQ(*key, first);
  parameters.salt[0] ^= 1;
  EXPECT_THAT(keeper.KeyFor(parameters, files_), StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(SealSourceTest, AHeaderCannotMakeScryptTakeAllMemory) {
  Write("passphrase", "12345678");
  SealKeeper keeper(SealSource::PassphraseFile(Path("passphrase")));
  for (const crypto::ScryptCost cost :
       {crypto::ScryptCost{255, 0xFFFF, 0xFFFF}, crypto::ScryptCost{20, 32, 1}, crypto::ScryptCost{0, 8, 1},
        crypto::ScryptCost{15, 0, 1}}) {
    EXPECT_THAT(keeper.KeyFor({cost, {}}, files_), StatusIs(absl::StatusCode::kInvalidArgument));
  }
}

}  // namespace
}  // namespace signet::kms
