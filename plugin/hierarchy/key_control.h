// KeyControl: what an operator may have done to the keys. The admin API is its only caller.
//
// Thread-safe. Nothing blocks on the KMS or the disk: work runs on the hierarchy's own workers, and a
// callback runs exactly once: on this thread (refused at once), on a worker, or inside KeyHierarchy::Stop
// (CANCELLED). Callbacks must not block. Every operation is published as an event, whatever comes of it.
#ifndef SIGNET_PLUGIN_HIERARCHY_KEY_CONTROL_H_
#define SIGNET_PLUGIN_HIERARCHY_KEY_CONTROL_H_

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "plugin/hierarchy/event_feed.h"
#include "plugin/hierarchy/hierarchy_state.h"

namespace signet {

struct KeyOperationResult {
  std::string key_id;                                        // announced now; empty: none
  std::string local_kek_id;                                  // hex; empty: none
  std::string pending_key_id;                                // empty: nothing is pending
  absl::Time pending_activates_at = absl::InfiniteFuture();  // infinite while it is being confirmed
  std::string note;  // one line for people: what follows, what is left to do
};
using KeyOperationCallback = std::function<void(absl::StatusOr<KeyOperationResult>)>;

class KeyControl {
 public:
  virtual ~KeyControl() = default;

  // Makes and publishes a new local KEK under the key_id that is announced. FAILED_PRECONDITION: no active
  // key yet, a version is pending or the KMS wraps under one that is not even that, or writes are stopped;
  // else as the KMS or the disk answered.
  virtual void RotateLocalKek(KeyOperationCallback done) = 0;

  // Has the provider make a new version of its key, then has the watcher look at once. `provider` empty: the
  // active one. Done when the provider has answered: what follows (confirmation, delay) is told by events and
  // State().pending. NOT_FOUND: no such provider; UNIMPLEMENTED: its kind of KMS cannot;
  // FAILED_PRECONDITION: allow_remote_rotation is false; else as the KMS answered.
  virtual void RotateRemoteKey(absl::string_view provider, KeyOperationCallback done) = 0;

  // Has the watcher ask for the version, and probe every provider, now instead of at its time; forgets
  // remembered refusals. Confirmation and delay stay as they are. Done when all were asked; fails as the
  // active provider's Describe did.
  virtual void RefreshRemoteKey(KeyOperationCallback done) = 0;

  // Ends a rollback: `key_id` is the superseded one that the KMS names now (HierarchyState: problem
  // "rolled_back"). The version becomes announceable under the next free generation, because a key_id never
  // comes back; the result names the generation to set on every node. FAILED_PRECONDITION: there is no
  // rollback; INVALID_ARGUMENT: the KMS names another key_id; else as the KMS or the disk answered.
  virtual void AcceptKeyId(absl::string_view key_id, KeyOperationCallback done) = 0;

  // Drops every local KEK from memory, the active one too. Nothing is lost: Decrypt asks the KMS again, and
  // the active key is read back from its record, so Encrypt fails until the KMS answered. `note` tells how
  // many were dropped.
  virtual void PurgeKeys(KeyOperationCallback done) = 0;

  // Every local KEK in memory, the active one first, then the prepared one, then most recently used first.
  virtual std::vector<LocalKeyInfo> ListKeys() const = 0;

  // See EventFeed. `capacity` events wait for this reader at most.
  virtual std::shared_ptr<EventSubscription> Subscribe(size_t capacity, bool recent,
                                                       std::function<void()> on_event) = 0;
};

}  // namespace signet

#endif  // SIGNET_PLUGIN_HIERARCHY_KEY_CONTROL_H_
