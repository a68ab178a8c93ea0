// Which of the configured providers a verb means.
#ifndef SIGNET_PLUGIN_CMD_SIGNETCTL_PROVIDER_CHOICE_H_
#define SIGNET_PLUGIN_CMD_SIGNETCTL_PROVIDER_CHOICE_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "plugin/config/config.h"

namespace signet::ctl {

// The provider of that type that is called `name`; with an empty name the active one or, where that is of
// another type, the only one there is. Points into `config`. INVALID_ARGUMENT: there is none, or more than
// one.
absl::StatusOr<const ProviderConfig*> ChooseProvider(const Config& config, absl::string_view type,
                                                     const std::string& name);

}  // namespace signet::ctl

#endif  // SIGNET_PLUGIN_CMD_SIGNETCTL_PROVIDER_CHOICE_H_
