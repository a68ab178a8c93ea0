// KmsClientDecorator: the part that all decorators share, so that each says once what it does around any
// operation.
#ifndef SIGNET_KMS_CLIENT_RESILIENCE_KMS_CLIENT_DECORATOR_H_
#define SIGNET_KMS_CLIENT_RESILIENCE_KMS_CLIENT_DECORATOR_H_

#include <memory>

#include "absl/functional/function_ref.h"
#include "kms_client/kms_client.h"
#include "kms_client/remote_call_observer.h"

namespace signet::kms {

// As thread-safe as what it decorates.
class KmsClientDecorator : public KmsClient {
 public:
  explicit KmsClientDecorator(std::unique_ptr<KmsClient> inner) : inner_(std::move(inner)) {}

  crypto::ProviderType type() const final { return inner_->type(); }
  const crypto::Fingerprint& fingerprint() const final { return inner_->fingerprint(); }
  absl::StatusOr<KeyDescription> Describe(const CallContext& call) final;
  absl::StatusOr<WrapResult> Wrap(const CallContext& call, const crypto::SecretBytes& plaintext,
                                  const WrapContext& context) final;
  absl::StatusOr<UnwrapResult> Unwrap(const CallContext& call, absl::string_view backend_field,
                                      absl::string_view blob, const WrapContext& context) final;
  absl::Status Rotate(const CallContext& call) final;

 protected:
  using Attempt = absl::FunctionRef<absl::Status(const CallContext&)>;
  // Runs `attempt` as often as it sees fit and returns OK only when the last run did.
  virtual absl::Status Around(RemoteOperation operation, const CallContext& call, Attempt attempt) = 0;

 private:
  const std::unique_ptr<KmsClient> inner_;
};

}  // namespace signet::kms

#endif  // SIGNET_KMS_CLIENT_RESILIENCE_KMS_CLIENT_DECORATOR_H_
