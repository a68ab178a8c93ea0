#include "plugin/etcd/stored_value.h"

#include <array>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/strip.h"

namespace signet::etcd {
namespace {

constexpr absl::string_view kEncryptedPrefix = "k8s:enc:";
constexpr std::array<std::pair<absl::string_view, Transformer>, 5> kTransformers = {{
    {"kms:v2:", Transformer::kKmsV2},
    {"kms:v1:", Transformer::kKmsV1},
    {"aescbc:v1:", Transformer::kAesCbc},
    {"aesgcm:v1:", Transformer::kAesGcm},
    {"secretbox:v1:", Transformer::kSecretbox},
}};
constexpr absl::string_view kProtobufPrefix("k8s\0", 4);
constexpr absl::string_view kCborPrefix = "\xd9\xd9\xf7";

}  // namespace

StoredValue ParseStoredValue(absl::string_view value) {
  absl::string_view rest = value;
  if (absl::ConsumePrefix(&rest, kEncryptedPrefix)) {
    for (const auto& [prefix, transformer] : kTransformers) {
      absl::string_view named = rest;
      if (!absl::ConsumePrefix(&named, prefix)) continue;
      const size_t colon = named.find(':');
      if (colon == absl::string_view::npos) break;
      return {transformer, named.substr(0, colon), named.substr(colon + 1)};
    }
    return {Transformer::kUnknownEncrypted, "", rest};
  }
  if (absl::StartsWith(value, kProtobufPrefix)) return {Transformer::kIdentityProtobuf, "", value};
  if (absl::StartsWith(value, kCborPrefix)) return {Transformer::kIdentityCbor, "", value};
  if (absl::StartsWith(value, "{")) return {Transformer::kIdentityJson, "", value};
  return {Transformer::kNone, "", value};
}

absl::string_view TransformerName(Transformer transformer) {
  switch (transformer) {
    case Transformer::kKmsV2:
      return "kms v2";
    case Transformer::kKmsV1:
      return "kms v1";
    case Transformer::kAesCbc:
      return "aescbc";
    case Transformer::kAesGcm:
      return "aesgcm";
    case Transformer::kSecretbox:
      return "secretbox";
    case Transformer::kIdentityProtobuf:
      return "identity (protobuf)";
    case Transformer::kIdentityJson:
      return "identity (JSON)";
    case Transformer::kIdentityCbor:
      return "identity (CBOR)";
    case Transformer::kUnknownEncrypted:
      return "unknown";
    case Transformer::kNone:
      return "none";
  }
  return "none";
}

}  // namespace signet::etcd
