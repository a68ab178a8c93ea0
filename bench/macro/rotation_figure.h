// What callers of Encrypt feel of a rotation of the remote key: latencies under full load before it and while
// it happens. Ends the program when a call fails.
#ifndef SIGNET_BENCH_MACRO_ROTATION_FIGURE_H_
#define SIGNET_BENCH_MACRO_ROTATION_FIGURE_H_

#include <string>

namespace signet::bench {

// Runs a daemon of its own in `folder`, which is made. `bin` holds the programs. Prints p99 of Encrypt before
// and during, each over all rotations, and their ratio. Takes about half a minute.
void MeasureRotations(const std::string& bin, const std::string& folder);

}  // namespace signet::bench

#endif  // SIGNET_BENCH_MACRO_ROTATION_FIGURE_H_
