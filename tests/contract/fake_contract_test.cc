// The in-memory fake keeps the contract, or tests that use it would prove nothing.
#include "tests/contract/kms_client_contract.h"
#include "tests/testing/fake_clock.h"
#include "tests/testing/fake_kms_client.h"

namespace signet::testing {
namespace {

class FakeBackend final : public ContractBackend {
 public:
  kms::KmsClient& client() override { return client_; }
  kms::KmsClient& replica() override { return replica_; }
  kms::KmsClient& other_key() override { return other_; }
  const Clock& clock() const override { return clock_; }
  void Rotate() override { remote_->Rotate(); }
  void DisableCurrent() override { remote_->Disable(remote_->current()); }
  void EnableCurrent() override { remote_->Enable(remote_->current()); }
  void DestroyPrevious() override { remote_->Destroy(remote_->current() - 1); }
  void MakeUnreachable() override { client_.FailAll(absl::UnavailableError("connection refused")); }
  std::vector<std::string> uids() const override { return client_.uids(); }

 private:
  FakeClock clock_;
  std::shared_ptr<FakeRemoteKey> remote_ = std::make_shared<FakeRemoteKey>("one");
  FakeKmsClient client_{remote_, clock_};
  FakeKmsClient replica_{remote_, clock_};
  FakeKmsClient other_{std::make_shared<FakeRemoteKey>("two"), clock_};
};

const ContractParam kFake = {"fake", [] { return std::make_unique<FakeBackend>(); }};

INSTANTIATE_TEST_SUITE_P(Backends, KmsClientContract, ::testing::Values(kFake), ContractName);
INSTANTIATE_TEST_SUITE_P(Backends, RotatingKmsClientContract, ::testing::Values(kFake), ContractName);
INSTANTIATE_TEST_SUITE_P(Backends, DestroyingKmsClientContract, ::testing::Values(kFake), ContractName);
INSTANTIATE_TEST_SUITE_P(Backends, FieldKmsClientContract, ::testing::Values(kFake), ContractName);
INSTANTIATE_TEST_SUITE_P(Backends, RemoteKmsClientContract, ::testing::Values(kFake), ContractName);
INSTANTIATE_TEST_SUITE_P(Backends, AuditedKmsClientContract, ::testing::Values(kFake), ContractName);

}  // namespace
}  // namespace signet::testing
