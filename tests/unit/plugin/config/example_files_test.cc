// manifests/config: what we tell operators is what the loader does.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "plugin/config/config_loader.h"
#include "plugin/config/yaml_tree.h"
#include "tests/testing/paths.h"
#include "tests/testing/status_matchers.h"

namespace signet {
namespace {

using ::testing::ContainerEq;

std::string Example(const std::string& name) {
  return testing::SourcePath(absl::StrCat("manifests/config/", name));
}

std::string ReadWhole(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

void CollectPaths(const YamlNode& node, const std::string& path, std::set<std::string>& paths) {
  if (node.kind == YamlNode::Kind::kMap) {
    for (size_t i = 0; i < node.keys.size(); ++i) {
      CollectPaths(node.items[i],
                   path.empty() ? node.keys[i].text : absl::StrCat(path, ".", node.keys[i].text), paths);
    }
  } else if (node.kind == YamlNode::Kind::kSequence && !node.items.empty() &&
             node.items[0].kind == YamlNode::Kind::kMap) {
    for (const YamlNode& item : node.items) CollectPaths(item, path + "[]", paths);
  } else {
    paths.insert(path);
  }
}

TEST(ExampleFilesTest, FullExampleShowsExactlyTheSettingsThereAre) {
  // Settings that are not at their default in the example are commented out as "#name: value".
  const std::string text =
      std::regex_replace(ReadWhole(Example("signetd.yaml")), std::regex("(^|\n)( *)#([a-z_]+: )"), "$1$2$3");
  ConfigProblems problems;
  const std::optional<YamlNode> root = ParseYaml(text, problems);
  ASSERT_TRUE(problems.empty()) << problems.Explain("signetd.yaml");
  std::set<std::string> shown;
  CollectPaths(*root, "", shown);
  const std::vector<std::string> known = KnownConfigFields();
  EXPECT_GE(known.size(), 28u);
  EXPECT_THAT(shown, ContainerEq(std::set<std::string>(known.begin(), known.end())));
}

TEST(ExampleFilesTest, FullExampleShowsTheDefaults) {
  ASSERT_OK_AND_ASSIGN(const Config shown, LoadConfigFile(Example("signetd.yaml")));
  const Config defaults;
  EXPECT_EQ(shown.previous_cluster_ids, defaults.previous_cluster_ids);
  EXPECT_EQ(shown.key_id_generation, defaults.key_id_generation);
  EXPECT_EQ(shown.status_version, defaults.status_version);
  EXPECT_EQ(shown.max_plaintext_bytes, defaults.max_plaintext_bytes);
  EXPECT_EQ(shown.kms_socket.allow_abstract, defaults.kms_socket.allow_abstract);
  EXPECT_EQ(shown.kms_socket.mode, defaults.kms_socket.mode);
  EXPECT_EQ(shown.kms_socket.owner, defaults.kms_socket.owner);
  EXPECT_EQ(shown.kms_socket.group, defaults.kms_socket.group);
  EXPECT_EQ(shown.kms_socket.allowed_uids, defaults.kms_socket.allowed_uids);
  EXPECT_EQ(shown.kms_socket.max_connections, defaults.kms_socket.max_connections);
  EXPECT_EQ(shown.kms_socket.max_calls_in_flight, defaults.kms_socket.max_calls_in_flight);
  EXPECT_EQ(shown.admin_socket.allowed_uids, defaults.admin_socket.allowed_uids);
  EXPECT_EQ(shown.local_kek.lifetime, defaults.local_kek.lifetime);
  EXPECT_EQ(shown.local_kek.max_uses, defaults.local_kek.max_uses);
  EXPECT_EQ(shown.local_kek.cached, defaults.local_kek.cached);
  EXPECT_EQ(shown.watch.interval, defaults.watch.interval);
  EXPECT_EQ(shown.watch.confirm_interval, defaults.watch.confirm_interval);
  EXPECT_EQ(shown.watch.activation_delay, defaults.watch.activation_delay);
  EXPECT_EQ(shown.watch.probe_interval, defaults.watch.probe_interval);
  EXPECT_EQ(shown.mode, defaults.mode);
  EXPECT_EQ(shown.watch.move_delay, defaults.watch.move_delay);
  EXPECT_EQ(shown.active_from, defaults.active_from);
  EXPECT_EQ(shown.active_before, defaults.active_before);
  EXPECT_EQ(shown.offline_limit, EffectiveOfflineLimit(defaults));
  EXPECT_EQ(shown.decrypt_past_offline_limit, defaults.decrypt_past_offline_limit);
  EXPECT_EQ(shown.denied_grace, defaults.denied_grace);
  EXPECT_EQ(shown.redundancy.also_wrap_with, defaults.redundancy.also_wrap_with);
  EXPECT_EQ(shown.redundancy.allow_degraded_start, defaults.redundancy.allow_degraded_start);
  EXPECT_EQ(shown.redundancy.on_revoked, defaults.redundancy.on_revoked);
  EXPECT_EQ(shown.allow_remote_rotation, defaults.allow_remote_rotation);
  EXPECT_EQ(shown.providers[0].local->allow_rotate, LocalProviderConfig().allow_rotate);
  EXPECT_EQ(shown.shutdown_grace, defaults.shutdown_grace);
  EXPECT_EQ(shown.memory_lock, defaults.memory_lock);
  EXPECT_EQ(shown.log_level, defaults.log_level);
  EXPECT_EQ(shown.log_format, defaults.log_format);
}

TEST(ExampleFilesTest, MinimalExampleMeansTheSameAsTheFullOne) {
  ASSERT_OK_AND_ASSIGN(const Config minimal, LoadConfigFile(Example("local.yaml")));
  ASSERT_OK_AND_ASSIGN(const Config full, LoadConfigFile(Example("signetd.yaml")));
  EXPECT_EQ(minimal.cluster_id, full.cluster_id);
  EXPECT_EQ(minimal.state_directory, full.state_directory);
  EXPECT_EQ(minimal.kms_socket.path, full.kms_socket.path);
  EXPECT_EQ(minimal.admin_socket.path, full.admin_socket.path);
  EXPECT_EQ(minimal.providers[0].local->keyring, full.providers[0].local->keyring);
}

}  // namespace
}  // namespace signet
