// HierarchyState and LocalKeyInfo: what GetState and ListKeys show of the hierarchy. Public facts only: never
// key bytes. Values; taken from memory.
#ifndef SIGNET_PLUGIN_HIERARCHY_HIERARCHY_STATE_H_
#define SIGNET_PLUGIN_HIERARCHY_HIERARCHY_STATE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "crypto/record.h"
#include "plugin/hierarchy/active_key.h"

namespace signet {

// What a remote key is good for, as far as confirmed answers say.
enum class ProviderClass {
  kUnknown,      // not asked yet
  kHealthy,      // the last unwrap worked
  kUnreachable,  // no answer that counts: we go on until offline_limit
  kDegraded,     // unwraps, but refuses Wrap or Describe
  kDenied,       // refuses a credential that is proven valid
  kRevoked,      // the vendor says that this key is disabled, pending deletion or destroyed
  kRolledBack,   // works, but names a version that was superseded
};
// "healthy", …: stable names.
absl::string_view ProviderClassName(ProviderClass provider_class);

struct ProviderState {
  std::string name;
  ProviderClass provider_class = ProviderClass::kUnknown;
  absl::Time since = absl::InfinitePast();  // of the class
  // A failure that is not confirmed yet: nothing follows from it so far.
  std::optional<ProviderClass> suspected;
  std::optional<absl::Time> last_success;  // of a remote Wrap or Unwrap in this process
  absl::Status last_error;                 // of the last call that failed, whatever came later; for operators
  bool active = false;                     // writes
  bool in_wrap_set = false;                // wraps every new local KEK, the active one included
};

// A key_id that will be announced unless the KMS changes its mind.
struct PendingKey {
  std::string key_id;
  std::string key_id_hash;
  std::string provider;
  std::string remote_version;
  bool prepared = false;  // false: being confirmed
  absl::Time activates_at = absl::InfiniteFuture();
};

// What is wrong or waits for somebody. `kind` is stable: "no_key", "offline", "denied", "revoked",
// "degraded", "unreachable", "rolled_back", "not_stored", "limit_near", "move_waits", "degraded_start".
struct HierarchyProblem {
  std::string kind;
  std::string text;    // one line
  std::string advice;  // what to do; empty where waiting is all
  absl::Time since;
};

struct HierarchyState {
  std::shared_ptr<const ActiveKey> active;          // null while there is none
  absl::Status status;                              // why Encrypt does not work; OK while it does
  absl::Time encrypt_since = absl::InfinitePast();  // when that became so
  // OK: records that are not cached open too. Else why only cached ones do (see cached_local_keks), or none.
  absl::Status decrypt_status;
  absl::Time decrypt_since = absl::InfinitePast();
  bool cached_decrypt_stopped = false;  // decrypt_past_offline_limit: false, and it is past

  absl::Time active_expires = absl::InfiniteFuture();  // of the active local KEK, if there is one
  absl::Time offline_until = absl::InfiniteFuture();   // when offline_limit ends Encrypt without a success
  uint64_t uses = 0;                                   // of the active local KEK, reserved blocks not counted
  uint64_t max_uses = 0;
  std::optional<PendingKey> pending;
  std::vector<ProviderState> providers;  // in the order of the configuration
  std::vector<HierarchyProblem> problems;

  size_t cached_local_keks = 0;
  size_t journal_records = 0;
  std::vector<std::string> key_id_history;  // oldest first, the active one last
};

struct LocalKeyInfo {
  enum class State {
    kActive,    // encrypts
    kPrepared,  // proved, will encrypt when its key_id is announced
    kCached,    // decrypts without a remote call
  };
  crypto::LocalKekId id{};
  std::string key_id;
  State state = State::kCached;
  absl::Time created;  // as its record says
  // Of the active one only.
  uint64_t uses = 0;
  uint64_t max_uses = 0;
  absl::Time renews = absl::InfiniteFuture();
  absl::Time expires = absl::InfiniteFuture();
  bool stored = true;
};

}  // namespace signet

#endif  // SIGNET_PLUGIN_HIERARCHY_HIERARCHY_STATE_H_
