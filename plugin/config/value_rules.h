// ValueRule: what one setting's value must look like, and how it becomes a C++ value. A rule's `expected` is
// the end of the sentence "must be …", so it tells the operator what would be right. Immutable, pure.
#ifndef SIGNET_PLUGIN_CONFIG_VALUE_RULES_H_
#define SIGNET_PLUGIN_CONFIG_VALUE_RULES_H_

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace signet {

template <typename T>
struct ValueRule {
  std::string expected;
  std::function<std::optional<T>(absl::string_view)> parse;
  bool may_be_quoted = false;  // numbers, durations and words are written plain, texts as one likes
  bool may_be_shown = true;    // in an error message; false where a secret may have strayed in
};

ValueRule<bool> Boolean();
ValueRule<uint64_t> WholeNumber(uint64_t least, uint64_t most);
// A whole number and a unit: 250ms, 150s, 5m, 12h, 30d.
ValueRule<absl::Duration> DurationBetween(absl::Duration least, absl::Duration most);
// A moment with its zone: 2025-03-01T02:00:00Z, or +01:00 instead of Z.
ValueRule<absl::Time> Moment();
// Octal access bits of a socket: 0600 to 0666, its owner always has both.
ValueRule<mode_t> SocketMode();
// A number; never 65534, which stands for every user that a namespace does not map.
ValueRule<uid_t> UserId();
ValueRule<std::string> UserOrGroup();

ValueRule<std::string> ClusterId();
ValueRule<std::string> ProviderName();
// Without "." and ".." parts, which would let two spellings name one file.
ValueRule<std::string> AbsolutePath();
// As AbsolutePath and not shown in messages.
ValueRule<std::string> SecretFilePath();
// One file name, as systemd's LoadCredential= takes it; not shown in messages.
ValueRule<std::string> CredentialName();
// At most 107 bytes, only characters that a URL needs no escapes for: kube-apiserver is given it as
// unix://<path>. `abstract`: "@name" as well.
ValueRule<std::string> SocketPath(bool abstract);

template <typename T>
ValueRule<T> OneOf(std::vector<std::pair<std::string, T>> choices) {
  ValueRule<T> rule;
  rule.expected = "one of " + absl::StrJoin(choices, ", ", [](std::string* out, const auto& choice) {
                    out->append(choice.first);
                  });
  rule.parse = [choices = std::move(choices)](absl::string_view text) -> std::optional<T> {
    for (const auto& [name, value] : choices) {
      if (text == name) return value;
    }
    return std::nullopt;
  };
  rule.may_be_quoted = true;
  return rule;
}

// "30d", "12h", "90m", "150s", "250ms": the largest unit that tells the duration exactly.
std::string FormatDurationSetting(absl::Duration duration);

}  // namespace signet

#endif  // SIGNET_PLUGIN_CONFIG_VALUE_RULES_H_
