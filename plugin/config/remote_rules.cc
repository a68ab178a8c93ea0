#include "plugin/config/remote_rules.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace signet {
namespace {

constexpr size_t kMaxNameBytes = 128;
constexpr size_t kMaxHostBytes = 253;

// Nothing in it needs escapes in a URL.
bool IsPathOfNames(absl::string_view text) {
  if (!OnlyOf(text, kMaxNameBytes, "._-/")) return false;
  for (const absl::string_view part : absl::StrSplit(text, '/')) {
    if (part.empty() || part == "." || part == "..") return false;
  }
  return true;
}

// "host", "host:port", "[::1]:port".
bool IsHostAndPort(absl::string_view text, bool& is_loopback) {
  absl::string_view host = text;
  absl::string_view port;
  if (absl::ConsumePrefix(&host, "[")) {
    const size_t end = host.find(']');
    if (end == absl::string_view::npos) return false;
    port = host.substr(end + 1);
    host = host.substr(0, end);
    if (!OnlyOf(host, kMaxHostBytes, ":")) return false;
  } else {
    const size_t colon = host.find(':');
    if (colon != absl::string_view::npos) {
      port = host.substr(colon);
      host = host.substr(0, colon);
    }
    if (!OnlyOf(host, kMaxHostBytes, ".-")) return false;
  }
  is_loopback = host == "127.0.0.1" || host == "::1" || host == "localhost";
  if (port.empty()) return true;
  uint32_t number = 0;
  return absl::ConsumePrefix(&port, ":") && OnlyOf(port, 5, "") && absl::SimpleAtoi(port, &number) &&
         number >= 1 && number <= 65535;
}

ValueRule<std::string> ProxyUrl() {
  return TextThat("http://host:port, https://host:port or socks5h://host:port", [](absl::string_view text) {
    bool ignored = false;
    return (absl::ConsumePrefix(&text, "http://") || absl::ConsumePrefix(&text, "https://") ||
            absl::ConsumePrefix(&text, "socks5h://")) &&
           IsHostAndPort(text, ignored);
  });
}

ValueRule<std::string> NoProxyList() {
  return TextThat("host names, suffixes, addresses and CIDR blocks, with commas between them",
                  [](absl::string_view text) { return OnlyOf(text, 4096, ".-:,/[]*"); });
}

}  // namespace

bool OnlyOf(absl::string_view text, size_t most, absl::string_view also) {
  return !text.empty() && text.size() <= most && std::all_of(text.begin(), text.end(), [&](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || also.find(c) != absl::string_view::npos;
  });
}

ValueRule<std::string> TextThat(std::string expected, std::function<bool(absl::string_view)> valid) {
  ValueRule<std::string> rule;
  rule.expected = std::move(expected);
  rule.parse = [valid = std::move(valid)](absl::string_view text) -> std::optional<std::string> {
    if (!valid(text)) return std::nullopt;
    return std::string(text);
  };
  rule.may_be_quoted = true;
  return rule;
}

ValueRule<std::string> Name(const std::string& what) {
  return TextThat(what + ": 1 to 128 of [A-Za-z0-9._-]", [](absl::string_view text) {
    return OnlyOf(text, kMaxNameBytes, "._-") && text != "." && text != "..";
  });
}

ValueRule<std::string> PathOfNames(const std::string& what) {
  return TextThat(what + ": names of [A-Za-z0-9._-] with / between them, none at the ends", IsPathOfNames);
}

ValueRule<std::string> HostName() {
  return TextThat("a host name", [](absl::string_view text) { return OnlyOf(text, kMaxHostBytes, ".-"); });
}

ValueRule<std::string> ServiceAddress() {
  return TextThat(
      "https://host:port without a path (http:// only for this machine itself)", [](absl::string_view text) {
        bool is_loopback = false;
        if (absl::ConsumePrefix(&text, "https://")) return IsHostAndPort(text, is_loopback);
        return absl::ConsumePrefix(&text, "http://") && IsHostAndPort(text, is_loopback) && is_loopback;
      });
}

void CheckPresence(SectionReader& section, absl::string_view key, bool needed, bool allowed) {
  if (section.listing()) return;
  if (needed && !section.Has(key)) section.Report(key, "is missing: this method needs it");
  if (!allowed && section.Has(key)) section.Report(key, "means nothing with this method: remove it");
}

ProxyConfig ReadProxy(SectionReader& provider, const std::vector<std::string>& addresses) {
  ProxyConfig proxy;
  SectionReader section = provider.Section("proxy");
  section.Optional("url", ProxyUrl(), proxy.url);
  section.Optional("no_proxy", NoProxyList(), proxy.no_proxy);
  section.Finish();
  const bool is_plain = std::any_of(addresses.begin(), addresses.end(), [](const std::string& address) {
    return absl::StartsWith(address, "http://");
  });
  if (is_plain && !proxy.url.empty()) provider.Report("proxy", "excludes addresses that begin with http://");
  return proxy;
}

}  // namespace signet
