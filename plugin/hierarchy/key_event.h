// KeyEvent: something that happened to the keys, as operators follow it. Public facts only: no key bytes, no
// provider's error text. Immutable value.
#ifndef SIGNET_PLUGIN_HIERARCHY_KEY_EVENT_H_
#define SIGNET_PLUGIN_HIERARCHY_KEY_EVENT_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace signet {

struct KeyEvent {
  enum class Kind {
    kKeyActivated,     // key_id, local_kek_id: another snapshot serves; detail: why
    kVersionSeen,      // key_id: the KMS names another version, not confirmed yet
    kVersionPending,   // key_id: confirmed, prepared and proved; detail: when it is announced
    kPendingDropped,   // key_id: the KMS names another one again, or it could not be prepared
    kRolledBack,       // key_id: the KMS names a superseded version; detail: what to do
    kRollbackEnded,    // key_id: the KMS names the newest again, or the operator accepted
    kProviderChanged,  // provider; detail: the class it was in and the one it is in
    kWritesStopped,    // detail: why Status and Encrypt fail from now on
    kWritesResumed,    //
    kKeysPurged,       // detail: how many local KEKs were dropped from memory, and why
    kLimitNear,        // detail: which limit comes into sight while it cannot be renewed
    kMoveWaits,        // detail: a configured provider, wrap-set or generation that is not announced yet
    kOperation,        // detail: what an operator had done and what came of it
  };

  uint64_t number = 0;  // 1, 2, … since the process started
  absl::Time time;
  Kind kind = Kind::kOperation;
  std::string provider;      // empty where it is about none
  std::string key_id;        // likewise
  std::string local_kek_id;  // hex, likewise
  std::string detail;        // one line for people
};

// "key_activated", …: stable names, for JSON and logs.
absl::string_view KeyEventName(KeyEvent::Kind kind);

}  // namespace signet

#endif  // SIGNET_PLUGIN_HIERARCHY_KEY_EVENT_H_
