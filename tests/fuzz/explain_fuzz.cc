// Any bytes as a stored value, and as etcdctl's JSON: explained without a crash, never both broken and
// praised.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "absl/strings/string_view.h"
#include "plugin/etcd/etcdctl_json.h"
#include "plugin/etcd/explanation.h"

namespace {

void Require(bool condition) {
  if (!condition) std::abort();
}

void ExplainOne(absl::string_view bytes) {
  const absl::StatusOr<signet::etcd::Explanation> explanation = signet::etcd::Explain(bytes);
  if (!explanation.ok()) {
    Require(explanation.status().code() == absl::StatusCode::kInvalidArgument);
    return;
  }
  Require(explanation->bytes <= bytes.size() && explanation->payload_bytes <= bytes.size());
  if (explanation->record_is_the_envelopes.has_value()) {
    Require(explanation->envelope.has_value() && explanation->record.has_value());
    Require(*explanation->record_is_the_envelopes || !explanation->problems.empty());
    Require(*explanation->record_key_id_is_the_objects || !explanation->problems.empty());
  }
  if (explanation->object.has_value()) Require(explanation->object->encrypted_data_bytes <= bytes.size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view bytes(reinterpret_cast<const char*>(data), size);
  ExplainOne(bytes);
  const auto dump = signet::etcd::ParseEtcdctlJson(bytes);
  if (dump.has_value() && dump->ok()) {
    for (const signet::etcd::KeyValue& entry : **dump) ExplainOne(entry.value);
  }
  return 0;
}
