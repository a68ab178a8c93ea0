// Credentials and where they come from. A vendor's credentials (a token, an access key) are an immutable
// object that derives from Credentials; its providers make such objects, each from one source.
#ifndef SIGNET_KMS_CLIENT_AUTH_CREDENTIALS_H_
#define SIGNET_KMS_CLIENT_AUTH_CREDENTIALS_H_

#include <memory>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "kms_client/kms_client.h"

namespace signet::kms {

// Immutable, hence thread-safe. What is secret in it is a SensitiveString.
class Credentials {
 public:
  virtual ~Credentials() = default;
};

struct IssuedCredentials {
  std::shared_ptr<const Credentials> credentials;
  // From now; infinite where the source names no end.
  absl::Duration lifetime = absl::InfiniteDuration();
};

// Fetch is called by one thread at a time; the rest is thread-safe.
class CredentialsProvider {
 public:
  virtual ~CredentialsProvider() = default;

  // New credentials, or the life of `previous` prolonged. `previous` is null where there is none that may
  // still be good: then nothing that was cached may be returned. Blocks up to the call's deadline. NOT_FOUND:
  // this source is not there at all (a chain asks the next); UNAVAILABLE: it is there and does not answer or
  // refuses us; CANCELLED; DEADLINE_EXCEEDED. Of class unreachable, whatever it is.
  virtual absl::StatusOr<IssuedCredentials> Fetch(const CallContext& call, const Credentials* previous) = 0;

  // Whether the source has changed since it gave `credentials`, as a token file that was renewed. Does not
  // block on the network.
  virtual bool HasChanged(const Credentials& /*credentials*/) { return false; }
};

}  // namespace signet::kms

#endif  // SIGNET_KMS_CLIENT_AUTH_CREDENTIALS_H_
