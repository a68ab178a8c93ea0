#include "plugin/hierarchy/hierarchy_state.h"

namespace signet {

absl::string_view ProviderClassName(ProviderClass provider_class) {
  switch (provider_class) {
    case ProviderClass::kUnknown:
      return "unknown";
    case ProviderClass::kHealthy:
      return "healthy";
    case ProviderClass::kUnreachable:
      return "unreachable";
    case ProviderClass::kDegraded:
      return "degraded";
    case ProviderClass::kDenied:
      return "denied";
    case ProviderClass::kRevoked:
      return "revoked";
    case ProviderClass::kRolledBack:
      return "rolled_back";
  }
  return "unknown";
}

}  // namespace signet
