#include "plugin/hierarchy/key_maker.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "kms_client/failure_class.h"
#include "plugin/hierarchy/key_id.h"

namespace signet {
namespace {

bool IsUnreachable(const absl::Status& status) {
  const kms::FailureClass failure = kms::GetFailureClass(status);
  return failure == kms::FailureClass::kUnreachable || failure == kms::FailureClass::kThrottled;
}

}  // namespace

KeyMaker::KeyMaker(Options options, const ProviderSet& providers, const Clock& clock,
                   crypto::RandomSource& random)
    : options_(std::move(options)), providers_(providers), clock_(clock), random_(random) {}

kms::CallContext KeyMaker::CallNow(const std::shared_ptr<CancellationToken>& cancellation) const {
  kms::CallContext call;
  call.deadline = clock_.Monotonic() + options_.remote_call_timeout;
  call.cancellation = cancellation;
  return call;
}

absl::StatusOr<KeyTarget> KeyMaker::TargetOf(const KeyPlan& plan, const kms::RemoteVersion& version) const {
  KeyIdInputs inputs;
  inputs.type = plan.active->client->type();
  inputs.fingerprint = plan.active->client->fingerprint();
  inputs.version = version;
  for (const Provider* provider : plan.wrap_set) inputs.wrap_set.push_back(provider->client->fingerprint());
  inputs.generation = plan.generation;
  KeyTarget target;
  target.plan = plan;
  target.version = version;
  SIGNET_ASSIGN_OR_RETURN(target.announcement.key_id, MakeKeyId(inputs));
  target.announcement.first_announced = clock_.Wall();
  target.announcement.provider_type = static_cast<uint8_t>(inputs.type);
  target.announcement.fingerprint = inputs.fingerprint;
  target.announcement.generation = inputs.generation;
  target.announcement.number = version.number;
  return target;
}

absl::StatusOr<KeyTarget> KeyMaker::Describe(const KeyPlan& plan,
                                             const std::shared_ptr<CancellationToken>& cancellation) const {
  SIGNET_ASSIGN_OR_RETURN(const kms::KeyDescription description,
                          providers_.Describe(*plan.active, CallNow(cancellation)));
  return TargetOf(plan, description.current);
}

absl::StatusOr<KeyTarget> KeyMaker::LearnVersion(
    const KeyPlan& plan, const std::shared_ptr<CancellationToken>& cancellation) const {
  SIGNET_ASSIGN_OR_RETURN(const crypto::SecretBytes plain, crypto::GenerateLocalKek(random_));
  SIGNET_ASSIGN_OR_RETURN(
      const kms::WrapResult wrapped,
      providers_.Wrap(*plan.active, CallNow(cancellation), plain, kms::WrapContext{options_.cluster_id}));
  return TargetOf(plan, wrapped.version);
}

absl::StatusOr<KeyMaker::Wrapping> KeyMaker::WrapBy(
    const Provider& provider, const crypto::SecretBytes& plain, const kms::RemoteVersion* expected,
    const std::shared_ptr<CancellationToken>& cancellation) const {
  const kms::WrapContext context{options_.cluster_id};
  SIGNET_ASSIGN_OR_RETURN(kms::WrapResult wrapped,
                          providers_.Wrap(provider, CallNow(cancellation), plain, context));
  if (expected != nullptr && wrapped.version != *expected) {
    return absl::AbortedError("the provider wrapped under another version than it described");
  }
  SIGNET_ASSIGN_OR_RETURN(
      const kms::UnwrapResult unwrapped,
      providers_.Unwrap(provider, CallNow(cancellation), wrapped.backend_field, wrapped.blob, context));
  if (unwrapped.version.has_value() && *unwrapped.version != wrapped.version) {
    return absl::AbortedError("the provider unwrapped under another version than it wrapped");
  }
  if (unwrapped.plaintext != plain) {
    return absl::DataLossError("the provider unwrapped something else than it wrapped");
  }
  return Wrapping{{static_cast<uint8_t>(provider.client->type()), provider.client->fingerprint(),
                   std::move(wrapped.backend_field), std::move(wrapped.blob)},
                  std::move(wrapped.version)};
}

absl::Status KeyMaker::Prove(const Provider& provider,
                             const std::shared_ptr<CancellationToken>& cancellation) const {
  SIGNET_ASSIGN_OR_RETURN(const crypto::SecretBytes plain, crypto::GenerateLocalKek(random_));
  return WrapBy(provider, plain, nullptr, cancellation).status();
}

absl::StatusOr<MadeKey> KeyMaker::Make(const KeyTarget& target, Missing missing,
                                       const std::shared_ptr<CancellationToken>& cancellation) const {
  SIGNET_ASSIGN_OR_RETURN(const crypto::SecretBytes plain, crypto::GenerateLocalKek(random_));
  MadeKey made;
  crypto::Record record;
  record.key_id = target.announcement.key_id;
  record.created_unix_seconds =
      static_cast<uint64_t>(std::max<int64_t>(absl::ToUnixSeconds(clock_.Wall()), 0));
  for (const Provider* provider : target.plan.wrap_set) {
    const bool active = provider == target.plan.active;
    absl::StatusOr<Wrapping> entry =
        WrapBy(*provider, plain, active ? &target.version : nullptr, cancellation);
    if (entry.ok()) {
      record.entries.push_back(std::move(entry->entry));
      made.wrapped_under.emplace(provider->name, std::move(entry->version));
    } else if (!active && missing == Missing::kAllow && IsUnreachable(entry.status())) {
      made.missing.push_back(provider->name);
    } else if (active) {
      return entry.status();
    } else {
      absl::Status named(entry.status().code(),
                         absl::StrCat("provider ", provider->name, ": ", entry.status().message()));
      return kms::WithFailureClass(std::move(named), kms::GetFailureClass(entry.status()));
    }
  }
  SIGNET_ASSIGN_OR_RETURN(MadeKey finished, Finish(record, plain));
  finished.wrapped_under = std::move(made.wrapped_under);
  finished.missing = std::move(made.missing);
  return finished;
}

absl::StatusOr<MadeKey> KeyMaker::Finish(const crypto::Record& record,
                                         const crypto::SecretBytes& plain) const {
  MadeKey made;
  SIGNET_ASSIGN_OR_RETURN(made.kek, crypto::LocalKek::Derive(plain));
  SIGNET_ASSIGN_OR_RETURN(made.record, made.kek->FinishRecord(record, options_.cluster_id));
  made.id = crypto::ComputeLocalKekId(made.record);
  return made;
}

absl::StatusOr<MadeKey> KeyMaker::MakeForOneUse(const KeyTarget& target, const kms::CallContext& call) const {
  SIGNET_ASSIGN_OR_RETURN(const crypto::SecretBytes plain, crypto::GenerateLocalKek(random_));
  crypto::Record record;
  record.key_id = target.announcement.key_id;
  record.created_unix_seconds =
      static_cast<uint64_t>(std::max<int64_t>(absl::ToUnixSeconds(clock_.Wall()), 0));
  for (const Provider* provider : target.plan.wrap_set) {
    SIGNET_ASSIGN_OR_RETURN(kms::WrapResult wrapped,
                            providers_.Wrap(*provider, call, plain, kms::WrapContext{options_.cluster_id}));
    if (provider == target.plan.active && wrapped.version != target.version) {
      return absl::AbortedError("the provider wrapped under another version than the announced one");
    }
    record.entries.push_back({static_cast<uint8_t>(provider->client->type()), provider->client->fingerprint(),
                              std::move(wrapped.backend_field), std::move(wrapped.blob)});
  }
  return Finish(record, plain);
}

}  // namespace signet
