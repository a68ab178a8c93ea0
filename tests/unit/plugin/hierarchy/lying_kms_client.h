// LyingKmsClient: a provider that works, but for the lies a test tells it to tell.
#ifndef SIGNET_TESTS_UNIT_PLUGIN_HIERARCHY_LYING_KMS_CLIENT_H_
#define SIGNET_TESTS_UNIT_PLUGIN_HIERARCHY_LYING_KMS_CLIENT_H_

#include <functional>
#include <memory>
#include <utility>

#include "kms_client/kms_client.h"

namespace signet::testing {

// Set the lies before the client is used; they run on any thread.
class LyingKmsClient final : public kms::KmsClient {
 public:
  explicit LyingKmsClient(std::shared_ptr<kms::KmsClient> honest) : honest_(std::move(honest)) {}

  std::function<void(kms::KeyDescription&)> describe_lie = [](kms::KeyDescription&) {};
  std::function<void(kms::WrapResult&)> wrap_lie = [](kms::WrapResult&) {};
  std::function<void(kms::UnwrapResult&)> unwrap_lie = [](kms::UnwrapResult&) {};

  crypto::ProviderType type() const override { return honest_->type(); }
  const crypto::Fingerprint& fingerprint() const override { return honest_->fingerprint(); }
  absl::StatusOr<kms::KeyDescription> Describe(const kms::CallContext& call) override {
    absl::StatusOr<kms::KeyDescription> result = honest_->Describe(call);
    if (result.ok()) describe_lie(*result);
    return result;
  }
  absl::StatusOr<kms::WrapResult> Wrap(const kms::CallContext& call, const crypto::SecretBytes& plaintext,
                                       const kms::WrapContext& context) override {
    absl::StatusOr<kms::WrapResult> result = honest_->Wrap(call, plaintext, context);
    if (result.ok()) wrap_lie(*result);
    return result;
  }
  absl::StatusOr<kms::UnwrapResult> Unwrap(const kms::CallContext& call, absl::string_view backend_field,
                                           absl::string_view blob, const kms::WrapContext& context) override {
    absl::StatusOr<kms::UnwrapResult> result = honest_->Unwrap(call, backend_field, blob, context);
    if (result.ok()) unwrap_lie(*result);
    return result;
  }

 private:
  const std::shared_ptr<kms::KmsClient> honest_;
};

}  // namespace signet::testing

#endif  // SIGNET_TESTS_UNIT_PLUGIN_HIERARCHY_LYING_KMS_CLIENT_H_
