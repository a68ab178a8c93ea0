#include "kms_client/plain_uid.h"

#include <algorithm>

#include "absl/strings/ascii.h"

namespace signet::kms {
namespace {

constexpr size_t kMaxUidBytes = 64;

}  // namespace

absl::string_view PlainUid(const CallContext& call) {
  const std::string& uid = call.uid;
  const bool is_plain = uid.size() <= kMaxUidBytes && std::all_of(uid.begin(), uid.end(), [](char c) {
                          return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '-';
                        });
  return is_plain ? absl::string_view(uid) : absl::string_view();
}

}  // namespace signet::kms
