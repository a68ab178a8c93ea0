#include "kms_client/kms_client.h"

#include "absl/strings/str_cat.h"

namespace signet::kms {

std::string WrapContext::ToJson() const {
  return absl::StrCat("{\"cluster_id\":\"", cluster_id, "\",\"purpose\":\"", kPurpose, "\"}");
}

absl::Status KmsClient::Rotate(const CallContext&) {
  return absl::UnimplementedError("this provider cannot rotate its key");
}

}  // namespace signet::kms
