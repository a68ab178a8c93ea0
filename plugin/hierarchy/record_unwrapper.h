// RecordUnwrapper: from a record to its local KEK: which provider, one remote unwrap, and the proof by the
// record's MAC that key, metadata and cluster belong together.
//
// Thread-safe. Unwrap blocks up to the context's deadline; HasProvider does not.
#ifndef SIGNET_PLUGIN_HIERARCHY_RECORD_UNWRAPPER_H_
#define SIGNET_PLUGIN_HIERARCHY_RECORD_UNWRAPPER_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "crypto/local_kek.h"
#include "crypto/record.h"
#include "kms_client/kms_client.h"
#include "plugin/hierarchy/provider_set.h"

namespace signet {

class RecordUnwrapper {
 public:
  // `cluster_ids`: ours, then the previous ones; not empty. `providers` outlives the object.
  RecordUnwrapper(std::vector<std::string> cluster_ids, const ProviderSet& providers)
      : cluster_ids_(std::move(cluster_ids)), providers_(providers) {}

  // Whether any provider named in `record` is configured.
  bool HasProvider(const crypto::Record& record) const;

  // `record` is what ParseRecord made of `record_bytes`. Asks configured providers only, the next entry's
  // only when the one before was unreachable. NOT_FOUND: none is configured; DATA_LOSS: a blob that the KMS
  // refuses, a plaintext of a wrong size, a wrong MAC, another cluster's record; else what the KMS said. The
  // text is the provider's: show clients ForClient of it.
  absl::StatusOr<std::shared_ptr<const crypto::LocalKek>> Unwrap(absl::string_view record_bytes,
                                                                 const crypto::Record& record,
                                                                 const kms::CallContext& call) const;

  // The same code with a constant text, safe to show to any API client. `status` is not OK.
  static absl::Status ForClient(const absl::Status& status);
  // Whether asking again cannot help: the answer is about the record, not about the KMS.
  static bool IsFinal(const absl::Status& status);

 private:
  absl::StatusOr<kms::UnwrapResult> AskProvider(const Provider& provider, const crypto::RecordEntry& entry,
                                                const kms::CallContext& call) const;

  const std::vector<std::string> cluster_ids_;
  const ProviderSet& providers_;
};

}  // namespace signet

#endif  // SIGNET_PLUGIN_HIERARCHY_RECORD_UNWRAPPER_H_
