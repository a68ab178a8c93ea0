// KeyringObserver: what a running LocalKmsClient tells about its keyring file. It never logs itself.
#ifndef SIGNET_KMS_CLIENT_LOCAL_KEYRING_OBSERVER_H_
#define SIGNET_KMS_CLIENT_LOCAL_KEYRING_OBSERVER_H_

#include <cstdint>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace signet::kms {

// Called from any thread without locks held; implementations do not block.
class KeyringObserver {
 public:
  virtual ~KeyringObserver() = default;
  virtual void OnKeyringReloaded(absl::string_view /*path*/, uint64_t /*revision*/) {}
  // A version became active by its schedule.
  virtual void OnKeyringVersionActivated(absl::string_view /*path*/, uint32_t /*number*/) {}
  // The file could not be read again, or an activation could not be written down. Once per change of the
  // file or of the problem.
  virtual void OnKeyringProblem(absl::string_view /*path*/, const absl::Status& /*status*/) {}
};

}  // namespace signet::kms

#endif  // SIGNET_KMS_CLIENT_LOCAL_KEYRING_OBSERVER_H_
