#include "plugin/hierarchy/key_id.h"

#include <algorithm>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "kms_client/fingerprint.h"

namespace signet {
namespace {

constexpr absl::string_view kLineageDomain = "signet/v1/lineage";
constexpr size_t kMaxLabelBytes = 20;
constexpr size_t kMaxMarkBytes = 1024;

absl::string_view View(const crypto::Fingerprint& fingerprint) {
  return {reinterpret_cast<const char*>(fingerprint.data()), fingerprint.size()};
}

bool IsLabel(absl::string_view label) {
  return !label.empty() && label.size() <= kMaxLabelBytes &&
         std::all_of(label.begin(), label.end(),
                     [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z'); });
}

}  // namespace

absl::StatusOr<std::string> MakeKeyId(const KeyIdInputs& inputs) {
  if (!IsLabel(inputs.version.label)) return absl::InternalError("provider: malformed version label");
  if (inputs.version.mark.empty() || inputs.version.mark.size() > kMaxMarkBytes) {
    return absl::InternalError("provider: malformed version mark");
  }
  if (inputs.generation > kMaxKeyIdGeneration) {
    return absl::InvalidArgumentError("key_id_generation must be at most 99999");
  }
  if (inputs.wrap_set.empty()) return absl::InvalidArgumentError("the wrap-set is empty");

  std::vector<crypto::Fingerprint> wrap_set = inputs.wrap_set;
  std::sort(wrap_set.begin(), wrap_set.end());
  wrap_set.erase(std::unique(wrap_set.begin(), wrap_set.end()), wrap_set.end());

  const absl::string_view type = kms::ProviderTypeName(inputs.type);
  std::vector<absl::string_view> lineage_inputs = {type, View(inputs.fingerprint), inputs.version.mark};
  for (const crypto::Fingerprint& fingerprint : wrap_set) lineage_inputs.push_back(View(fingerprint));
  const crypto::Fingerprint lineage = kms::ShortDigest(kLineageDomain, lineage_inputs);

  std::string key_id =
      absl::StrCat(type, "-v", inputs.version.label, "-", absl::BytesToHexString(View(lineage)));
  if (inputs.generation > 0) absl::StrAppend(&key_id, "-g", inputs.generation);
  return key_id;
}

}  // namespace signet
