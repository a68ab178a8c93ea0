// The local provider, plain and sealed; the replica has a keyring file of its own, carried there by a merge.
#include <cstdlib>

#include "kms_client/local/keyring_file.h"
#include "kms_client/local/keyring_merge.h"
#include "kms_client/local/local_kms_client.h"
#include "tests/contract/kms_client_contract.h"
#include "tests/testing/fake_clock.h"
#include "tests/testing/temp_dir.h"

namespace signet::testing {
namespace {

void Require(const absl::Status& status) {
  if (status.ok()) return;
  ADD_FAILURE() << status;
  std::abort();
}

template <typename T>
T Require(absl::StatusOr<T> value) {
  Require(value.status());
  return *std::move(value);
}

class LocalBackend final : public ContractBackend {
 public:
  LocalBackend(bool sealed, bool allow_rotate) : allow_rotate_(allow_rotate) {
    if (sealed) {
      Require(files_.Replace(dir_.File("passphrase"), "correct horse battery\n", 0600));
      seal_ = kms::SealSource::PassphraseFile(dir_.File("passphrase"));
    }
    Require(File("here").Create(Require(kms::Keyring::Generate(random_, clock_.Wall()))));
    Require(File("there").Create(Require(File("here").Load())));
    Require(File("other").Create(Require(kms::Keyring::Generate(random_, clock_.Wall()))));
    client_ = Open("here");
    replica_ = Open("there");
    other_ = Open("other");
  }

  Capabilities capabilities() const override {
    Capabilities capabilities;
    capabilities.can_rotate = allow_rotate_;
    return capabilities;
  }
  kms::KmsClient& client() override { return *client_; }
  kms::KmsClient& replica() override { return *replica_; }
  kms::KmsClient& other_key() override { return *other_; }
  const Clock& clock() const override { return clock_; }

  // As an operator does it: add here, carry it there, then activate on both.
  void Rotate() override {
    uint32_t added = 0;
    Require(File("here").Update([this, &added](kms::Keyring& keyring) {
      const absl::StatusOr<uint32_t> number = keyring.Add(random_, clock_.Wall());
      added = number.value_or(0);
      return number.status();
    }));
    const kms::Keyring here = Require(File("here").Load());
    Require(File("there").Update([this, &here](kms::Keyring& keyring) {
      return kms::MergeKeyring(here, clock_.Wall(), keyring).status();
    }));
    for (const char* const name : {"there", "here"}) {
      Require(File(name).Update([this, added](kms::Keyring& keyring) {
        return keyring.Activate(added, std::nullopt, clock_.Wall());
      }));
    }
  }
  void DisableCurrent() override {
    OnBoth([this](kms::Keyring& keyring) { return keyring.Disable(Current(keyring), clock_.Wall()); });
  }
  void EnableCurrent() override {
    OnBoth([this](kms::Keyring& keyring) { return keyring.Enable(Current(keyring), clock_.Wall()); });
  }
  void DestroyPrevious() override {
    OnBoth([this](kms::Keyring& keyring) { return keyring.Destroy(Current(keyring) - 1, clock_.Wall()); });
  }

 private:
  kms::KeyringFile File(absl::string_view name) {
    return kms::KeyringFile(dir_.File(name), seal_, files_, random_, crypto::ScryptCost{10, 1, 1});
  }
  std::unique_ptr<kms::KmsClient> Open(absl::string_view name) {
    return Require(kms::MakeLocalKmsClient({dir_.File(name), seal_, allow_rotate_}, clock_, random_, files_));
  }
  uint32_t Current(const kms::Keyring& keyring) const { return keyring.Active(clock_.Wall())->number; }
  void OnBoth(absl::FunctionRef<absl::Status(kms::Keyring&)> change) {
    for (const char* const name : {"here", "there"}) Require(File(name).Update(change));
  }

  const bool allow_rotate_;
  TempDir dir_;
  FakeClock clock_;
  crypto::RandomSource& random_ = crypto::SystemRandom();
  DurableFiles& files_ = PosixDurableFiles();
  kms::SealSource seal_;
  std::unique_ptr<kms::KmsClient> client_;
  std::unique_ptr<kms::KmsClient> replica_;
  std::unique_ptr<kms::KmsClient> other_;
};

// A keyring file is not across a network and keeps no log of who asked.
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(RemoteKmsClientContract);
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(AuditedKmsClientContract);

ContractParam Param(const char* name, bool is_sealed, bool allow_rotate) {
  return {name, [=] { return std::make_unique<LocalBackend>(is_sealed, allow_rotate); }};
}
const ContractParam kRotating = Param("local_rotating", false, true);
const ContractParam kSealedRotating = Param("local_sealed_rotating", true, true);

const auto kAll = ::testing::Values(Param("local", false, false), Param("local_sealed", true, false),
                                    kRotating, kSealedRotating);

INSTANTIATE_TEST_SUITE_P(Backends, KmsClientContract, kAll, ContractName);
INSTANTIATE_TEST_SUITE_P(Backends, DestroyingKmsClientContract, kAll, ContractName);
INSTANTIATE_TEST_SUITE_P(Backends, FieldKmsClientContract, kAll, ContractName);
INSTANTIATE_TEST_SUITE_P(Backends, RotatingKmsClientContract, ::testing::Values(kRotating, kSealedRotating),
                         ContractName);

}  // namespace
}  // namespace signet::testing
