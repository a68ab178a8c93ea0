// PlantedFaultsAreFound: each kind of broken promise once, on purpose, through the same code that judges the
// run. A check that finds nothing proves nothing unless it finds these.
#ifndef SIGNET_TESTS_SOAK_CONTROLS_H_
#define SIGNET_TESTS_SOAK_CONTROLS_H_

#include <cstdint>
#include <ostream>
#include <string>

namespace signet::soak {

// Needs the daemon to serve at `kms_socket`, and disturbs nothing there. Prints a line for each plant.
bool PlantedFaultsAreFound(const std::string& kms_socket, uint64_t seed, std::ostream& out);

}  // namespace signet::soak

#endif  // SIGNET_TESTS_SOAK_CONTROLS_H_
