#include "kms_client/local/keyring_file.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tests/testing/poll.h"
#include "tests/unit/kms_client/local/local_test_env.h"

namespace signet::kms {
namespace {

using ::signet::testing::IsOk;
using ::signet::testing::StatusIs;
using ::testing::HasSubstr;

using KeyringFileTest = LocalTest;

mode_t ModeOf(const std::string& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0 ? info.st_mode & 07777 : 0;
}

TEST_F(KeyringFileTest, LoadsWhatItCreated) {
  ASSERT_OK_AND_ASSIGN(const Keyring keyring, NewKeyring());
  ASSERT_THAT(File().Create(keyring), IsOk());
  EXPECT_EQ(ModeOf(Path()), 0600u);
  ASSERT_OK_AND_ASSIGN(const Keyring loaded, File().Load());
  EXPECT_EQ(loaded.id(), keyring.id());
  EXPECT_EQ(loaded.Find(1)->key, keyring.Find(1)->key);
}

TEST_F(KeyringFileTest, NeverOverwritesAKeyring) {
  CreateKeyring();
  const std::string before = ReadWhole(Path());
  ASSERT_OK_AND_ASSIGN(const Keyring other, NewKeyring());
  EXPECT_THAT(File().Create(other), StatusIs(absl::StatusCode::kAlreadyExists, HasSubstr(Path())));
  EXPECT_EQ(ReadWhole(Path()), before);
}

TEST_F(KeyringFileTest, EveryUpdateRaisesTheRevision) {
  CreateKeyring();
  ChangeFile("keyring", [this](Keyring& k) { return k.Add(random_, clock_.Wall()).status(); });
  ChangeFile("keyring", [this](Keyring& k) { return k.Disable(2, clock_.Wall()); });
  ASSERT_OK_AND_ASSIGN(const Keyring keyring, File().Load());
  EXPECT_EQ(keyring.revision(), 3u);
}

TEST_F(KeyringFileTest, AFailedChangeWritesNothing) {
  CreateKeyring();
  const std::string before = ReadWhole(Path());
  EXPECT_THAT(File().Update([this](Keyring& k) { return k.Destroy(1, clock_.Wall()); }),
              StatusIs(absl::StatusCode::kFailedPrecondition));
  EXPECT_EQ(ReadWhole(Path()), before);
}

TEST_F(KeyringFileTest, DestroyTakesTheKeyBytesOutOfTheFile) {
  CreateKeyring();
  ChangeFile("keyring", [this](Keyring& k) { return k.Add(random_, clock_.Wall()).status(); });
  ASSERT_OK_AND_ASSIGN(const Keyring before, File().Load());
  const std::string key(before.Find(2)->key.ExposeAsString());
  ASSERT_TRUE(absl::StrContains(ReadWhole(Path()), key));
  ChangeFile("keyring", [this](Keyring& k) { return k.Destroy(2, clock_.Wall()); });
  EXPECT_FALSE(absl::StrContains(ReadWhole(Path()), key));
}

TEST_F(KeyringFileTest, RefusesAFileThatOthersMayRead) {
  CreateKeyring();
  for (const mode_t mode : {0640u, 0604u, 0620u, 0666u}) {
    ASSERT_EQ(::chmod(Path().c_str(), mode), 0);
    EXPECT_THAT(File().Load(), StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr(Path()))) << mode;
  }
  ASSERT_EQ(::chmod(Path().c_str(), 0400), 0);
  EXPECT_THAT(File().Load(), IsOk());
}

TEST_F(KeyringFileTest, RefusesAFileOfAnotherUser) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root to give a file away";
  CreateKeyring();
  ASSERT_EQ(::chown(Path().c_str(), 65534, 65534), 0);
  EXPECT_THAT(File().Load(), StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("65534")));
}

TEST_F(KeyringFileTest, RefusesAFolderThatOthersMayWrite) {
  ASSERT_EQ(::mkdir(Path("open").c_str(), 0700), 0);
  CreateKeyring("open/keyring");
  ASSERT_EQ(::chmod(Path("open").c_str(), 0770), 0);
  EXPECT_THAT(File("open/keyring").Load(),
              StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr(Path("open"))));
  EXPECT_THAT(File("open/keyring").Update([](Keyring&) { return absl::OkStatus(); }),
              StatusIs(absl::StatusCode::kPermissionDenied));
}

TEST_F(KeyringFileTest, RefusesASymbolicLink) {
  CreateKeyring();
  ASSERT_EQ(::symlink(Path().c_str(), Path("link").c_str()), 0);
  EXPECT_THAT(File("link").Load(), StatusIs(absl::StatusCode::kFailedPrecondition));
}

TEST_F(KeyringFileTest, RefusesARelativePath) {
  KeyringFile file("keyring", SealSource(), files_, random_);
  EXPECT_THAT(file.Load(), StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST_F(KeyringFileTest, ReportsAMissingFile) {
  EXPECT_THAT(File().Load(), StatusIs(absl::StatusCode::kNotFound, HasSubstr(Path())));
}

TEST_F(KeyringFileTest, ReportsADamagedFileByName) {
  CreateKeyring();
  std::string bytes = ReadWhole(Path());
  bytes[50] = static_cast<char>(bytes[50] ^ 1);
  Write("keyring", bytes);
  EXPECT_THAT(File().Load(), StatusIs(absl::StatusCode::kDataLoss, HasSubstr(Path())));
}

TEST_F(KeyringFileTest, SealedKeyringOpensOnlyWithItsPassphrase) {
  Write("right", "correct horse\n");
  Write("wrong", "battery staple\n");
  ASSERT_OK_AND_ASSIGN(const Keyring keyring, NewKeyring());
  ASSERT_THAT(SealedFile("keyring", "right").Create(keyring), IsOk());
  EXPECT_FALSE(absl::StrContains(ReadWhole(Path()), std::string(keyring.Find(1)->key.ExposeAsString())));
  ASSERT_OK_AND_ASSIGN(const Keyring loaded, SealedFile("keyring", "right").Load());
  EXPECT_EQ(loaded.Find(1)->key, keyring.Find(1)->key);
  EXPECT_THAT(SealedFile("keyring", "wrong").Load(),
              StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("passphrase")));
}

TEST_F(KeyringFileTest, SealedKeyringStaysSealedThroughUpdates) {
  Write("passphrase", "correct horse");
  ASSERT_OK_AND_ASSIGN(const Keyring keyring, NewKeyring());
  KeyringFile file = SealedFile("keyring", "passphrase");
  ASSERT_THAT(file.Create(keyring), IsOk());
  const std::string before = ReadWhole(Path());
  ASSERT_THAT(file.Update([this](Keyring& k) { return k.Add(random_, clock_.Wall()).status(); }), IsOk());
  ASSERT_OK_AND_ASSIGN(const Keyring loaded, SealedFile("keyring", "passphrase").Load());
  EXPECT_EQ(loaded.versions().size(), 2u);
  // A fresh nonce: bytes 58 to 69 of a sealed file.
  EXPECT_NE(ReadWhole(Path()).substr(58, 12), before.substr(58, 12));
}

TEST_F(KeyringFileTest, RefusesASealWithoutPassphraseAndAPassphraseWithoutSeal) {
  Write("passphrase", "correct horse");
  CreateKeyring("plain");
  EXPECT_THAT(SealedFile("plain", "passphrase").Load(),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("not sealed")));
  ASSERT_OK_AND_ASSIGN(const Keyring keyring, NewKeyring());
  ASSERT_THAT(SealedFile("sealed", "passphrase").Create(keyring), IsOk());
  EXPECT_THAT(File("sealed").Load(), StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("is sealed")));
}

TEST_F(KeyringFileTest, TwoWritersLoseNothing) {
  CreateKeyring();
  constexpr int kAdds = 20;
  const auto add = [this] {
    for (int i = 0; i < kAdds; ++i) {
      EXPECT_THAT(File().Update([this](Keyring& k) { return k.Add(random_, clock_.Wall()).status(); }),
                  IsOk());
    }
  };
  std::thread first(add);
  std::thread second(add);
  first.join();
  second.join();
  ASSERT_OK_AND_ASSIGN(const Keyring keyring, File().Load());
  EXPECT_EQ(keyring.versions().size(), 1u + 2 * kAdds);
  EXPECT_EQ(keyring.revision(), 1u + 2 * kAdds);
}

TEST_F(KeyringFileTest, DoesNotWaitForAnotherWriterWhenToldNotTo) {
  CreateKeyring();
  const int lock = ::open(absl::StrCat(Path(), ".lock").c_str(), O_RDWR | O_CLOEXEC);
  ASSERT_GE(lock, 0);
  ASSERT_EQ(::flock(lock, LOCK_EX), 0);
  EXPECT_THAT(File().Update([](Keyring&) { return absl::OkStatus(); }, KeyringFile::Wait::kNever),
              StatusIs(absl::StatusCode::kUnavailable));
  ::close(lock);
}

}  // namespace
}  // namespace signet::kms
