#include "tests/simulation/simulated_link.h"

#include <utility>

#include "absl/status/status.h"
#include "base/status_macros.h"
#include "kms_client/failure_class.h"

namespace signet::simulation {
namespace {

using kms::FailureClass;
using kms::WithFailureClass;

class SimulatedClient final : public kms::KmsClient {
 public:
  SimulatedClient(SimulatedLink& link, const Clock& clock) : link_(link), client_(link.remote, clock) {}

  crypto::ProviderType type() const override { return client_.type(); }
  const crypto::Fingerprint& fingerprint() const override { return client_.fingerprint(); }

  absl::StatusOr<kms::KeyDescription> Describe(const kms::CallContext& call) override {
    SIGNET_RETURN_IF_ERROR(Begin(LinkFault::kDescribeRefused));
    if (link_.describe_lags && link_.described.has_value()) return *link_.described;
    SIGNET_ASSIGN_OR_RETURN(kms::KeyDescription description, client_.Describe(call));
    link_.described = description;
    return description;
  }
  absl::StatusOr<kms::WrapResult> Wrap(const kms::CallContext& call, const crypto::SecretBytes& plaintext,
                                       const kms::WrapContext& context) override {
    SIGNET_RETURN_IF_ERROR(Begin(LinkFault::kWrapRefused));
    return client_.Wrap(call, plaintext, context);
  }
  absl::StatusOr<kms::UnwrapResult> Unwrap(const kms::CallContext& call, absl::string_view backend_field,
                                           absl::string_view blob, const kms::WrapContext& context) override {
    SIGNET_RETURN_IF_ERROR(Begin(LinkFault::kUnwrapRefused));
    return client_.Unwrap(call, backend_field, blob, context);
  }
  absl::Status Rotate(const kms::CallContext& call) override {
    SIGNET_RETURN_IF_ERROR(Begin(LinkFault::kWrapRefused));
    return client_.Rotate(call);
  }

 private:
  // What the call is answered, if the KMS is not to answer it. `refused_by`: the fault that is about such
  // calls only.
  absl::Status Begin(LinkFault refused_by) {
    ++link_.calls;
    if (link_.failures_to_come > 0) {
      --link_.failures_to_come;
      return WithFailureClass(absl::UnavailableError("connection reset"), FailureClass::kUnreachable);
    }
    switch (link_.fault) {
      case LinkFault::kUnreachable:
        return WithFailureClass(absl::UnavailableError("no route"), FailureClass::kUnreachable);
      case LinkFault::kThrottled:
        return WithFailureClass(absl::ResourceExhaustedError("slow down"), FailureClass::kThrottled);
      case LinkFault::kDenied:
        return WithFailureClass(absl::PermissionDeniedError("policy"), FailureClass::kDenied);
      case LinkFault::kWrapRefused:
      case LinkFault::kDescribeRefused:
      case LinkFault::kUnwrapRefused:
        if (link_.fault != refused_by) return absl::OkStatus();
        return WithFailureClass(absl::PermissionDeniedError("policy"), FailureClass::kDenied);
      case LinkFault::kNone:
        return absl::OkStatus();
    }
    return absl::OkStatus();
  }

  SimulatedLink& link_;
  testing::FakeKmsClient client_;
};

}  // namespace

absl::string_view LinkFaultName(LinkFault fault) {
  switch (fault) {
    case LinkFault::kNone:
      return "none";
    case LinkFault::kUnreachable:
      return "unreachable";
    case LinkFault::kThrottled:
      return "throttled";
    case LinkFault::kDenied:
      return "denied";
    case LinkFault::kWrapRefused:
      return "wrap refused";
    case LinkFault::kDescribeRefused:
      return "describe refused";
    case LinkFault::kUnwrapRefused:
      return "unwrap refused";
  }
  return "?";
}

std::shared_ptr<kms::KmsClient> MakeSimulatedClient(SimulatedLink& link, const Clock& clock) {
  return std::make_shared<SimulatedClient>(link, clock);
}

}  // namespace signet::simulation
