// OpenBaoNode: the built signetd on a configuration that leads to an OpenBao, with its token in a file beside
// it, as on one control-plane node.
#ifndef SIGNET_TESTS_INTEGRATION_OPENBAO_OPENBAO_NODE_H_
#define SIGNET_TESTS_INTEGRATION_OPENBAO_OPENBAO_NODE_H_

#include <chrono>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_join.h"
#include "tests/testing/daemon.h"
#include "tests/testing/kms_caller.h"
#include "tests/testing/openbao_client.h"

namespace signet::testing {

// Not thread-safe; its callers are.
class OpenBaoNode {
 public:
  // Key `signet` in Transit. `ca_file` is empty for plain HTTP; `top` are further top-level lines.
  explicit OpenBaoNode(const std::vector<std::string>& addresses, const std::string& ca_file = "",
                       const std::string& top = "") {
    std::ofstream(home_.config(), std::ios::trunc)
        << "cluster_id: test\nstate_directory: " << home_.state() << "\nactive: primary\nproviders:\n"
        << "  - name: primary\n    vault:\n      addresses: [\"" << absl::StrJoin(addresses, "\", \"")
        << "\"]\n      key: signet\n      instance: test\n      auth: {method: token_file, secret_file: "
        << token_file() << "}\n"
        << (ca_file.empty() ? "" : "      tls: {ca_file: " + ca_file + "}\n")
        << "log: {level: debug}\nadmin_socket: {path: " << home_.admin_socket()
        << "}\nkms_socket: {path: " << home_.kms_socket() << "}\n"
        << top;
  }

  std::string token_file() const { return home_.path() + "/token"; }
  void SetToken(const std::string& token) { WriteSecretFile(token_file(), token); }
  DaemonProcess& Start() {
    daemon_ = std::make_unique<DaemonProcess>(home_);
    return *daemon_;
  }
  DaemonProcess& daemon() { return *daemon_; }
  KmsCaller Caller() const { return KmsCaller(home_.kms_socket(), std::chrono::minutes(1)); }

 private:
  DaemonHome home_;
  std::unique_ptr<DaemonProcess> daemon_;
};

}  // namespace signet::testing

#endif  // SIGNET_TESTS_INTEGRATION_OPENBAO_OPENBAO_NODE_H_
