#include "kms_client/remote_call_observer.h"

namespace signet::kms {

absl::string_view RemoteOperationName(RemoteOperation operation) {
  switch (operation) {
    case RemoteOperation::kDescribe:
      return "describe";
    case RemoteOperation::kWrap:
      return "wrap";
    case RemoteOperation::kUnwrap:
      return "unwrap";
    case RemoteOperation::kRotate:
      return "rotate";
  }
  return "describe";
}

}  // namespace signet::kms
