// An Explanation as text for people and as JSON for programs. Text from the blob is escaped in both.
#ifndef SIGNET_PLUGIN_CMD_SIGNETCTL_EXPLAIN_PRINT_H_
#define SIGNET_PLUGIN_CMD_SIGNETCTL_EXPLAIN_PRINT_H_

#include <nlohmann/json.hpp>
#include <ostream>

#include "absl/strings/string_view.h"
#include "plugin/etcd/explanation.h"

namespace signet::ctl {

// `key` is the object's key in etcd, "" where unknown.
void PrintExplanation(absl::string_view key, const etcd::Explanation& explanation, std::ostream& out);
nlohmann::ordered_json ExplanationToJson(absl::string_view key, const etcd::Explanation& explanation);

}  // namespace signet::ctl

#endif  // SIGNET_PLUGIN_CMD_SIGNETCTL_EXPLAIN_PRINT_H_
