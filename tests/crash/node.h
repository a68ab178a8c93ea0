// RunningNode: the real signetd on a folder, up to its first good Status; and Observe, which looks at
// everything that a crash state shows.
#ifndef SIGNET_TESTS_CRASH_NODE_H_
#define SIGNET_TESTS_CRASH_NODE_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tests/crash/expectation.h"
#include "tests/crash/image.h"
#include "tests/crash/node_client.h"
#include "tests/testing/process.h"

namespace signet::testing {

// Polls Status of the daemon in `folder` until it is good. UNAVAILABLE with the daemon's last words when it
// ends or takes too long.
absl::Status AwaitKey(Process& daemon, const std::string& folder, NodeClient& client);

// Puts `image`, which was recorded below `old_root`, into a folder of its own and lists its keyrings; with
// `start` also starts signetd on it, decrypts every tuple and kills it. Thread-safe; blocks for some 0.1 s.
Observation Observe(const Image& image, const std::string& old_root, const std::vector<Tuple>& tuples,
                    bool start);

}  // namespace signet::testing

#endif  // SIGNET_TESTS_CRASH_NODE_H_
