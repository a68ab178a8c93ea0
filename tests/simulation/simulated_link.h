// SimulatedLink: one node's way to one remote key, with what can go wrong on it and nowhere else.
//
// The remote key is shared by all nodes (FakeRemoteKey); the link outlives the node's restarts, the client
// that a hierarchy holds does not. Not thread-safe: the simulation has one thread.
#ifndef SIGNET_TESTS_SIMULATION_SIMULATED_LINK_H_
#define SIGNET_TESTS_SIMULATION_SIMULATED_LINK_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "base/clock.h"
#include "kms_client/kms_client.h"
#include "tests/testing/fake_kms_client.h"

namespace signet::simulation {

enum class LinkFault {
  kNone,
  kUnreachable,
  kThrottled,
  kDenied,
  kWrapRefused,
  kDescribeRefused,
  kUnwrapRefused
};
absl::string_view LinkFaultName(LinkFault fault);

struct SimulatedLink {
  std::string provider;
  std::shared_ptr<testing::FakeRemoteKey> remote;
  LinkFault fault = LinkFault::kNone;
  // When the fault last began or ended: what follows from it takes its time.
  absl::Duration fault_changed = -absl::InfiniteDuration();
  uint32_t failures_to_come = 0;  // of the next calls, whatever they are
  bool describe_lags = false;     // Describe goes on naming what it named last
  std::optional<kms::KeyDescription> described = std::nullopt;
  uint64_t calls = 0;
};

// `link` and `clock` outlive the client.
std::shared_ptr<kms::KmsClient> MakeSimulatedClient(SimulatedLink& link, const Clock& clock);

}  // namespace signet::simulation

#endif  // SIGNET_TESTS_SIMULATION_SIMULATED_LINK_H_
