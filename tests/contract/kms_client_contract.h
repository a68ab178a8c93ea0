// The contract every KmsClient keeps, as tests that know no vendor. A backend joins by implementing
// ContractBackend and instantiating the suite; kms_client_contract.cc is compiled into each contract program.
#ifndef SIGNET_TESTS_CONTRACT_KMS_CLIENT_CONTRACT_H_
#define SIGNET_TESTS_CONTRACT_KMS_CLIENT_CONTRACT_H_

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "base/clock.h"
#include "kms_client/kms_client.h"

namespace signet::testing {

// One remote key, its clients, and a hand on the remote side. What a backend cannot do it says by a
// capability, and the tests that need it are then skipped by name, or it does not instantiate the suite that
// asks for it; nothing passes in silence.
class ContractBackend {
 public:
  struct Capabilities {
    bool can_disable = true;
    bool numbers_versions = true;      // RemoteVersion::number is set and rises
    bool unwrap_names_version = true;  // UnwrapResult::version is set
    bool destroyed_is_revoked = true;  // as against never known
    bool can_rotate = true;            // by its own client, seen by that client at once
  };

  virtual ~ContractBackend() = default;

  virtual Capabilities capabilities() const { return {}; }
  virtual kms::KmsClient& client() = 0;
  // Another client of the same key, as another node has it.
  virtual kms::KmsClient& replica() = 0;
  // A client of another key of the same provider type.
  virtual kms::KmsClient& other_key() = 0;
  virtual const Clock& clock() const = 0;

  // The remote side: takes effect for calls that begin afterwards, on every client.
  virtual void Rotate() = 0;
  virtual void DisableCurrent() = 0;
  virtual void EnableCurrent() = 0;
  // Destroys the version before the current one.
  virtual void DestroyPrevious() = 0;
  virtual void MakeUnreachable() {}
  // What the KMS was told about who asks, in order.
  virtual std::vector<std::string> uids() const { return {}; }
};

struct ContractParam {
  std::string name;
  // Null where it needs a server that is not installed.
  std::function<std::unique_ptr<ContractBackend>()> make;

  friend std::ostream& operator<<(std::ostream& out, const ContractParam& param) { return out << param.name; }
};

class KmsClientContract : public ::testing::TestWithParam<ContractParam> {
 protected:
  void SetUp() override {
    backend_ = GetParam().make();
    if (backend_ == nullptr) GTEST_SKIP() << "the real thing is not here";
  }

  kms::KmsClient& client() { return backend_->client(); }
  // A call with half a minute left.
  kms::CallContext Call() const;
  static crypto::SecretBytes Plaintext(uint8_t fill = 0x42);
  // Wraps with client(); a failed wrap fails the test and returns an empty result.
  kms::WrapResult Wrap(const crypto::SecretBytes& plaintext);
  absl::StatusOr<kms::UnwrapResult> Unwrap(kms::KmsClient& with, const kms::WrapResult& wrapped);
  // Unwraps with `with` and expects exactly `plaintext`.
  void ExpectUnwraps(kms::KmsClient& with, const kms::WrapResult& wrapped,
                     const crypto::SecretBytes& plaintext);
  // Expects an error that says that the blob is bad and not the key.
  void ExpectBadBlob(absl::string_view backend_field, absl::string_view blob);

  std::unique_ptr<ContractBackend> backend_;
  const kms::WrapContext context_{"cluster-1"};
};

// Instantiated only by backends whose own client makes new versions of the key.
class RotatingKmsClientContract : public KmsClientContract {};
// Instantiated only by backends across a network: what they owe besides.
class RemoteKmsClientContract : public KmsClientContract {};
// Instantiated only by backends that can destroy one version of a key.
class DestroyingKmsClientContract : public KmsClientContract {};
// Instantiated only by backends that fill the backend field.
class FieldKmsClientContract : public KmsClientContract {};
// Instantiated only by backends whose KMS writes down who asked.
class AuditedKmsClientContract : public KmsClientContract {};

std::string ContractName(const ::testing::TestParamInfo<ContractParam>& info);

}  // namespace signet::testing

#endif  // SIGNET_TESTS_CONTRACT_KMS_CLIENT_CONTRACT_H_
