#include <algorithm>
#include <filesystem>
#include <map>
#include <set>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "plugin/config/config_reader.h"
#include "plugin/config/key_life_reader.h"

namespace signet {
namespace {

class RelationChecker {
 public:
  RelationChecker(const Config& config, ReadContext& context) : config_(config), context_(context) {}

  void Check() {
    CheckClusterIds();
    CheckProviders();
    CheckActive();
    CheckSockets();
  }

 private:
  bool Present(const std::string& field) const { return context_.positions.count(field) > 0; }

  void Report(const std::string& field, absl::string_view text) {
    const auto position = context_.positions.find(field);
    context_.problems.Add(position == context_.positions.end() ? FilePosition{} : position->second, field,
                          text);
  }

  // Two spellings of one path ("/a//b") compare equal; links are not followed.
  static std::string Normal(const std::string& path) {
    return std::filesystem::path(path).lexically_normal().string();
  }

  void CheckClusterIds() {
    const auto& previous = config_.previous_cluster_ids;
    if (!config_.cluster_id.empty() &&
        std::find(previous.begin(), previous.end(), config_.cluster_id) != previous.end()) {
      Report("previous_cluster_ids", "must not list cluster_id: that one is always tried");
    }
  }

  void CheckProviders() {
    std::map<std::string, size_t> names;
    std::map<std::string, size_t> keyrings;
    const std::string state = Normal(config_.state_directory) + "/";
    for (size_t i = 0; i < config_.providers.size(); ++i) {
      const ProviderConfig& provider = config_.providers[i];
      const std::string path = absl::StrCat("providers[", i, "]");
      if (!provider.name.empty() && !names.emplace(provider.name, i).second) {
        Report(path + ".name",
               absl::StrCat("is also the name of providers[", names[provider.name], "]: names must differ"));
      }
      if (!provider.local.has_value() || provider.local->keyring.empty()) continue;
      const std::string keyring = Normal(provider.local->keyring);
      const std::string field = path + ".local.keyring";
      if (!keyrings.emplace(keyring, i).second) {
        Report(field, absl::StrCat("is also the keyring of providers[", keyrings[keyring],
                                   "]: one provider per keyring"));
      }
      if (!config_.state_directory.empty() && absl::StartsWith(keyring, state)) {
        Report(field, "must not stand in state_directory: that may be deleted at any time, a keyring never");
      }
    }
  }

  void CheckActive() {
    if (config_.active.empty() || config_.providers.empty()) return;
    std::set<std::string> names;
    for (const ProviderConfig& provider : config_.providers) {
      // A name with a problem of its own may be the one that is meant.
      if (provider.name.empty()) return;
      names.insert(provider.name);
    }
    if (names.count(config_.active) > 0) return;
    Report("active", absl::StrCat("must be the name of a provider: ", absl::StrJoin(names, ", ")));
  }

  void CheckSockets() {
    const KmsSocketConfig& kms = config_.kms_socket;
    const bool abstract = !kms.path.empty() && kms.path.front() == '@';
    if (abstract && !kms.allow_abstract) {
      Report("kms_socket.path",
             "is an abstract socket, which anybody in the network namespace could have taken first: use a "
             "path, or set kms_socket.allow_abstract: true");
    }
    for (const char* field : {"kms_socket.mode", "kms_socket.owner", "kms_socket.group"}) {
      if (abstract && Present(field)) {
        Report(field, "means nothing on an abstract socket: remove it; only allowed_uids guards such a one");
      }
    }
    if (!kms.path.empty() && !abstract && !config_.admin_socket.path.empty() &&
        Normal(kms.path) == Normal(config_.admin_socket.path)) {
      Report("admin_socket.path", "must differ from kms_socket.path");
    }
  }

  const Config& config_;
  ReadContext& context_;
};

}  // namespace

void CheckRelations(const Config& config, ReadContext& context) {
  RelationChecker(config, context).Check();
  CheckKeyLife(config, context);
}

}  // namespace signet
