#include "plugin/cmd/signetctl/wait_condition.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "plugin/cmd/common/safe_text.h"

namespace signet::ctl {

absl::StatusOr<WaitCondition> WaitCondition::Parse(absl::string_view text) {
  if (text == "ready") return WaitCondition("", "");
  if (absl::ConsumePrefix(&text, "key-id=") && !text.empty()) return WaitCondition(std::string(text), "");
  if (absl::ConsumePrefix(&text, "key-id-hash=") && absl::StartsWith(text, "sha256:")) {
    return WaitCondition("", std::string(text));
  }
  return absl::InvalidArgumentError("--for: must be ready, key-id=KEY_ID or key-id-hash=sha256:HEX");
}

bool WaitCondition::Holds(const admin::v1::GetStateResponse& state) const {
  if (!state.can_encrypt() || !state.has_active()) return false;
  if (!key_id_.empty()) return state.active().key_id() == key_id_;
  return hash_.empty() || state.active().key_id_hash() == hash_;
}

std::string WaitCondition::WhyNot(const admin::v1::GetStateResponse& state) const {
  if (!state.can_encrypt()) {
    return absl::StrCat("Encrypt does not work: ", SafeText(state.problem_code()), ": ",
                        SafeText(state.problem()));
  }
  std::string text = absl::StrCat("the key_id is ", SafeText(state.active().key_id()));
  if (state.has_pending()) absl::StrAppend(&text, ", pending is ", SafeText(state.pending().key_id()));
  return text;
}

}  // namespace signet::ctl
