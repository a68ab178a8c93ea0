// What every backend across a network owes when the network, the KMS or our access to it breaks, as tests
// that know no vendor. A backend joins by implementing NetworkBackend and instantiating the suite;
// network_contract.cc is compiled into each such program.
#ifndef SIGNET_TESTS_CONTRACT_NETWORK_CONTRACT_H_
#define SIGNET_TESTS_CONTRACT_NETWORK_CONTRACT_H_

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "base/clock.h"
#include "kms_client/kms_client.h"
#include "tests/testing/faulty_front.h"
#include "tests/testing/skewed_clock.h"
#include "tests/testing/temp_dir.h"
#include "tests/testing/test_certificates.h"

namespace signet::testing {

// One remote key behind a front that breaks as a test says, and a hand on what we may do there.
class NetworkBackend {
 public:
  enum class Access { kEverything, kOnlyWrap, kNothing };

  virtual ~NetworkBackend() = default;

  // What the KMS answers, fake or real. Called from many threads.
  virtual LoopbackReply Answer(const LoopbackRequest& request) = 0;
  // A client of the key that sends everything to `url` through the real transport, without retries and with
  // minutes of patience of its own. `ca_file` is empty for plain HTTP.
  virtual std::unique_ptr<kms::KmsClient> Connect(const std::string& url, const std::string& ca_file,
                                                  const Clock& clock) = 0;
  // The vendor's words for "too many requests", where it can with a Retry-After of 7 s.
  virtual LoopbackReply Throttled() const = 0;
  virtual bool tells_when_to_retry() const { return true; }
  // Whether a request asks about the key.
  virtual bool AsksAboutTheKey(const LoopbackRequest& request) const = 0;

  // The remote side: takes effect for calls that begin afterwards.
  virtual void Rotate() = 0;
  virtual void Allow(Access access) = 0;
  // Sessions end; who asks for a new one gets it.
  virtual void ExpireCredentials() = 0;
  // As ExpireCredentials, and nobody gets a new one.
  virtual void RefuseCredentials() = 0;
};

struct NetworkParam {
  std::string name;
  // Null where it needs a server that is not installed.
  std::function<std::unique_ptr<NetworkBackend>()> make;

  friend std::ostream& operator<<(std::ostream& out, const NetworkParam& param) { return out << param.name; }
};

class KmsNetworkContract : public ::testing::TestWithParam<NetworkParam> {
 protected:
  void SetUp() override;

  // With a minute or more left.
  static kms::CallContext Call();
  static kms::CallContext CallFor(absl::Duration time_left);
  absl::StatusOr<kms::WrapResult> Wrap(const kms::CallContext& call = Call());
  // Of what SetUp wrapped.
  absl::Status Unwrap(const kms::CallContext& call = Call());
  absl::Status Describe(const kms::CallContext& call = Call()) { return client_->Describe(call).status(); }
  // What each of the three operations ends with now.
  std::vector<absl::Status> Outcomes();
  void ExpectAllWorks();
  // UNAVAILABLE, coasting goes on, and nothing of what was answered shows.
  void ExpectUnreachable();

  TempDir folder_;
  SkewedClock clock_;
  std::unique_ptr<NetworkBackend> backend_;
  std::unique_ptr<FaultyFront> front_;
  std::unique_ptr<kms::KmsClient> client_;
  kms::WrapResult wrapped_;
  const kms::WrapContext context_{"cluster-1"};
};

std::string NetworkName(const ::testing::TestParamInfo<NetworkParam>& info);

}  // namespace signet::testing

#endif  // SIGNET_TESTS_CONTRACT_NETWORK_CONTRACT_H_
