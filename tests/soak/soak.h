// Soak: one node under mixed load and rough treatment for a while, and the account of it.
//
// Two thirds of the time it is killed, stopped, paused, rotated and its clock set, at random moments; the
// last third is one life with the same load, in which memory and descriptors have to stay level.
#ifndef SIGNET_TESTS_SOAK_SOAK_H_
#define SIGNET_TESTS_SOAK_SOAK_H_

#include <chrono>
#include <cstdint>
#include <ostream>
#include <random>
#include <string>
#include <vector>

#include "tests/soak/judge.h"
#include "tests/soak/node.h"
#include "tests/soak/objects.h"
#include "tests/soak/rude_clients.h"
#include "tests/soak/stop_signal.h"

namespace signet::soak {

struct SoakOptions {
  std::chrono::seconds length{120};
  uint64_t seed = 0;
  std::string faketime;                // path of libfaketime; empty: the clock stays as it is
  bool plant_wrong_plaintext = false;  // the run must fail
};

// Not thread-safe.
class Soak {
 public:
  Soak(const SoakOptions& options, std::ostream& out);

  // True: no promise was broken, and every planted fault was found.
  bool Run();

 private:
  void UnderLoad();
  void RoughTime(std::chrono::steady_clock::time_point until);
  void OneAct();
  void LongLife(std::chrono::steady_clock::time_point until);
  void ReadEverything();
  void JudgeIdleDescriptors();
  void JudgeClock();
  void PrintAccount(const RudeClients& rude);
  void Pause(uint64_t least_milliseconds, uint64_t most_milliseconds);

  const SoakOptions options_;
  std::ostream& out_;
  std::mt19937_64 random_;
  Judge judge_;
  Objects objects_;
  Node node_;
  StopSignal stop_;
  int idle_descriptors_ = 0;
  std::vector<int64_t> resident_kibibytes_;
  std::vector<int64_t> descriptors_;
};

}  // namespace signet::soak

#endif  // SIGNET_TESTS_SOAK_SOAK_H_
