#include "plugin/etcd/explanation.h"

#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/byte_io.h"
#include "crypto/digest.h"
#include "crypto/envelope.h"
#include "plugin/etcd/encrypted_object.h"
#include "plugin/etcd/foreign_format.h"

namespace signet::etcd {
namespace {

constexpr char kNewlineNote[] = "a newline at the end was dropped (etcdctl adds one)";

std::string Hex(const crypto::LocalKekId& id) {
  return absl::BytesToHexString(absl::string_view(reinterpret_cast<const char*>(id.data()), id.size()));
}

bool BeginsLikeEnvelope(absl::string_view bytes) {
  return !bytes.empty() && static_cast<uint8_t>(bytes.front()) == crypto::kEnvelopeMagic;
}

EnvelopeFacts FactsOf(const crypto::EnvelopeView& envelope, size_t bytes) {
  return {crypto::kEnvelopeFormat, Hex(envelope.local_kek_id), bytes, bytes - crypto::kEnvelopeOverheadBytes};
}

RecordFacts FactsOf(crypto::Record record, absl::string_view bytes) {
  RecordFacts facts;
  facts.key_id_hash = crypto::KeyIdHash(record.key_id);
  facts.local_kek_id = Hex(crypto::ComputeLocalKekId(bytes));
  facts.bytes = bytes.size();
  facts.record = std::move(record);
  return facts;
}

ObjectFacts FactsOf(const EncryptedObject& object) {
  ObjectFacts facts;
  facts.key_id = std::string(object.key_id);
  facts.key_id_hash = crypto::KeyIdHash(object.key_id);
  facts.seed_type = object.seed_type;
  facts.encrypted_data_bytes = object.encrypted_data.size();
  facts.wrapped_seed_bytes = object.wrapped_seed.size();
  facts.overhead_bytes = object.key_id.size() + object.wrapped_seed.size();
  for (const auto& [name, value] : object.annotations) {
    facts.annotations.push_back({std::string(name), value.size()});
    facts.overhead_bytes += name.size() + value.size();
  }
  return facts;
}

// Ours, by the envelope's first byte and the annotation's name: what either says is then checked.
void ExplainOurs(const EncryptedObject& object, Explanation& explanation) {
  const absl::StatusOr<crypto::EnvelopeView> envelope = crypto::ParseEnvelope(object.wrapped_seed);
  if (envelope.ok()) {
    explanation.envelope = FactsOf(*envelope, object.wrapped_seed.size());
  } else {
    explanation.problems.push_back(std::string(envelope.status().message()));
  }
  const auto annotation = object.annotations.find(crypto::kRecordAnnotation);
  if (object.annotations.size() != 1 || annotation == object.annotations.end()) {
    explanation.problems.push_back(
        absl::StrCat("must have exactly one annotation, ", crypto::kRecordAnnotation));
  }
  if (annotation == object.annotations.end()) return;
  absl::StatusOr<crypto::Record> record = crypto::ParseRecord(annotation->second);
  if (!record.ok()) {
    explanation.problems.push_back(std::string(record.status().message()));
    return;
  }
  explanation.record = FactsOf(*std::move(record), annotation->second);
  explanation.record_key_id_is_the_objects = explanation.record->record.key_id == object.key_id;
  if (!*explanation.record_key_id_is_the_objects) {
    explanation.problems.push_back("the record's key_id is not the object's: one of the two was changed");
  }
  if (!envelope.ok()) return;
  explanation.record_is_the_envelopes =
      explanation.record->local_kek_id == explanation.envelope->local_kek_id;
  if (!*explanation.record_is_the_envelopes) {
    explanation.problems.push_back("the record is not the one this envelope was made under: it was changed");
  }
}

void ExplainKmsV2(absl::string_view payload, Explanation& explanation) {
  absl::StatusOr<EncryptedObject> object = ParseEncryptedObject(payload);
  if (!object.ok() && absl::EndsWith(payload, "\n")) {
    payload.remove_suffix(1);
    absl::StatusOr<EncryptedObject> again = ParseEncryptedObject(payload);
    if (again.ok()) {
      object = std::move(again);
      explanation.notes.push_back(kNewlineNote);
      --explanation.bytes;
      --explanation.payload_bytes;
    }
  }
  if (!object.ok()) {
    explanation.problems.push_back(std::string(object.status().message()));
    return;
  }
  explanation.object = FactsOf(*object);
  explanation.problems = ObjectionsToObject(*object);
  if (BeginsLikeEnvelope(object->wrapped_seed) || object->annotations.count(crypto::kRecordAnnotation) > 0) {
    ExplainOurs(*object, explanation);
  } else {
    explanation.foreign_format =
        std::string(GuessForeignFormat(object->wrapped_seed, object->key_id, object->annotations));
  }
}

void ExplainKmsV1(absl::string_view payload, Explanation& explanation) {
  ByteReader reader(payload);
  absl::string_view wrapped;
  if (!reader.ReadU16Prefixed(wrapped) || wrapped.empty()) {
    explanation.problems.push_back("kms v1: truncated: no wrapped key");
    return;
  }
  explanation.wrapped_key_bytes = wrapped.size();
  explanation.foreign_format = std::string(GuessForeignFormat(wrapped, "", {}));
  if (reader.empty()) explanation.problems.push_back("kms v1: truncated: no data");
}

Explanation ExplainStoredValue(const StoredValue& value, size_t bytes) {
  Explanation explanation;
  explanation.bytes = bytes;
  explanation.transformer = value.transformer;
  explanation.name = std::string(value.name);
  explanation.payload_bytes = value.payload.size();
  switch (value.transformer) {
    case Transformer::kKmsV2:
      ExplainKmsV2(value.payload, explanation);
      break;
    case Transformer::kKmsV1:
      ExplainKmsV1(value.payload, explanation);
      break;
    case Transformer::kUnknownEncrypted:
      explanation.problems.push_back(
          "encrypted, but by a transformer that this version does not know, or truncated");
      break;
    case Transformer::kIdentityProtobuf:
    case Transformer::kIdentityJson:
    case Transformer::kIdentityCbor:
      explanation.notes.push_back("NOT ENCRYPTED: whoever reads etcd or its backup reads this object");
      break;
    default:
      if (value.payload.empty()) explanation.problems.push_back("truncated: no data");
      break;
  }
  return explanation;
}

bool ExplainRecord(absl::string_view bytes, Explanation& explanation) {
  absl::StatusOr<crypto::Record> record = crypto::ParseRecord(bytes);
  if (!record.ok()) return false;
  explanation.kind = BlobKind::kRecord;
  explanation.bytes = bytes.size();
  explanation.record = FactsOf(*std::move(record), bytes);
  return true;
}

}  // namespace

absl::StatusOr<Explanation> Explain(absl::string_view blob) {
  if (blob.empty()) return absl::InvalidArgumentError("nothing to explain: the input is empty");
  const StoredValue value = ParseStoredValue(blob);
  if (value.transformer != Transformer::kNone) return ExplainStoredValue(value, blob.size());
  Explanation explanation;
  if (BeginsLikeEnvelope(blob)) {
    explanation.kind = BlobKind::kEnvelope;
    explanation.bytes = blob.size();
    const absl::StatusOr<crypto::EnvelopeView> envelope = crypto::ParseEnvelope(blob);
    if (envelope.ok()) {
      explanation.envelope = FactsOf(*envelope, blob.size());
    } else {
      explanation.problems.push_back(std::string(envelope.status().message()));
    }
    return explanation;
  }
  if (ExplainRecord(blob, explanation)) return explanation;
  if (absl::EndsWith(blob, "\n") && ExplainRecord(blob.substr(0, blob.size() - 1), explanation)) {
    explanation.notes.push_back(kNewlineNote);
    return explanation;
  }
  return absl::InvalidArgumentError(
      "neither a value that kube-apiserver stores, nor an envelope or a record of Signet");
}

}  // namespace signet::etcd
