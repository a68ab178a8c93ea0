// ActiveKey: everything Status and Encrypt need, published as one immutable snapshot, so that the two can
// never tell different stories.
#ifndef SIGNET_PLUGIN_HIERARCHY_ACTIVE_KEY_H_
#define SIGNET_PLUGIN_HIERARCHY_ACTIVE_KEY_H_

#include <memory>
#include <string>

#include "absl/time/time.h"
#include "crypto/local_kek.h"
#include "crypto/record.h"
#include "kms_client/kms_client.h"

namespace signet {

struct ActiveKey {
  std::string key_id;
  std::string key_id_hash;  // "sha256:…" of it, for logs and metrics
  std::string provider_name;
  kms::RemoteVersion remote_version;
  std::string record;  // the annotation's value
  crypto::LocalKekId local_kek_id{};
  std::shared_ptr<const crypto::LocalKek> local_kek;
  absl::Time created;
  bool stored = true;  // false: the state directory could not be written; this KEK ends with the process
};

}  // namespace signet

#endif  // SIGNET_PLUGIN_HIERARCHY_ACTIVE_KEY_H_
