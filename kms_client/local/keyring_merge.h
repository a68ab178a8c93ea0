// Merging two copies of one keyring: how versions reach the other nodes, and what a file may be replaced by.
//
// A merge makes everything readable that either side can read, and never announces anything: a schedule is
// taken over only while it lies in the future. A version that became active elsewhere meanwhile is taken in
// and only unwraps until someone activates it here, because this node cannot know whether its peers have it.
// A node that had the version in time needs nobody: its own file holds the schedule. Thread-safe; nothing
// blocks.
#ifndef SIGNET_KMS_CLIENT_LOCAL_KEYRING_MERGE_H_
#define SIGNET_KMS_CLIENT_LOCAL_KEYRING_MERGE_H_

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "kms_client/local/keyring.h"

namespace signet::kms {

// Version numbers, ascending.
struct KeyringMergeReport {
  std::vector<uint32_t> added;
  std::vector<uint32_t> scheduled;  // the schedule was taken over
  std::vector<uint32_t>
      not_activated;  // active there, or due by now: activate by hand when all nodes have it
  std::vector<uint32_t> stays_destroyed;  // destroyed here, alive there
  std::vector<uint32_t> destroyed_there;  // alive here: destruction is never merged
  std::vector<uint32_t> state_differs;    // enabled or disabled: this node's own state stays
};

// Merges `from` into `into`. FAILED_PRECONDITION: another keyring, one number with two ids or keys, one id
// with two numbers, or two schedules for one version; nothing is changed then. RESOURCE_EXHAUSTED: too many
// versions, no secure memory.
absl::StatusOr<KeyringMergeReport> MergeKeyring(const Keyring& from, absl::Time now, Keyring& into);

// For a node that has no keyring yet: what was active where `keyring` was exported is so here, and a schedule
// that has passed since is dropped and reported.
KeyringMergeReport AdoptKeyring(absl::Time now, Keyring& keyring);

// May a running reader of `held` go over to `next`? FAILED_PRECONDITION names why not: another keyring, an
// older revision, a version missing, brought back from destruction or with another key.
absl::Status CheckSuccessor(const Keyring& held, const Keyring& next);

}  // namespace signet::kms

#endif  // SIGNET_KMS_CLIENT_LOCAL_KEYRING_MERGE_H_
