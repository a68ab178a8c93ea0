// OpenBaoCluster: three real OpenBao nodes as children of the test. None is left running.
#ifndef SIGNET_TESTS_TESTING_OPENBAO_CLUSTER_H_
#define SIGNET_TESTS_TESTING_OPENBAO_CLUSTER_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "tests/testing/openbao_admin.h"
#include "tests/testing/process.h"
#include "tests/testing/temp_dir.h"
#include "tests/testing/test_certificates.h"

namespace signet::testing {

// With raft storage, Transit mounted, and TLS from a CA that no other server has a certificate of. Who leads
// may change at any time, on a busy machine above all; every node passes on to the leader what is for the
// leader.
class OpenBaoCluster {
 public:
  explicit OpenBaoCluster(TestCa& ca);

  const std::vector<std::string>& addresses() const { return addresses_; }
  const std::string& ca_file() const { return ca_file_; }
  // Of a node that lives.
  OpenBaoAdmin& admin();
  // SIGKILL for the node that leads. Returns the moment: a LeadsSince after it proves that nobody else led.
  absl::Time KillLeader();
  // Blocks until a node leads: since when it does.
  absl::Time LeadsSince();

 private:
  struct Leader {
    size_t node;
    absl::Time since;
  };

  // False when the process ended at once: a port was taken.
  bool Start(size_t node, TestCa& ca);
  void Join(size_t node, const std::string& token, const std::string& unseal_key, TestCa& ca);
  void WaitUntilAllVote();
  Leader WaitForLeader();

  TempDir folder_;
  std::string ca_file_;
  std::vector<std::string> addresses_;
  std::vector<std::unique_ptr<OpenBaoAdmin>> admins_;
  std::vector<std::unique_ptr<Process>> processes_;  // null: killed
};

}  // namespace signet::testing

#endif  // SIGNET_TESTS_TESTING_OPENBAO_CLUSTER_H_
