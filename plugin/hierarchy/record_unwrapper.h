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
#include "plugin/hierarchy/health_board.h"
#include "plugin/hierarchy/provider_set.h"

namespace signet {

class RecordUnwrapper {
 public:
  // What a provider that is known to be denied or revoked means for records that others wrapped, too.
  enum class OnRevoked {
    kDeny,      // only it can say otherwise: redundancy does not defeat the kill switch
    kFallback,  // the others are asked
  };
  // `cluster_ids`: ours, then the previous ones; not empty. `board` may be null. Both outlive the object.
  RecordUnwrapper(std::vector<std::string> cluster_ids, const ProviderSet& providers,
                  const HealthBoard* board = nullptr, OnRevoked on_revoked = OnRevoked::kDeny)
      : cluster_ids_(std::move(cluster_ids)), providers_(providers), board_(board), on_revoked_(on_revoked) {}

  // Whether any provider named in `record` is configured.
  bool HasProvider(const crypto::Record& record) const;

  // `record` is what ParseRecord made of `record_bytes`. Asks configured providers only, in the order of
  // their health, each for its share of the time that is left, and the next only when the one before was
  // unreachable: any other answer is final. Where several could unwrap and one is known to be denied or
  // revoked, OnRevoked says what follows; a single one is always asked. NOT_FOUND: none is configured;
  // DATA_LOSS: a blob that the KMS refuses, a plaintext of a wrong size, a wrong MAC, another cluster's
  // record; else what the KMS said. The text is the provider's: show clients ForClient of it.
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

  struct Turn {
    const Provider* provider;
    const crypto::RecordEntry* entry;
  };
  // The configured ones, best first.
  std::vector<Turn> Turns(const crypto::Record& record) const;
  // There is a board.
  bool IsStopped(const Turn& turn) const;
  absl::StatusOr<kms::UnwrapResult> AskStopped(const std::vector<Turn>& turns,
                                               const kms::CallContext& call) const;
  absl::StatusOr<kms::UnwrapResult> AskInTurn(const std::vector<Turn>& turns,
                                              const kms::CallContext& call) const;
  // Of the time that is left, when so many are still to be asked.
  kms::CallContext ShareOf(const kms::CallContext& call, size_t turns) const;

  const std::vector<std::string> cluster_ids_;
  const ProviderSet& providers_;
  const HealthBoard* const board_;
  const OnRevoked on_revoked_;
};

}  // namespace signet

#endif  // SIGNET_PLUGIN_HIERARCHY_RECORD_UNWRAPPER_H_
