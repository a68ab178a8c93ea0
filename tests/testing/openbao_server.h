// OpenBaoServer: a real OpenBao as a child of the test. Never left running.
#ifndef SIGNET_TESTS_TESTING_OPENBAO_SERVER_H_
#define SIGNET_TESTS_TESTING_OPENBAO_SERVER_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "tests/testing/openbao_admin.h"
#include "tests/testing/process.h"
#include "tests/testing/temp_dir.h"

namespace signet::testing {

// One node in memory, unsealed, with Transit mounted; root's token is "root".
class OpenBaoServer {
 public:
  // Tries what `next_port` gives until one of them is its own.
  explicit OpenBaoServer(const std::function<int()>& next_port = FreePort);

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
  bool Start(int port);

  const std::string name_;  // as it tells it itself
  TempDir folder_;
  std::unique_ptr<OpenBaoAdmin> admin_;
  std::unique_ptr<Process> process_;
};

}  // namespace signet::testing

#endif  // SIGNET_TESTS_TESTING_OPENBAO_SERVER_H_
