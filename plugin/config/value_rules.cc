#include "plugin/config/value_rules.h"

#include <algorithm>
#include <array>
#include <limits>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace signet {
namespace {

constexpr uint64_t kUnmappedUserId = 65534;
constexpr size_t kMaxSocketPathBytes = 107;
constexpr size_t kMaxPathBytes = 4095;

struct Unit {
  absl::string_view name;
  int64_t milliseconds;
};
// "ms" before "m" and "s": the first suffix that fits is taken.
constexpr std::array<Unit, 5> kUnits = {
    {{"ms", 1}, {"s", 1'000}, {"m", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}}};

// Digits only: no sign, no blanks, no base prefix.
std::optional<uint64_t> ParseDigits(absl::string_view text) {
  uint64_t value = 0;
  if (text.empty() || !std::all_of(text.begin(), text.end(), absl::ascii_isdigit) ||
      !absl::SimpleAtoi(text, &value)) {
    return std::nullopt;
  }
  return value;
}

std::optional<absl::Duration> ParseDuration(absl::string_view text) {
  for (const Unit& unit : kUnits) {
    absl::string_view number = text;
    if (number.size() <= unit.name.size() || number.substr(number.size() - unit.name.size()) != unit.name) {
      continue;
    }
    number.remove_suffix(unit.name.size());
    const std::optional<uint64_t> value = ParseDigits(number);
    if (!value.has_value() || *value > uint64_t{1} << 40) return std::nullopt;
    return absl::Milliseconds(unit.milliseconds) * static_cast<int64_t>(*value);
  }
  return std::nullopt;
}

template <typename Predicate>
ValueRule<std::string> Text(std::string expected, Predicate valid) {
  ValueRule<std::string> rule;
  rule.expected = std::move(expected);
  rule.parse = [valid](absl::string_view text) -> std::optional<std::string> {
    if (!valid(text)) return std::nullopt;
    return std::string(text);
  };
  rule.may_be_quoted = true;
  return rule;
}

bool OnlyOf(absl::string_view text, size_t most, absl::string_view also) {
  return !text.empty() && text.size() <= most && std::all_of(text.begin(), text.end(), [&](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || also.find(c) != absl::string_view::npos;
  });
}

bool IsAbsolutePath(absl::string_view text) {
  if (text.size() < 2 || text.size() > kMaxPathBytes || text.front() != '/' || text.back() == '/') {
    return false;
  }
  for (const absl::string_view part : absl::StrSplit(text, '/')) {
    if (part == "." || part == "..") return false;
  }
  return true;
}

bool IsSocketPath(absl::string_view text, bool abstract) {
  constexpr absl::string_view kNoEscapes = "/._-+=,:~";
  if (text.size() > kMaxSocketPathBytes) return false;
  if (abstract && !text.empty() && text.front() == '@') {
    return OnlyOf(text.substr(1), kMaxSocketPathBytes, kNoEscapes);
  }
  return IsAbsolutePath(text) && OnlyOf(text, kMaxSocketPathBytes, kNoEscapes);
}

}  // namespace

ValueRule<bool> Boolean() {
  ValueRule<bool> rule = OneOf<bool>({{"true", true}, {"false", false}});
  rule.expected = "true or false";
  rule.may_be_quoted = false;
  return rule;
}

ValueRule<uint64_t> WholeNumber(uint64_t least, uint64_t most) {
  ValueRule<uint64_t> rule;
  rule.expected = absl::StrCat("a whole number from ", least, " to ", most);
  rule.parse = [least, most](absl::string_view text) -> std::optional<uint64_t> {
    const std::optional<uint64_t> value = ParseDigits(text);
    if (!value.has_value() || *value < least || *value > most) return std::nullopt;
    return value;
  };
  return rule;
}

ValueRule<absl::Duration> DurationBetween(absl::Duration least, absl::Duration most) {
  ValueRule<absl::Duration> rule;
  rule.expected = absl::StrCat("a duration such as 250ms, 150s, 12h or 30d, from ",
                               FormatDurationSetting(least), " to ", FormatDurationSetting(most));
  rule.parse = [least, most](absl::string_view text) -> std::optional<absl::Duration> {
    const std::optional<absl::Duration> value = ParseDuration(text);
    if (!value.has_value() || *value < least || *value > most) return std::nullopt;
    return value;
  };
  return rule;
}

ValueRule<absl::Time> Moment() {
  ValueRule<absl::Time> rule;
  rule.expected = "a time such as 2025-03-01T02:00:00Z or 2025-03-01T03:00:00+01:00";
  rule.parse = [](absl::string_view text) -> std::optional<absl::Time> {
    absl::Time time;
    std::string error;
    if (text.size() < 20 || text[4] != '-' || text[10] != 'T' ||
        !absl::ParseTime(absl::RFC3339_full, text, &time, &error) || time < absl::UnixEpoch()) {
      return std::nullopt;
    }
    return time;
  };
  rule.may_be_quoted = true;
  return rule;
}

ValueRule<mode_t> SocketMode() {
  ValueRule<mode_t> rule;
  rule.expected = "octal access bits from 0600 to 0666, such as 0660";
  rule.parse = [](absl::string_view text) -> std::optional<mode_t> {
    if (text.size() != 4 || text[0] != '0' || text[1] != '6') return std::nullopt;
    mode_t mode = 0;
    for (const char c : text) {
      // Execute bits mean nothing on a socket.
      if (c != '0' && c != '2' && c != '4' && c != '6') return std::nullopt;
      mode = mode * 8 + static_cast<mode_t>(c - '0');
    }
    return mode;
  };
  rule.may_be_quoted = true;
  return rule;
}

ValueRule<uid_t> UserId() {
  ValueRule<uid_t> rule;
  rule.expected = "a user id (a number), but never 65534, which is everybody a user namespace does not map";
  rule.parse = [](absl::string_view text) -> std::optional<uid_t> {
    const std::optional<uint64_t> value = ParseDigits(text);
    // The largest is the kernel's "no user".
    if (!value.has_value() || *value == kUnmappedUserId || *value >= std::numeric_limits<uid_t>::max()) {
      return std::nullopt;
    }
    return static_cast<uid_t>(*value);
  };
  return rule;
}

ValueRule<std::string> UserOrGroup() {
  return Text("a name or a number, 1 to 32 of [A-Za-z0-9._-]",
              [](absl::string_view text) { return OnlyOf(text, 32, "._-") && text.front() != '-'; });
}

ValueRule<std::string> ClusterId() {
  return Text("1 to 64 of [A-Za-z0-9._-]", [](absl::string_view text) { return OnlyOf(text, 64, "._-"); });
}

ValueRule<std::string> ProviderName() {
  return Text("1 to 32 of [a-z0-9-]", [](absl::string_view text) {
    return OnlyOf(text, 32, "-") && std::none_of(text.begin(), text.end(), absl::ascii_isupper);
  });
}

ValueRule<std::string> AbsolutePath() {
  return Text("an absolute path without '.' and '..' parts and without '/' at its end", IsAbsolutePath);
}

ValueRule<std::string> SecretFilePath() {
  ValueRule<std::string> rule = AbsolutePath();
  rule.expected += "; the file holds the secret, this file never does";
  rule.may_be_shown = false;
  return rule;
}

ValueRule<std::string> CredentialName() {
  ValueRule<std::string> rule =
      Text("the name of a systemd credential, 1 to 255 of [A-Za-z0-9._-]",
           [](absl::string_view text) { return OnlyOf(text, 255, "._-") && text != "." && text != ".."; });
  rule.expected += "; the credential holds the secret, this file never does";
  rule.may_be_shown = false;
  return rule;
}

ValueRule<std::string> SocketPath(bool abstract) {
  return Text(absl::StrCat("an absolute path ", abstract ? "or @name " : "", "of at most ",
                           kMaxSocketPathBytes, " bytes of [A-Za-z0-9/._+=,:~-], as it is part of a URL"),
              [abstract](absl::string_view text) { return IsSocketPath(text, abstract); });
}

std::string FormatDurationSetting(absl::Duration duration) {
  const int64_t milliseconds = absl::ToInt64Milliseconds(duration);
  for (auto unit = kUnits.rbegin(); unit != kUnits.rend(); ++unit) {
    if (milliseconds != 0 && milliseconds % unit->milliseconds == 0) {
      return absl::StrCat(milliseconds / unit->milliseconds, unit->name);
    }
  }
  return "0s";
}

}  // namespace signet
