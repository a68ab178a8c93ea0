#include "plugin/hierarchy/provider_set.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace signet {

absl::Status ProviderSet::Check(const std::vector<Provider>& providers) {
  for (size_t i = 0; i < providers.size(); ++i) {
    const Provider& provider = providers[i];
    if (provider.client == nullptr || provider.name.empty()) {
      return absl::InvalidArgumentError("a provider lacks its name or its client");
    }
    for (size_t j = 0; j < i; ++j) {
      const Provider& other = providers[j];
      if (other.name == provider.name) {
        return absl::InvalidArgumentError(absl::StrCat("two providers are named ", provider.name));
      }
      if (other.client->type() == provider.client->type() &&
          other.client->fingerprint() == provider.client->fingerprint()) {
        return absl::InvalidArgumentError(
            absl::StrCat("providers ", other.name, " and ", provider.name, " are the same remote key"));
      }
    }
  }
  return absl::OkStatus();
}

const Provider* ProviderSet::FindByName(absl::string_view name) const {
  for (const Provider& provider : providers_) {
    if (provider.name == name) return &provider;
  }
  return nullptr;
}

const Provider* ProviderSet::Find(uint8_t type, const crypto::Fingerprint& fingerprint) const {
  for (const Provider& provider : providers_) {
    if (static_cast<uint8_t>(provider.client->type()) == type &&
        provider.client->fingerprint() == fingerprint) {
      return &provider;
    }
  }
  return nullptr;
}

template <typename Result, typename Call>
absl::StatusOr<Result> ProviderSet::Observe(const Provider& provider,
                                            HierarchyObserver::RemoteOperation operation,
                                            absl::string_view uid, Call call) const {
  const MonotonicTime start = clock_.Monotonic();
  absl::StatusOr<Result> result = call();
  observer_.OnRemoteCall(provider.name, operation, result.status(), clock_.Monotonic() - start, uid);
  if (board_ != nullptr) board_->HearCall(provider.name, operation, result.status());
  return result;
}

absl::StatusOr<kms::KeyDescription> ProviderSet::Describe(const Provider& provider,
                                                          const kms::CallContext& call) const {
  return Observe<kms::KeyDescription>(provider, HierarchyObserver::RemoteOperation::kDescribe, call.uid,
                                      [&] { return provider.client->Describe(call); });
}

absl::StatusOr<kms::WrapResult> ProviderSet::Wrap(const Provider& provider, const kms::CallContext& call,
                                                  const crypto::SecretBytes& plaintext,
                                                  const kms::WrapContext& context) const {
  return Observe<kms::WrapResult>(provider, HierarchyObserver::RemoteOperation::kWrap, call.uid,
                                  [&] { return provider.client->Wrap(call, plaintext, context); });
}

absl::StatusOr<kms::UnwrapResult> ProviderSet::Unwrap(const Provider& provider, const kms::CallContext& call,
                                                      absl::string_view backend_field, absl::string_view blob,
                                                      const kms::WrapContext& context) const {
  return Observe<kms::UnwrapResult>(provider, HierarchyObserver::RemoteOperation::kUnwrap, call.uid, [&] {
    return provider.client->Unwrap(call, backend_field, blob, context);
  });
}

absl::Status ProviderSet::Rotate(const Provider& provider, const kms::CallContext& call) const {
  const MonotonicTime start = clock_.Monotonic();
  absl::Status status = provider.client->Rotate(call);
  observer_.OnRemoteCall(provider.name, HierarchyObserver::RemoteOperation::kRotate, status,
                         clock_.Monotonic() - start, call.uid);
  return status;
}

}  // namespace signet
