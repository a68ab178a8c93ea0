#include "plugin/hierarchy/key_maker.h"

#include <algorithm>
#include <utility>

#include "base/status_macros.h"
#include "plugin/hierarchy/key_id.h"

namespace signet {

KeyMaker::KeyMaker(Options options, const ProviderSet& providers, const Provider& active, const Clock& clock,
                   crypto::RandomSource& random)
    : options_(std::move(options)), providers_(providers), active_(active), clock_(clock), random_(random) {}

kms::CallContext KeyMaker::CallNow(const std::shared_ptr<CancellationToken>& cancellation) const {
  kms::CallContext call;
  call.deadline = clock_.Monotonic() + options_.remote_call_timeout;
  call.cancellation = cancellation;
  return call;
}

absl::StatusOr<KeyTarget> KeyMaker::TargetOf(const kms::RemoteVersion& version) const {
  KeyIdInputs inputs;
  inputs.type = active_.client->type();
  inputs.fingerprint = active_.client->fingerprint();
  inputs.version = version;
  inputs.wrap_set = {inputs.fingerprint};
  inputs.generation = options_.key_id_generation;
  KeyTarget target;
  target.version = version;
  SIGNET_ASSIGN_OR_RETURN(target.announcement.key_id, MakeKeyId(inputs));
  target.announcement.first_announced = clock_.Wall();
  target.announcement.provider_type = static_cast<uint8_t>(inputs.type);
  target.announcement.fingerprint = inputs.fingerprint;
  target.announcement.generation = inputs.generation;
  target.announcement.number = version.number;
  return target;
}

absl::StatusOr<KeyTarget> KeyMaker::Describe(const std::shared_ptr<CancellationToken>& cancellation) const {
  SIGNET_ASSIGN_OR_RETURN(const kms::KeyDescription description,
                          providers_.Describe(active_, CallNow(cancellation)));
  return TargetOf(description.current);
}

absl::StatusOr<MadeKey> KeyMaker::Make(const KeyTarget& target,
                                       const std::shared_ptr<CancellationToken>& cancellation) const {
  const kms::WrapContext context{options_.cluster_id};
  SIGNET_ASSIGN_OR_RETURN(const crypto::SecretBytes plain, crypto::GenerateLocalKek(random_));
  SIGNET_ASSIGN_OR_RETURN(kms::WrapResult wrapped,
                          providers_.Wrap(active_, CallNow(cancellation), plain, context));
  if (wrapped.version != target.version) {
    return absl::AbortedError("the provider wrapped under another version than it described");
  }
  SIGNET_ASSIGN_OR_RETURN(
      const kms::UnwrapResult unwrapped,
      providers_.Unwrap(active_, CallNow(cancellation), wrapped.backend_field, wrapped.blob, context));
  if (unwrapped.version.has_value() && *unwrapped.version != target.version) {
    return absl::AbortedError("the provider unwrapped under another version than it wrapped");
  }
  if (unwrapped.plaintext != plain) {
    return absl::DataLossError("the provider unwrapped something else than it wrapped");
  }

  crypto::Record record;
  record.key_id = target.announcement.key_id;
  record.created_unix_seconds =
      static_cast<uint64_t>(std::max<int64_t>(absl::ToUnixSeconds(clock_.Wall()), 0));
  record.entries.push_back(crypto::RecordEntry{static_cast<uint8_t>(active_.client->type()),
                                               active_.client->fingerprint(),
                                               std::move(wrapped.backend_field), std::move(wrapped.blob)});
  MadeKey made;
  SIGNET_ASSIGN_OR_RETURN(made.kek, crypto::LocalKek::Derive(plain));
  SIGNET_ASSIGN_OR_RETURN(made.record, made.kek->FinishRecord(record, options_.cluster_id));
  made.id = crypto::ComputeLocalKekId(made.record);
  return made;
}

}  // namespace signet
