// What local keys save: Encrypt with a key in Vault, through a daemon with local keys and through one that
// asks Vault for every call.
#ifndef SIGNET_BENCH_MACRO_MODE_FIGURE_H_
#define SIGNET_BENCH_MACRO_MODE_FIGURE_H_

#include <string>

#include "tests/testing/openbao_server.h"

namespace signet::bench {

// Prints Encrypt calls per second of either mode at 16 callers, and their ratio. `bin` holds the programs;
// `folder` is made. Ends the program when a call fails.
void MeasureModes(testing::OpenBaoServer& server, const std::string& bin, const std::string& folder);

}  // namespace signet::bench

#endif  // SIGNET_BENCH_MACRO_MODE_FIGURE_H_
