#include "plugin/hierarchy/state_report.h"

#include <string>

#include "absl/strings/str_cat.h"

namespace signet {

void AddProviderProblem(const ProviderState& provider, std::vector<HierarchyProblem>& problems) {
  std::string text, advice;
  switch (provider.provider_class) {
    case ProviderClass::kUnknown:
    case ProviderClass::kHealthy:
    case ProviderClass::kRolledBack:  // told with more by the watcher
      return;
    case ProviderClass::kUnreachable:
      text = "does not answer; what is in memory goes on";
      advice = "see last_error; Encrypt stops at offline_limit";
      break;
    case ProviderClass::kDegraded:
      text = "unwraps, but refuses Wrap or Describe; Encrypt goes on under the current local key";
      advice = "allow signetd what its documentation asks for";
      break;
    case ProviderClass::kDenied:
      text = "denies access to a credential that it knows";
      advice = "give signetd's identity its permissions back; local keys leave memory after denied_grace";
      break;
    case ProviderClass::kRevoked:
      text = "says that the key is disabled, pending deletion or destroyed";
      advice = "enable the key; nothing is lost as long as it is not destroyed";
      break;
  }
  problems.push_back({std::string(ProviderClassName(provider.provider_class)),
                      absl::StrCat("provider ", provider.name, " ", text), advice, provider.since});
}

absl::Status DecryptStatus(const ProviderState& provider) {
  switch (provider.provider_class) {
    case ProviderClass::kUnreachable:
      return absl::UnavailableError("the KMS does not answer: only what is in memory opens");
    case ProviderClass::kDenied:
      return absl::PermissionDeniedError("the KMS denies access");
    case ProviderClass::kRevoked:
      return absl::FailedPreconditionError("the KMS key is revoked");
    default:
      return absl::OkStatus();
  }
}

}  // namespace signet
