// What `etcdctl get … -w json` prints: keys and values in base64. Hostile input; pure.
#ifndef SIGNET_PLUGIN_ETCD_ETCDCTL_JSON_H_
#define SIGNET_PLUGIN_ETCD_ETCDCTL_JSON_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace signet::etcd {

struct KeyValue {
  std::string key;
  std::string value;
};

// nullopt: no such dump (a JSON object that is stored unencrypted is none). INVALID_ARGUMENT: a dump with an
// entry that is not base64, or without entries.
std::optional<absl::StatusOr<std::vector<KeyValue>>> ParseEtcdctlJson(absl::string_view text);

}  // namespace signet::etcd

#endif  // SIGNET_PLUGIN_ETCD_ETCDCTL_JSON_H_
