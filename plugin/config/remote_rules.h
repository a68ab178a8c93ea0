// What the settings of providers across a network have in common: names, addresses, the proxy. Pure.
#ifndef SIGNET_PLUGIN_CONFIG_REMOTE_RULES_H_
#define SIGNET_PLUGIN_CONFIG_REMOTE_RULES_H_

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "plugin/config/config.h"
#include "plugin/config/section_reader.h"
#include "plugin/config/value_rules.h"

namespace signet {

// 1 to `most` letters, digits and characters of `also`.
bool OnlyOf(absl::string_view text, size_t most, absl::string_view also);

ValueRule<std::string> TextThat(std::string expected, std::function<bool(absl::string_view)> valid);
// 1 to 128 of [A-Za-z0-9._-], neither "." nor "..".
ValueRule<std::string> Name(const std::string& what);
// Names with / between them.
ValueRule<std::string> PathOfNames(const std::string& what);
ValueRule<std::string> HostName();
// https://host:port without a path; http:// only for this machine itself.
ValueRule<std::string> ServiceAddress();

// Reports a setting that is missing though the chosen method `needed` it, or there though not `allowed`.
void CheckPresence(SectionReader& section, absl::string_view key, bool needed, bool allowed);

// The section `proxy` of `provider`. Reports it where one of `addresses` begins with http://: a proxy would
// see what is meant for this machine itself.
ProxyConfig ReadProxy(SectionReader& provider, const std::vector<std::string>& addresses);

}  // namespace signet

#endif  // SIGNET_PLUGIN_CONFIG_REMOTE_RULES_H_
