#include "tests/testing/openbao_server.h"

#include <gtest/gtest.h>

#include <fstream>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "crypto/random.h"
#include "tests/testing/poll.h"

namespace signet::testing {
namespace {

using kms::HttpMethod;
using nlohmann::json;

constexpr int kStarts = 5;

// A name that no other server has.
std::string NewName() {
  std::string bytes(8, '\0');
  RequireOpenBao(crypto::SystemRandom()
                     .Fill(absl::MakeSpan(reinterpret_cast<uint8_t*>(bytes.data()), bytes.size()))
                     .ok(),
                 "no randomness");
  return "test-" + absl::BytesToHexString(bytes);
}

}  // namespace

OpenBaoServer::OpenBaoServer(const std::function<int()>& next_port) : name_(NewName()) {
  std::ofstream(folder_.File("bao.hcl"))
      << "cluster_name = \"" << name_ << "\"\naudit \"file\" \"log\" {\n  options {\n    file_path = \""
      << folder_.File("audit.log") << "\"\n  }\n}\n";
  // Again on another port should somebody else have taken this one just now.
  for (int start = 0; start < kStarts && !Start(next_port()); ++start) {
  }
  RequireOpenBao(process_->Running(), "OpenBao did not start", process_.get());
  admin_->Mount("sys/mounts/transit", "transit");
  admin_->Ensure("sys/config/auditing/request-headers/x-signet-uid", {{"hmac", false}});
}

bool OpenBaoServer::Start(int port) {
  const std::string address = absl::StrCat("127.0.0.1:", port);
  process_ = std::make_unique<Process>(ProcessOptions{
      .arguments = {OpenBaoPath(), "server", "-dev", "-dev-root-token-id=root", "-dev-no-store-token",
                    absl::StrCat("-dev-listen-address=", address), "-config=" + folder_.File("bao.hcl")},
      .environment = {"HOME=/nonexistent"}});
  admin_ = std::make_unique<OpenBaoAdmin>(absl::StrCat("http://", address), "");
  json answer;
  bool ready = false;
  const bool waited = PollUntil(
      [&] {
        // Somebody else's server on this port would answer as well, until ours has noticed and ends.
        ready = admin_->Try(HttpMethod::kGet, "sys/health", json::object(), answer) == 200 &&
                answer.value("cluster_name", "") == name_;
        return ready || !process_->Running();
      },
      kOpenBaoPatience);
  RequireOpenBao(waited, "OpenBao did not start", process_.get());
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
  return admin_->Ensure("auth/token/create", {{"policies", {name}}, {"ttl", ttl}})["auth"]["client_token"];
}

void OpenBaoServer::SetPolicy(const std::string& name, const std::string& policy) {
  admin_->Ensure("sys/policies/acl/" + name, {{"policy", policy}});
}

void OpenBaoServer::Seal() { admin_->Write("sys/seal"); }

void OpenBaoServer::Unseal() {
  const std::string output = process_->Output();
  const std::string label = "Unseal Key: ";
  const size_t start = output.find(label);
  RequireOpenBao(start != std::string::npos, "no unseal key", process_.get());
  const size_t begin = start + label.size();
  admin_->Ensure("sys/unseal", {{"key", output.substr(begin, output.find('\n', begin) - begin)}});
  json answer;
  EXPECT_TRUE(
      PollUntil([&] { return admin_->Try(HttpMethod::kGet, "sys/health", json::object(), answer) == 200; },
                kOpenBaoPatience));
}

}  // namespace signet::testing
