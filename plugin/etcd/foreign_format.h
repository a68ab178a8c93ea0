// Which other plugin made a ciphertext, as far as its bytes, its key_id and its annotations tell. A hint for
// people who migrate, never a basis for decrypting. Hostile input; pure.
#ifndef SIGNET_PLUGIN_ETCD_FOREIGN_FORMAT_H_
#define SIGNET_PLUGIN_ETCD_FOREIGN_FORMAT_H_

#include <map>
#include <string>

#include "absl/strings/string_view.h"

namespace signet::etcd {

// Such as "AWS (aws-encryption-provider)"; "unknown" when nothing fits. `key_id` and `annotations` are empty
// for data of KMS v1.
absl::string_view GuessForeignFormat(absl::string_view ciphertext, absl::string_view key_id,
                                     const std::map<absl::string_view, absl::string_view>& annotations);

}  // namespace signet::etcd

#endif  // SIGNET_PLUGIN_ETCD_FOREIGN_FORMAT_H_
