// What the tests of the local provider share: a folder, a clock and short ways to make and change keyrings.
#ifndef SIGNET_TESTS_UNIT_KMS_CLIENT_LOCAL_LOCAL_TEST_ENV_H_
#define SIGNET_TESTS_UNIT_KMS_CLIENT_LOCAL_LOCAL_TEST_ENV_H_

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>
#include <utility>

#include "absl/strings/string_view.h"
#include "base/durable_files.h"
#include "crypto/random.h"
#include "kms_client/local/keyring_file.h"
#include "tests/testing/fake_clock.h"
#include "tests/testing/status_matchers.h"
#include "tests/testing/temp_dir.h"

namespace signet::kms {

// The cheapest scrypt that is allowed.
inline constexpr crypto::ScryptCost kCheapScrypt{10, 1, 1};

inline std::string ReadWhole(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
}

class LocalTest : public ::testing::Test {
 protected:
  std::string Path(absl::string_view name = "keyring") const { return dir_.File(name); }

  KeyringFile File(absl::string_view name = "keyring") {
    return KeyringFile(Path(name), SealSource(), files_, random_, kCheapScrypt);
  }
  KeyringFile SealedFile(absl::string_view name, absl::string_view passphrase_file) {
    return KeyringFile(Path(name), SealSource::PassphraseFile(Path(passphrase_file)), files_, random_,
                       kCheapScrypt);
  }
  // A file with exactly this content and mode.
  void Write(absl::string_view name, absl::string_view content, mode_t mode = 0600) {
    ASSERT_THAT(files_.Replace(Path(name), content, mode), testing::IsOk());
  }
  absl::StatusOr<Keyring> NewKeyring() { return Keyring::Generate(random_, clock_.Wall()); }
  // A keyring file whose version 1 is active.
  void CreateKeyring(absl::string_view name = "keyring") {
    ASSERT_OK_AND_ASSIGN(const Keyring keyring, NewKeyring());
    ASSERT_THAT(File(name).Create(keyring), testing::IsOk());
  }
  template <typename Change>
  void ChangeFile(absl::string_view name, Change change) {
    ASSERT_THAT(File(name).Update([&change](Keyring& keyring) -> absl::Status { return change(keyring); }),
                testing::IsOk());
  }

  testing::TempDir dir_;
  testing::FakeClock clock_;
  crypto::RandomSource& random_ = crypto::SystemRandom();
  DurableFiles& files_ = PosixDurableFiles();
};

}  // namespace signet::kms

#endif  // SIGNET_TESTS_UNIT_KMS_CLIENT_LOCAL_LOCAL_TEST_ENV_H_
