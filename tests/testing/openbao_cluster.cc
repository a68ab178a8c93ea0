#include "tests/testing/openbao_cluster.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/clock.h"
#include "tests/testing/poll.h"

namespace signet::testing {
namespace {

using kms::HttpMethod;
using nlohmann::json;

constexpr size_t kNodes = 3;
constexpr int kStarts = 5;

}  // namespace

OpenBaoCluster::OpenBaoCluster(TestCa& ca) : ca_file_(folder_.File("ca.pem")) {
  std::ofstream(ca_file_) << ca.pem();
  for (size_t node = 0; node < kNodes; ++node) {
    for (int start = 0; start < kStarts && !Start(node, ca); ++start) {
    }
    RequireOpenBao(processes_[node]->Running(), "a node did not start", processes_[node].get());
  }
  // Asked once: what it answers it does not tell again.
  const json keys = admins_[0]->Write("sys/init", {{"secret_shares", 1}, {"secret_threshold", 1}});
  for (size_t node = 0; node < kNodes; ++node) Join(node, keys["root_token"], keys["keys"][0], ca);
  WaitUntilAllVote();
  admin().Mount("sys/mounts/transit", "transit");
}

bool OpenBaoCluster::Start(size_t node, TestCa& ca) {
  const std::string name = absl::StrCat("node-", node);
  const int port = FreePort();
  const int cluster_port = FreePort();
  const std::string address = absl::StrCat("https://127.0.0.1:", port);
  const PemPair pair = ca.Issue(name, "IP:127.0.0.1,DNS:localhost");
  std::ofstream(folder_.File(name + ".pem")) << pair.certificate;
  std::ofstream(folder_.File(name + ".key")) << pair.key;
  std::filesystem::remove_all(folder_.File(name));
  std::filesystem::create_directory(folder_.File(name));
  // Raft's time-outs are those of a production cluster: with shorter ones the leader changes whenever a busy
  // machine lets a node wait.
  std::ofstream(folder_.File(name + ".hcl"))
      << "storage \"raft\" {\n  path = \"" << folder_.File(name) << "\"\n  node_id = \"" << name
      << "\"\n}\nlistener \"tcp\" {\n  address = \"127.0.0.1:" << port
      << "\"\n  cluster_address = \"127.0.0.1:" << cluster_port << "\"\n  tls_cert_file = \""
      << folder_.File(name + ".pem") << "\"\n  tls_key_file = \"" << folder_.File(name + ".key")
      << "\"\n}\napi_addr = \"" << address << "\"\ncluster_addr = \"https://127.0.0.1:" << cluster_port
      << "\"\n";
  addresses_.resize(node + 1);
  admins_.resize(node + 1);
  processes_.resize(node + 1);
  addresses_[node] = address;
  admins_[node] = std::make_unique<OpenBaoAdmin>(address, ca_file_);
  processes_[node] = std::make_unique<Process>(
      ProcessOptions{.arguments = {OpenBaoPath(), "server", "-config=" + folder_.File(name + ".hcl")},
                     .environment = {"HOME=/nonexistent"}});
  json answer;
  bool ready = false;
  // Whoever else may have taken the port has no certificate of this CA, and so gives no answer.
  const bool waited = PollUntil(
      [&] {
        ready = admins_[node]->Try(HttpMethod::kGet, "sys/seal-status", json::object(), answer) == 200;
        return ready || !processes_[node]->Running();
      },
      kOpenBaoPatience);
  RequireOpenBao(waited, "a node did not start", processes_[node].get());
  return ready && processes_[node]->Running();
}

void OpenBaoCluster::Join(size_t node, const std::string& token, const std::string& unseal_key, TestCa& ca) {
  OpenBaoAdmin& admin = *admins_[node];
  admin.set_token(token);
  if (node > 0) {
    admin.Ensure("sys/storage/raft/join",
                 {{"leader_api_addr", addresses_[WaitForLeader().node]}, {"leader_ca_cert", ca.pem()}});
  }
  admin.Ensure("sys/unseal", {{"key", unseal_key}});
  if (node == 0) {
    WaitForLeader();
    admin.Ensure("sys/storage/raft/autopilot/configuration", {{"server_stabilization_time", "1s"}});
  }
  json answer;
  const auto joined = [&] {
    const int status = admin.Try(HttpMethod::kGet, "sys/health", json::object(), answer);
    return status == 200 || status == 429;
  };
  RequireOpenBao(PollUntil(joined, kOpenBaoPatience), "a node did not join", processes_[node].get());
}

// Newcomers may not vote at first, and a cluster of one voter would not outlive its leader.
void OpenBaoCluster::WaitUntilAllVote() {
  json answer;
  const auto all_vote = [&] {
    if (admin().Try(HttpMethod::kGet, "sys/storage/raft/configuration", json::object(), answer) != 200) {
      return false;
    }
    const json& servers = answer["data"]["config"]["servers"];
    return servers.size() == kNodes && std::all_of(servers.begin(), servers.end(), [](const json& server) {
             return server.value("voter", false);
           });
  };
  RequireOpenBao(PollUntil(all_vote, kOpenBaoPatience), "a node may not vote", processes_[0].get());
}

OpenBaoAdmin& OpenBaoCluster::admin() {
  for (size_t node = 0; node < kNodes; ++node) {
    if (processes_[node] != nullptr) return *admins_[node];
  }
  RequireOpenBao(false, "every node is killed");
  return *admins_[0];
}

OpenBaoCluster::Leader OpenBaoCluster::WaitForLeader() {
  Leader leader{};
  json answer;
  const auto find = [&] {
    for (size_t node = 0; node < admins_.size(); ++node) {
      if (processes_[node] == nullptr) continue;
      if (admins_[node]->Try(HttpMethod::kGet, "sys/leader", json::object(), answer) != 200) continue;
      if (!answer.value("is_self", false)) continue;
      leader.node = node;
      return absl::ParseTime(absl::RFC3339_full, answer.value("active_time", ""), &leader.since, nullptr);
    }
    return false;
  };
  RequireOpenBao(PollUntil(find, kOpenBaoPatience), "the cluster has no leader");
  return leader;
}

absl::Time OpenBaoCluster::KillLeader() {
  const Leader leader = WaitForLeader();
  const absl::Time now = SystemClock().Wall();
  processes_[leader.node].reset();
  return now;
}

absl::Time OpenBaoCluster::LeadsSince() { return WaitForLeader().since; }

}  // namespace signet::testing
