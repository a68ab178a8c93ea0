#include "plugin/etcd/encrypted_object.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "base/utf8.h"
#include "plugin/etcd/protowire.h"

namespace signet::etcd {
namespace {

constexpr size_t kMaxDomainNameBytes = 253;
constexpr size_t kMaxLabelBytes = 63;

absl::Status Malformed(absl::string_view what) { return absl::InvalidArgumentError(what); }

bool ParseAnnotation(absl::string_view entry, EncryptedObject& object) {
  ProtoReader reader(entry);
  ProtoField field;
  absl::string_view key, value;
  while (reader.Next(field)) {
    if (field.type != WireType::kBytes) continue;
    if (field.number == 1) key = field.bytes;
    if (field.number == 2) value = field.bytes;
  }
  if (reader.malformed() || !IsUtf8(key)) return false;
  object.annotations[key] = value;
  return true;
}

void Append(std::vector<std::string>& all, std::vector<std::string> more) {
  all.insert(all.end(), more.begin(), more.end());
}

}  // namespace

absl::StatusOr<EncryptedObject> ParseEncryptedObject(absl::string_view message) {
  EncryptedObject object;
  ProtoReader reader(message);
  ProtoField field;
  while (reader.Next(field)) {
    if (field.number == 5 && field.type == WireType::kVarint) object.seed_type = field.value;
    if (field.type != WireType::kBytes) continue;
    switch (field.number) {
      case 1:
        object.encrypted_data = field.bytes;
        break;
      case 2:
        object.key_id = field.bytes;
        break;
      case 3:
        object.wrapped_seed = field.bytes;
        break;
      case 4:
        if (!ParseAnnotation(field.bytes, object)) return Malformed("object: malformed annotation");
        break;
      default:
        break;
    }
  }
  if (reader.malformed()) return Malformed("object: truncated or malformed protobuf");
  if (!IsUtf8(object.key_id)) return Malformed("object: key_id is not UTF-8");
  return object;
}

bool IsFullyQualifiedDomainName(absl::string_view name) {
  absl::ConsumeSuffix(&name, ".");
  if (name.empty() || name.size() > kMaxDomainNameBytes) return false;
  const std::vector<absl::string_view> labels = absl::StrSplit(name, '.');
  const auto alphanumeric = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  return labels.size() >= 2 && std::all_of(labels.begin(), labels.end(), [&](absl::string_view label) {
           return !label.empty() && label.size() <= kMaxLabelBytes && alphanumeric(label.front()) &&
                  alphanumeric(label.back()) && std::all_of(label.begin(), label.end(), [&](char c) {
                    return alphanumeric(c) || c == '-';
                  });
         });
}

std::vector<std::string> ObjectionsToCiphertext(absl::string_view ciphertext) {
  if (ciphertext.empty()) return {"the wrapped seed is empty"};
  if (ciphertext.size() <= kMaxWrappedSeedBytes) return {};
  return {absl::StrCat("the wrapped seed has ", ciphertext.size(), " bytes, at most ", kMaxWrappedSeedBytes,
                       " are allowed")};
}

std::vector<std::string> ObjectionsToKeyId(absl::string_view key_id) {
  if (key_id.empty()) return {"the key_id is empty"};
  if (key_id.size() <= kMaxKeyIdBytesOfApiserver) return {};
  return {absl::StrCat("the key_id has ", key_id.size(), " bytes, at most ", kMaxKeyIdBytesOfApiserver,
                       " are allowed")};
}

std::vector<std::string> ObjectionsToAnnotations(
    const std::map<absl::string_view, absl::string_view>& annotations) {
  std::vector<std::string> objections;
  size_t bytes = 0;
  size_t bad_names = 0;
  for (const auto& [key, value] : annotations) {
    bytes += key.size() + value.size();
    if (!IsFullyQualifiedDomainName(key)) ++bad_names;
  }
  if (bad_names > 0) {
    objections.push_back(absl::StrCat(bad_names, bad_names == 1 ? " annotation is" : " annotations are",
                                      " not named by a domain name"));
  }
  if (bytes > kMaxAnnotationsBytes) {
    objections.push_back(absl::StrCat("the annotations have ", bytes, " bytes, at most ",
                                      kMaxAnnotationsBytes, " are allowed"));
  }
  return objections;
}

std::vector<std::string> ObjectionsToObject(const EncryptedObject& object) {
  std::vector<std::string> objections;
  if (object.seed_type > kSeedTypeHkdfSeed) {
    objections.push_back(absl::StrCat("the seed type is ", object.seed_type, ", known are 0 and 1"));
  }
  if (object.encrypted_data.empty()) objections.push_back("the encrypted data is empty");
  Append(objections, ObjectionsToCiphertext(object.wrapped_seed));
  Append(objections, ObjectionsToKeyId(object.key_id));
  Append(objections, ObjectionsToAnnotations(object.annotations));
  return objections;
}

}  // namespace signet::etcd
