#include "plugin/cmd/signetctl/explain_input.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"

namespace signet::ctl {
namespace {

std::string WithoutBlanks(absl::string_view text) {
  std::string result;
  result.reserve(text.size());
  std::copy_if(text.begin(), text.end(), std::back_inserter(result),
               [](unsigned char c) { return !absl::ascii_isspace(c); });
  return result;
}

std::optional<std::string> DecodeHex(absl::string_view text) {
  std::string digits = absl::StrReplaceAll(WithoutBlanks(text), {{"\\x", ""}});
  const absl::string_view plain = absl::StripPrefix(digits, "0x");
  if (plain.size() % 2 != 0 || !std::all_of(plain.begin(), plain.end(), absl::ascii_isxdigit)) {
    return std::nullopt;
  }
  return absl::HexStringToBytes(plain);
}

std::optional<std::string> DecodeBase64(absl::string_view text) {
  const std::string plain = WithoutBlanks(text);
  std::string bytes;
  if (absl::Base64Unescape(plain, &bytes) || absl::WebSafeBase64Unescape(plain, &bytes)) return bytes;
  return std::nullopt;
}

absl::StatusOr<std::string> ReadAll(std::istream& in, absl::string_view name) {
  std::string content;
  char buffer[65536];
  while (in.read(buffer, sizeof(buffer)), in.gcount() > 0) {
    content.append(buffer, static_cast<size_t>(in.gcount()));
    if (content.size() > kMaxExplainInputBytes) {
      return absl::InvalidArgumentError(
          absl::StrCat(name, ": longer than ", kMaxExplainInputBytes >> 20, " MiB"));
    }
  }
  if (in.bad()) return absl::UnavailableError(absl::StrCat(name, ": cannot be read"));
  return content;
}

}  // namespace

absl::StatusOr<std::string> ReadExplainInput(const std::string& file, std::istream& in) {
  if (file == "-") return ReadAll(in, "standard input");
  std::ifstream stream(file, std::ios::binary);
  if (!stream) {
    const std::string message = absl::StrCat(file, ": ", ::strerrordesc_np(errno));
    return errno == ENOENT ? absl::NotFoundError(message) : absl::PermissionDeniedError(message);
  }
  return ReadAll(stream, file);
}

absl::StatusOr<std::vector<etcd::KeyValue>> DecodeExplainInput(absl::string_view text,
                                                               InputEncoding encoding) {
  if (encoding == InputEncoding::kRaw) {
    if (auto dump = etcd::ParseEtcdctlJson(text)) return *std::move(dump);
    return std::vector<etcd::KeyValue>{{"", std::string(text)}};
  }
  const bool hex = encoding == InputEncoding::kHex;
  std::optional<std::string> bytes = hex ? DecodeHex(text) : DecodeBase64(text);
  if (!bytes.has_value())
    return absl::InvalidArgumentError(hex ? "the input is not hex" : "the input is not base64");
  return std::vector<etcd::KeyValue>{{"", *std::move(bytes)}};
}

std::string HintForRawInput(absl::string_view text) {
  if (text.size() < 16) return "";
  if (DecodeHex(text).has_value()) return "; it looks like hex: try --hex";
  if (DecodeBase64(text).has_value()) return "; it looks like base64: try --base64";
  return "";
}

}  // namespace signet::ctl
