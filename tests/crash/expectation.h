// What was promised to the world at one moment of the recorded run, what a node shows after a power cut, and
// the judgement of the one by the other. Plain values: nothing here touches a file or a process.
#ifndef SIGNET_TESTS_CRASH_EXPECTATION_H_
#define SIGNET_TESTS_CRASH_EXPECTATION_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace signet::testing {

// What Encrypt handed out, and the plaintext it was made of.
struct Tuple {
  std::string plaintext;
  std::string ciphertext;
  std::string key_id;
  std::map<std::string, std::string> annotations;
};

enum class Readable {
  kMust,
  kMay,      // its keyring version is being disabled, enabled or destroyed
  kMustNot,  // its keyring version was disabled or destroyed
};

struct Expectation {
  std::string moment;                // for people
  bool running = false;              // a node was set up, so a daemon must come up and announce a key
  std::vector<std::string> key_ids;  // announced, oldest first
  // Of the newest key_id: the record under which Encrypt answered, and how often it may have.
  std::string local_kek_id;
  uint64_t uses = 0;
  std::map<size_t, Readable> tuples;  // by index
  // What `signetctl keyring list` may say, by the keyring's path: one text when no operation is in flight,
  // two while one is.
  std::map<std::string, std::vector<std::string>> keyrings;
};

struct Observation {
  bool tried = false;    // to start a daemon
  absl::Status started;  // OK once Status was
  std::string key_id;
  std::vector<std::string> history;  // as the admin socket shows it
  std::string local_kek_id;
  uint64_t uses = 0;
  bool stored = false;                              // the state directory took the record
  std::vector<absl::StatusOr<std::string>> tuples;  // plaintexts, by index
  std::map<std::string, std::string> keyrings;      // what `signetctl keyring list` says, or how it fails
};

// Everything of `expectation` that `observation` breaks, one sentence each. `announced` are the key_ids of
// the whole run, oldest first: a node may be ahead of what it has told so far, never behind.
std::vector<std::string> Breaches(const Expectation& expectation, const Observation& observation,
                                  const std::vector<Tuple>& tuples,
                                  const std::vector<std::string>& announced);

}  // namespace signet::testing

#endif  // SIGNET_TESTS_CRASH_EXPECTATION_H_
