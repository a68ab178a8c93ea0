#include "plugin/cmd/signetctl/explain_print.h"

#include <algorithm>
#include <limits>
#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "kms_client/fingerprint.h"
#include "plugin/cmd/common/safe_text.h"
#include "plugin/cmd/common/table.h"
#include "plugin/etcd/encrypted_object.h"

namespace signet::ctl {
namespace {

constexpr size_t kMaxKeyIdShown = 1024;
// A forged object may have many; kube-apiserver's limit alone would allow thousands.
constexpr size_t kMaxAnnotationsShown = 32;

std::string Bytes(size_t count) { return absl::StrCat(count, count == 1 ? " byte" : " bytes"); }

std::string Utc(uint64_t unix_seconds) {
  // Year 9999: further than any honest record.
  if (unix_seconds > 253402300799) return absl::StrCat("unix second ", unix_seconds);
  return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", absl::FromUnixSeconds(static_cast<int64_t>(unix_seconds)),
                          absl::UTCTimeZone());
}

std::string ProviderTypeText(uint8_t type) {
  return std::string(kms::ProviderTypeName(static_cast<crypto::ProviderType>(type)));
}

std::string Hex(const crypto::Fingerprint& fingerprint) {
  return absl::BytesToHexString(
      absl::string_view(reinterpret_cast<const char*>(fingerprint.data()), fingerprint.size()));
}

std::string SeedTypeText(uint64_t type) {
  switch (type) {
    case etcd::kSeedTypeAesGcmKey:
      return "0 (AES-GCM key, Kubernetes 1.25 to 1.28)";
    case etcd::kSeedTypeHkdfSeed:
      return "1 (HKDF seed, Kubernetes 1.29 and newer)";
    default:
      return absl::StrCat(type, " (unknown)");
  }
}

std::string Title(const etcd::Explanation& explanation) {
  switch (explanation.kind) {
    case etcd::BlobKind::kEnvelope:
      return "an envelope of Signet (a ciphertext that signetd returned)";
    case etcd::BlobKind::kRecord:
      return absl::StrCat("a record of Signet (the annotation ", crypto::kRecordAnnotation, ")");
    case etcd::BlobKind::kStoredValue:
      break;
  }
  std::string title = absl::StrCat("a stored value, ", etcd::TransformerName(explanation.transformer));
  if (explanation.envelope.has_value() || explanation.record.has_value())
    return title + ", encrypted by Signet";
  if (!explanation.foreign_format.empty() && explanation.foreign_format != "unknown") {
    absl::StrAppend(&title, ", probably encrypted by ", explanation.foreign_format);
  }
  return title;
}

std::string Verdict(const etcd::Explanation& explanation) {
  if (!explanation.problems.empty()) return absl::StrCat(explanation.problems.size(), " found, see below");
  if (explanation.record_is_the_envelopes.has_value()) {
    return "consistent: the record is the envelope's and its key_id the object's (only decrypting proves "
           "more)";
  }
  return "well-formed";
}

bool IsKms(const etcd::Explanation& explanation) {
  return explanation.transformer == etcd::Transformer::kKmsV2 ||
         explanation.transformer == etcd::Transformer::kKmsV1;
}

void AddObject(const etcd::ObjectFacts& object, Table& table) {
  table.AddRow({"key_id", SafeText(object.key_id, kMaxKeyIdShown)});
  table.AddRow({"key_id hash", object.key_id_hash});
  table.AddRow({"seed type", SeedTypeText(object.seed_type)});
  table.AddRow({"encrypted data", Bytes(object.encrypted_data_bytes)});
  table.AddRow({"wrapped seed", Bytes(object.wrapped_seed_bytes)});
  for (size_t i = 0; i < std::min(object.annotations.size(), kMaxAnnotationsShown); ++i) {
    const etcd::AnnotationFacts& annotation = object.annotations[i];
    table.AddRow({"annotation", absl::StrCat(SafeText(annotation.name), ", ", Bytes(annotation.bytes))});
  }
  if (object.annotations.size() > kMaxAnnotationsShown) {
    table.AddRow({"", absl::StrCat(object.annotations.size() - kMaxAnnotationsShown, " more annotations")});
  }
  table.AddRow(
      {"overhead", Bytes(object.overhead_bytes) + " per object (key_id, wrapped seed, annotations)"});
}

void AddRecord(const etcd::RecordFacts& facts, bool with_key_id, Table& table) {
  if (with_key_id) {
    table.AddRow({"key_id", SafeText(facts.record.key_id, kMaxKeyIdShown)});
    table.AddRow({"key_id hash", facts.key_id_hash});
  }
  table.AddRow(
      {"record", absl::StrCat("format ", crypto::kRecordFormat, ", ", Bytes(facts.bytes), ", made ",
                              Utc(facts.record.created_unix_seconds), ", local KEK ", facts.local_kek_id)});
  for (const crypto::RecordEntry& entry : facts.record.entries) {
    table.AddRow(
        {"wrapped by",
         absl::StrCat(ProviderTypeText(entry.provider_type), " (type ", entry.provider_type, "), key ",
                      Hex(entry.fingerprint), ", field ",
                      entry.backend_field.empty() ? "-" : absl::BytesToHexString(entry.backend_field),
                      ", blob ", Bytes(entry.blob.size()))});
  }
}

nlohmann::ordered_json RecordToJson(const etcd::RecordFacts& facts) {
  nlohmann::ordered_json json;
  json["format"] = crypto::kRecordFormat;
  json["key_id"] = SafeText(facts.record.key_id, kMaxKeyIdShown);
  json["key_id_hash"] = facts.key_id_hash;
  json["created_unix_seconds"] = facts.record.created_unix_seconds;
  json["local_kek_id"] = facts.local_kek_id;
  json["bytes"] = facts.bytes;
  json["entries"] = nlohmann::ordered_json::array();
  for (const crypto::RecordEntry& entry : facts.record.entries) {
    json["entries"].push_back({{"provider_type", ProviderTypeText(entry.provider_type)},
                               {"provider_type_number", entry.provider_type},
                               {"fingerprint", Hex(entry.fingerprint)},
                               {"backend_field", absl::BytesToHexString(entry.backend_field)},
                               {"blob_bytes", entry.blob.size()}});
  }
  return json;
}

nlohmann::ordered_json AnnotationsToJson(const etcd::ObjectFacts& object) {
  nlohmann::ordered_json json = nlohmann::ordered_json::array();
  for (size_t i = 0; i < std::min(object.annotations.size(), kMaxAnnotationsShown); ++i) {
    json.push_back({{"name", SafeText(object.annotations[i].name)}, {"bytes", object.annotations[i].bytes}});
  }
  return json;
}

}  // namespace

void PrintExplanation(absl::string_view key, const etcd::Explanation& explanation, std::ostream& out) {
  out << Title(explanation) << '\n';
  Table table;
  if (!key.empty()) table.AddRow({"etcd key", SafeText(key, kMaxKeyIdShown)});
  table.AddRow({"size", Bytes(explanation.bytes)});
  if (!explanation.name.empty()) {
    table.AddRow({IsKms(explanation) ? "provider" : "key name", SafeText(explanation.name)});
  }
  if (explanation.object.has_value()) AddObject(*explanation.object, table);
  if (explanation.wrapped_key_bytes.has_value()) {
    table.AddRow({"wrapped key", Bytes(*explanation.wrapped_key_bytes)});
  }
  if (const auto& envelope = explanation.envelope; envelope.has_value()) {
    table.AddRow(
        {"envelope", absl::StrCat("format ", envelope->format, ", ", Bytes(envelope->bytes), ", plaintext ",
                                  Bytes(envelope->plaintext_bytes), ", local KEK ", envelope->local_kek_id)});
  }
  if (explanation.record.has_value()) {
    AddRecord(*explanation.record,
              !explanation.object.has_value() || !explanation.record_key_id_is_the_objects.value_or(false),
              table);
  }
  if (!explanation.foreign_format.empty()) table.AddRow({"written by", explanation.foreign_format});
  table.AddRow({explanation.problems.empty() ? "verdict" : "PROBLEMS", Verdict(explanation)});
  table.Print(out, 2);
  for (const std::string& problem : explanation.problems) out << "  ! " << problem << '\n';
  for (const std::string& note : explanation.notes) out << "  * " << note << '\n';
}

nlohmann::ordered_json ExplanationToJson(absl::string_view key, const etcd::Explanation& explanation) {
  nlohmann::ordered_json json;
  constexpr const char* kKinds[] = {"stored_value", "envelope", "record"};
  json["kind"] = kKinds[static_cast<size_t>(explanation.kind)];
  if (!key.empty()) json["etcd_key"] = SafeText(key, kMaxKeyIdShown);
  json["bytes"] = explanation.bytes;
  if (explanation.kind == etcd::BlobKind::kStoredValue) {
    json["transformer"] = etcd::TransformerName(explanation.transformer).data();
    if (!explanation.name.empty()) json["name"] = SafeText(explanation.name);
  }
  json["signet"] = explanation.envelope.has_value() || explanation.record.has_value();
  if (const auto& object = explanation.object; object.has_value()) {
    json["key_id"] = SafeText(object->key_id, kMaxKeyIdShown);
    json["key_id_hash"] = object->key_id_hash;
    json["seed_type"] = object->seed_type;
    json["encrypted_data_bytes"] = object->encrypted_data_bytes;
    json["wrapped_seed_bytes"] = object->wrapped_seed_bytes;
    json["overhead_bytes"] = object->overhead_bytes;
    json["annotation_count"] = object->annotations.size();
    json["annotations"] = AnnotationsToJson(*object);
  }
  if (explanation.wrapped_key_bytes.has_value()) json["wrapped_key_bytes"] = *explanation.wrapped_key_bytes;
  if (const auto& envelope = explanation.envelope; envelope.has_value()) {
    json["envelope"] = {{"format", envelope->format},
                        {"local_kek_id", envelope->local_kek_id},
                        {"bytes", envelope->bytes},
                        {"plaintext_bytes", envelope->plaintext_bytes}};
  }
  if (explanation.record.has_value()) json["record"] = RecordToJson(*explanation.record);
  if (!explanation.foreign_format.empty()) json["foreign_format"] = explanation.foreign_format;
  if (explanation.record_is_the_envelopes.has_value()) {
    json["record_is_the_envelopes"] = *explanation.record_is_the_envelopes;
  }
  if (explanation.record_key_id_is_the_objects.has_value()) {
    json["record_key_id_is_the_objects"] = *explanation.record_key_id_is_the_objects;
  }
  json["consistent"] = explanation.problems.empty();
  json["problems"] = explanation.problems;
  json["notes"] = explanation.notes;
  return json;
}

}  // namespace signet::ctl
