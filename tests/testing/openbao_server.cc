#include "tests/testing/openbao_server.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/clock.h"
#include "base/unique_fd.h"
#include "crypto/random.h"
#include "kms_client/http/curl_transport.h"
#include "kms_client/http/http_library.h"
#include "tests/testing/poll.h"

namespace signet::testing {
namespace {

using kms::HttpMethod;
using nlohmann::json;

constexpr std::chrono::milliseconds kStartLimit = std::chrono::minutes(2);
// Below those that the kernel gives to outgoing connections: no test that runs beside takes one of these
// between our looking and the server's binding.
constexpr unsigned kFirstPort = 20000;
constexpr unsigned kPorts = 12000;
constexpr int kStarts = 5;

void Require(bool good, const char* what, Process* process = nullptr) {
  if (good) return;
  ADD_FAILURE() << what << (process == nullptr ? "" : process->Output() + process->Errors());
  std::abort();
}

}  // namespace

std::string OpenBaoPath() {
  // NOLINTNEXTLINE(concurrency-mt-unsafe): nobody changes the environment
  const char* const path = std::getenv("SIGNET_BAO");
  return path == nullptr ? "" : path;
}

int FreePort() {
  for (int attempt = 0; attempt < 1000; ++attempt) {
    uint16_t random = 0;
    Require(
        crypto::SystemRandom().Fill(absl::MakeSpan(reinterpret_cast<uint8_t*>(&random), sizeof(random))).ok(),
        "no randomness");
    const auto port = static_cast<uint16_t>(kFirstPort + random % kPorts);
    const UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    if (::bind(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0) return port;
  }
  Require(false, "no free port");
  return 0;
}

OpenBaoAdmin::OpenBaoAdmin(std::string address, std::string ca_file) : address_(std::move(address)) {
  Require(kms::InitializeHttpLibrary().ok(), "libcurl");
  kms::HttpSettings settings;
  settings.allow_plain_http = true;
  settings.tls.ca_file = std::move(ca_file);
  settings.total_timeout = absl::Seconds(30);
  transport_ = kms::MakeCurlTransport(settings, SystemClock());
}

int OpenBaoAdmin::Try(HttpMethod method, const std::string& path, const json& body, json& answer) {
  kms::HttpRequest request;
  request.operation = "admin";
  request.method = method;
  request.SetUrl(absl::StrCat(address_, "/v1/", path));
  request.AddHeader("X-Vault-Token", token_);
  request.body = crypto::SensitiveString(body.dump());
  request.max_response_bytes = size_t{1} << 20;
  answer = nullptr;
  const absl::StatusOr<kms::HttpResponse> response = transport_->Send(request, {});
  if (!response.ok()) return 0;
  const absl::string_view text = response->body.Expose();
  answer = json::parse(text.begin(), text.end(), nullptr, false);
  return response->status;
}

json OpenBaoAdmin::Do(HttpMethod method, const std::string& path, const json& body) {
  json answer;
  const int status = Try(method, path, body, answer);
  EXPECT_TRUE(status >= 200 && status < 300) << path << ": " << status << " " << answer.dump();
  return answer;
}

OpenBaoServer::OpenBaoServer() {
  std::ofstream(folder_.File("audit.hcl")) << "audit \"file\" \"log\" {\n  options {\n    file_path = \""
                                           << folder_.File("audit.log") << "\"\n  }\n}\n";
  // Again on another port should somebody else have taken this one just now.
  for (int start = 0; start < kStarts && !Start(); ++start) {
  }
  Require(process_->Running(), "OpenBao did not start", process_.get());
  admin_->Write("sys/mounts/transit", {{"type", "transit"}});
  admin_->Write("sys/config/auditing/request-headers/x-signet-uid", {{"hmac", false}});
}

bool OpenBaoServer::Start() {
  const std::string address = absl::StrCat("127.0.0.1:", FreePort());
  process_ = std::make_unique<Process>(ProcessOptions{
      .arguments = {OpenBaoPath(), "server", "-dev", "-dev-root-token-id=root", "-dev-no-store-token",
                    absl::StrCat("-dev-listen-address=", address), "-config=" + folder_.File("audit.hcl")},
      .environment = {"HOME=/nonexistent"}});
  admin_ = std::make_unique<OpenBaoAdmin>(absl::StrCat("http://", address), "");
  json answer;
  bool ready = false;
  const bool waited = PollUntil(
      [&] {
        ready = admin_->Try(HttpMethod::kGet, "sys/health", json::object(), answer) == 200;
        return ready || !process_->Running();
      },
      kStartLimit);
  Require(waited, "OpenBao did not start", process_.get());
  return ready && process_->Running();
}

std::vector<std::string> OpenBaoServer::AuditedUids() const {
  std::vector<std::string> uids;
  std::ifstream file(folder_.File("audit.log"));
  for (std::string line; std::getline(file, line);) {
    const json entry = json::parse(line, nullptr, false);
    if (!entry.is_object() || !entry.contains("request") || !entry["request"].contains("headers")) continue;
    const json headers = entry["request"]["headers"];
    const auto uid = headers.find("x-signet-uid");
    if (uid != headers.end() && !uid->empty()) uids.push_back(uid->front());
  }
  return uids;
}

std::string OpenBaoServer::CreateToken(const std::string& name, const std::string& policy,
                                       const std::string& ttl) {
  SetPolicy(name, policy);
  return admin_->Write("auth/token/create", {{"policies", {name}}, {"ttl", ttl}})["auth"]["client_token"];
}

void OpenBaoServer::SetPolicy(const std::string& name, const std::string& policy) {
  admin_->Write("sys/policies/acl/" + name, {{"policy", policy}});
}

void OpenBaoServer::Seal() { admin_->Write("sys/seal"); }

void OpenBaoServer::Unseal() {
  const std::string output = process_->Output();
  const std::string label = "Unseal Key: ";
  const size_t start = output.find(label);
  Require(start != std::string::npos, "no unseal key", process_.get());
  const size_t begin = start + label.size();
  admin_->Write("sys/unseal", {{"key", output.substr(begin, output.find('\n', begin) - begin)}});
  json answer;
  EXPECT_TRUE(
      PollUntil([&] { return admin_->Try(HttpMethod::kGet, "sys/health", json::object(), answer) == 200; },
                kStartLimit));
}

OpenBaoCluster::OpenBaoCluster(TestCa& ca) : ca_file_(folder_.File("ca.pem")) {
  std::ofstream(ca_file_) << ca.pem();
  for (size_t node = 0; node < 3; ++node) {
    for (int start = 0; start < kStarts && !Start(node, ca); ++start) {
    }
    Require(processes_[node]->Running(), "a node did not start", processes_[node].get());
  }
  json answer;
  const json keys = admins_[0]->Write("sys/init", {{"secret_shares", 1}, {"secret_threshold", 1}});
  const std::string key = keys["keys"][0];
  for (size_t node = 0; node < 3; ++node) {
    admins_[node]->set_token(keys["root_token"]);
    if (node > 0) {
      admins_[node]->Write("sys/storage/raft/join",
                           {{"leader_api_addr", addresses_[0]}, {"leader_ca_cert", ca.pem()}});
    }
    admins_[node]->Write("sys/unseal", {{"key", key}});
    if (node == 0) {
      WaitForLeader();
      admins_[0]->Write("sys/storage/raft/autopilot/configuration", {{"server_stabilization_time", "1s"}});
    }
  }
  for (auto& admin : admins_) {
    Require(PollUntil(
                [&] {
                  const int status = admin->Try(HttpMethod::kGet, "sys/health", json::object(), answer);
                  return status == 200 || status == 429;
                },
                kStartLimit),
            "a node did not join");
  }
  // Newcomers may not vote at first, and a cluster of one voter would not outlive its leader.
  const auto all_vote = [&] {
    if (admins_[0]->Try(HttpMethod::kGet, "sys/storage/raft/configuration", json::object(), answer) != 200) {
      return false;
    }
    const json& servers = answer["data"]["config"]["servers"];
    return servers.size() == 3 && std::all_of(servers.begin(), servers.end(), [](const json& server) {
             return server.value("voter", false);
           });
  };
  Require(PollUntil(all_vote, kStartLimit), "a node may not vote");
  admins_[WaitForLeader()]->Write("sys/mounts/transit", {{"type", "transit"}});
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
  std::ofstream(folder_.File(name + ".hcl"))
      << "storage \"raft\" {\n  path = \"" << folder_.File(name) << "\"\n  node_id = \"" << name
      << "\"\n  performance_multiplier = 1\n}\nlistener \"tcp\" {\n  address = \"127.0.0.1:" << port
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
  const bool waited = PollUntil(
      [&] {
        ready = admins_[node]->Try(HttpMethod::kGet, "sys/seal-status", json::object(), answer) == 200;
        return ready || !processes_[node]->Running();
      },
      kStartLimit);
  Require(waited, "a node did not start", processes_[node].get());
  return ready && processes_[node]->Running();
}

size_t OpenBaoCluster::WaitForLeader() {
  size_t leader = 0;
  json answer;
  const auto find = [&] {
    for (size_t node = 0; node < admins_.size(); ++node) {
      if (processes_[node] == nullptr) continue;
      if (admins_[node]->Try(HttpMethod::kGet, "sys/health", json::object(), answer) == 200) {
        leader = node;
        return true;
      }
    }
    return false;
  };
  Require(PollUntil(find, kStartLimit), "the cluster has no leader", processes_.back().get());
  return leader;
}

}  // namespace signet::testing
