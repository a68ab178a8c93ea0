// OpenBaoServer: a real OpenBao as a child of the test, from the path in SIGNET_BAO (scripts/lib/openbao.sh),
// and an administrator's hand on it. Never left running.
#ifndef SIGNET_TESTS_TESTING_OPENBAO_SERVER_H_
#define SIGNET_TESTS_TESTING_OPENBAO_SERVER_H_

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "kms_client/http/http_transport.h"
#include "tests/testing/process.h"
#include "tests/testing/temp_dir.h"
#include "tests/testing/test_certificates.h"

namespace signet::testing {

// Empty where SIGNET_BAO is not set: tests then skip.
std::string OpenBaoPath();

// A port that was free a moment ago and is none that the kernel gives out by itself: nobody listens there
// unless asked to by number.
int FreePort();

// Sends administrator's requests. Not thread-safe.
class OpenBaoAdmin {
 public:
  OpenBaoAdmin(std::string address, std::string ca_file);

  const std::string& address() const { return address_; }
  void set_token(std::string token) { token_ = std::move(token); }

  // The HTTP status, 0 where nothing answered; `answer` gets the JSON, or null.
  int Try(kms::HttpMethod method, const std::string& path, const nlohmann::json& body,
          nlohmann::json& answer);
  // Fails the test unless the status is 2xx.
  nlohmann::json Do(kms::HttpMethod method, const std::string& path,
                    const nlohmann::json& body = nlohmann::json::object());
  nlohmann::json Write(const std::string& path, const nlohmann::json& body = nlohmann::json::object()) {
    return Do(kms::HttpMethod::kPost, path, body);
  }

 private:
  const std::string address_;
  std::string token_ = "root";
  std::unique_ptr<kms::HttpTransport> transport_;
};

// One node in memory, unsealed, with Transit mounted; root's token is "root".
class OpenBaoServer {
 public:
  OpenBaoServer();

  OpenBaoAdmin& admin() { return *admin_; }
  const std::string& address() const { return admin_->address(); }

  // A token with the policy `name`, made or changed to this text; `ttl` as "90s".
  std::string CreateToken(const std::string& name, const std::string& policy, const std::string& ttl);
  void SetPolicy(const std::string& name, const std::string& policy);
  // The X-Signet-Uid headers that its audit log shows, in order, each as often as it is logged.
  std::vector<std::string> AuditedUids() const;
  void Seal();
  void Unseal();

 private:
  // False when the process ended at once: the port was taken.
  bool Start();

  TempDir folder_;
  std::unique_ptr<OpenBaoAdmin> admin_;
  std::unique_ptr<Process> process_;
};

// Three nodes with raft storage and TLS from a CA of their own.
class OpenBaoCluster {
 public:
  explicit OpenBaoCluster(TestCa& ca);

  const std::vector<std::string>& addresses() const { return addresses_; }
  const std::string& ca_file() const { return ca_file_; }
  OpenBaoAdmin& admin(size_t node) { return *admins_.at(node); }
  // Blocks until there is one; which.
  size_t WaitForLeader();
  void Kill(size_t node) { processes_.at(node).reset(); }

 private:
  // False when the process ended at once: a port was taken.
  bool Start(size_t node, TestCa& ca);

  TempDir folder_;
  std::string ca_file_;
  std::vector<std::string> addresses_;
  std::vector<std::unique_ptr<OpenBaoAdmin>> admins_;
  std::vector<std::unique_ptr<Process>> processes_;
};

}  // namespace signet::testing

#endif  // SIGNET_TESTS_TESTING_OPENBAO_SERVER_H_
