// ProviderSet: the configured KMS keys, found by what stands in records, and the calls to them, timed and
// shown to the observer.
//
// Thread-safe. The calls block up to the context's deadline; nothing else does.
#ifndef SIGNET_PLUGIN_HIERARCHY_PROVIDER_SET_H_
#define SIGNET_PLUGIN_HIERARCHY_PROVIDER_SET_H_

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "base/clock.h"
#include "crypto/record.h"
#include "crypto/secret_bytes.h"
#include "kms_client/kms_client.h"
#include "plugin/hierarchy/health_board.h"
#include "plugin/hierarchy/hierarchy_observer.h"
#include "plugin/hierarchy/key_hierarchy.h"

namespace signet {

class ProviderSet {
 public:
  // Names and (type, fingerprint) pairs must be unique: Check. `clock` and `observer` outlive the object.
  // `board` hears every call; it may be null.
  ProviderSet(std::vector<Provider> providers, const Clock& clock, HierarchyObserver& observer,
              HealthBoard* board = nullptr)
      : providers_(std::move(providers)), clock_(clock), observer_(observer), board_(board) {}

  // INVALID_ARGUMENT: no client, or two providers that could not be told apart.
  static absl::Status Check(const std::vector<Provider>& providers);

  const std::vector<Provider>& all() const { return providers_; }
  const Clock& clock() const { return clock_; }
  // Null when not configured. Pointers live as long as the set.
  const Provider* FindByName(absl::string_view name) const;
  // Hostile input: both values come from etcd.
  const Provider* Find(uint8_t type, const crypto::Fingerprint& fingerprint) const;

  absl::StatusOr<kms::KeyDescription> Describe(const Provider& provider, const kms::CallContext& call) const;
  absl::StatusOr<kms::WrapResult> Wrap(const Provider& provider, const kms::CallContext& call,
                                       const crypto::SecretBytes& plaintext,
                                       const kms::WrapContext& context) const;
  absl::StatusOr<kms::UnwrapResult> Unwrap(const Provider& provider, const kms::CallContext& call,
                                           absl::string_view backend_field, absl::string_view blob,
                                           const kms::WrapContext& context) const;
  // UNIMPLEMENTED where the provider cannot.
  absl::Status Rotate(const Provider& provider, const kms::CallContext& call) const;

 private:
  template <typename Result, typename Call>
  absl::StatusOr<Result> Observe(const Provider& provider, HierarchyObserver::RemoteOperation operation,
                                 absl::string_view uid, Call call) const;

  const std::vector<Provider> providers_;
  const Clock& clock_;
  HierarchyObserver& observer_;
  HealthBoard* const board_;
};

}  // namespace signet

#endif  // SIGNET_PLUGIN_HIERARCHY_PROVIDER_SET_H_
