// What one Transit unwrap costs through our client and through bare libcurl, each in a process of its own:
// our transport gives libcurl an allocator that wipes, which the bare loop is not to pay for.
#ifndef SIGNET_BENCH_MACRO_UNWRAP_FIGURE_H_
#define SIGNET_BENCH_MACRO_UNWRAP_FIGURE_H_

#include <string>

#include "tests/testing/openbao_server.h"

namespace signet::bench {

// Runs blocks of both kinds in turns as children of `self` (with --unwrap-block) and prints CPU and median
// latency of one call, and our client's ratio to the bare loop. Ends the program when a call fails.
void MeasureUnwrap(testing::OpenBaoServer& server, const std::string& self);

// One block, in the child: `kind` is "bare" or "client", `folder` what MeasureUnwrap left there. Prints CPU
// nanoseconds a call and the median in nanoseconds.
int RunUnwrapBlock(const std::string& kind, const std::string& folder);

}  // namespace signet::bench

#endif  // SIGNET_BENCH_MACRO_UNWRAP_FIGURE_H_
