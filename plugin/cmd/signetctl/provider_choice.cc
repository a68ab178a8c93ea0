#include "plugin/cmd/signetctl/provider_choice.h"

#include <cstddef>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace signet::ctl {

absl::StatusOr<const ProviderConfig*> ChooseProvider(const Config& config, absl::string_view type,
                                                     const std::string& name) {
  const ProviderConfig* only = nullptr;
  size_t of_type = 0;
  for (const ProviderConfig& provider : config.providers) {
    if (provider.type != type) continue;
    ++of_type;
    only = &provider;
    if (provider.name == (name.empty() ? config.active : name)) return &provider;
  }
  if (!name.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("the configuration has no ", type, " provider '", name, "'"));
  }
  if (of_type == 1) return only;
  return absl::InvalidArgumentError(
      of_type == 0 ? absl::StrCat("the configuration has no ", type, " provider")
                   : absl::StrCat("the active provider is not of type ", type, ": name one by --provider"));
}

}  // namespace signet::ctl
