// AlibabaNode: the built signetd on a configuration that leads to the fake Alibaba Cloud, with its secret in
// a file beside it, as on one control-plane node.
#ifndef SIGNET_TESTS_INTEGRATION_ALIBABA_ALIBABA_NODE_H_
#define SIGNET_TESTS_INTEGRATION_ALIBABA_ALIBABA_NODE_H_

#include <chrono>
#include <fstream>
#include <memory>
#include <string>

#include "tests/testing/daemon.h"
#include "tests/testing/fake_alibaba_server.h"
#include "tests/testing/kms_caller.h"
#include "tests/testing/openbao_client.h"
#include "tests/testing/poll.h"

namespace signet::testing {

// Not thread-safe; its callers are.
class AlibabaNode {
 public:
  static constexpr char kKey[] = "key-hzz0000000000000001";

  struct Options {
    std::string endpoint;  // of KMS
    // How it finds its access key.
    std::string auth = "source: access_key_file";
    std::string region = FakeAlibaba::kRegion;
    std::string top = {};  // further lines of the file
  };

  explicit AlibabaNode(const Options& options) {
    std::ofstream(home_.config(), std::ios::trunc)
        << "cluster_id: test\nstate_directory: " << home_.state() << "\nactive: primary\nproviders:\n"
        << "  - name: primary\n    alibaba:\n      region: " << options.region
        << "\n      account_id: " << FakeAlibaba::kAccount << "\n      key: " << kKey
        << "\n      endpoint: " << options.endpoint << "\n      auth: {" << options.auth
        << ", secret_file: " << secret_file() << "}\nlog: {level: debug}\n"
        << "admin_socket: {path: " << home_.admin_socket() << "}\nkms_socket: {path: " << home_.kms_socket()
        << "}\n"
        << options.top;
    SetSecret(AccessKeyJson(FakeAlibaba::kAccessKeyId, FakeAlibaba::kAccessKeySecret));
  }

  std::string secret_file() const { return home_.path() + "/secret"; }
  void SetSecret(const std::string& text) { WriteSecretFile(secret_file(), text); }
  DaemonProcess& Start() {
    daemon_ = std::make_unique<DaemonProcess>(home_);
    return *daemon_;
  }
  DaemonProcess& daemon() { return *daemon_; }
  KmsCaller Caller() const { return KmsCaller(home_.kms_socket(), std::chrono::minutes(1)); }
  // It waits for its source of access keys, up to half a minute between two looks.
  bool BecomesReady() {
    return PollUntil([&] { return !daemon_->Running() || daemon_->WaitUntilReady(); }, kPatience) &&
           daemon_->Running();
  }
  bool LogsSay(const std::string& words) {
    return PollUntil([&] { return daemon_->Logs().find(words) != std::string::npos; }, kPatience);
  }

 private:
  static constexpr std::chrono::milliseconds kPatience = std::chrono::minutes(2);

  DaemonHome home_;
  std::unique_ptr<DaemonProcess> daemon_;
};

}  // namespace signet::testing

#endif  // SIGNET_TESTS_INTEGRATION_ALIBABA_ALIBABA_NODE_H_
