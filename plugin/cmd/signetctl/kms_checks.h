// What kube-apiserver checks on a plugin's answers before it uses them: an answer that fails one is thrown
// away there, whatever the plugin meant. Pure.
#ifndef SIGNET_PLUGIN_CMD_SIGNETCTL_KMS_CHECKS_H_
#define SIGNET_PLUGIN_CMD_SIGNETCTL_KMS_CHECKS_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "proto/kms/v2/api.pb.h"

namespace signet::ctl {

// One text per objection; none when kube-apiserver would use the answer. Text of the answer is escaped.
std::vector<std::string> ObjectionsToStatus(const v2::StatusResponse& status);
// `key_id` is that of the Status before.
std::vector<std::string> ObjectionsToEncrypt(const v2::EncryptResponse& response, absl::string_view key_id);

// What every object stores for this answer: key_id, ciphertext, annotations with their names.
size_t StoredBytes(const v2::EncryptResponse& response);

}  // namespace signet::ctl

#endif  // SIGNET_PLUGIN_CMD_SIGNETCTL_KMS_CHECKS_H_
