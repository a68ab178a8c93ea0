// KeyOperations: the KeyControl of a KeyHierarchy: what operators ask for, led to the parts that do it, each
// with an event that says what came of it. Thread-safe; see key_control.h.
#ifndef SIGNET_PLUGIN_HIERARCHY_KEY_OPERATIONS_H_
#define SIGNET_PLUGIN_HIERARCHY_KEY_OPERATIONS_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "plugin/hierarchy/activation.h"
#include "plugin/hierarchy/active_key_slot.h"
#include "plugin/hierarchy/event_feed.h"
#include "plugin/hierarchy/kek_cache.h"
#include "plugin/hierarchy/key_control.h"
#include "plugin/hierarchy/unwrap_flights.h"

namespace signet {

class KeyOperations final : public KeyControl {
 public:
  struct Options {
    uint64_t max_uses = 0;
    bool allow_remote_rotation = false;
  };
  // All but `options` outlive the object.
  KeyOperations(Options options, Activation& activation, UnwrapFlights& flights, const ActiveKeySlot& slot,
                const KekCache& cache, EventFeed& feed, const Clock& clock)
      : options_(options),
        activation_(activation),
        flights_(flights),
        slot_(slot),
        cache_(cache),
        feed_(feed),
        clock_(clock) {}

  void RotateLocalKek(KeyOperationCallback done) override;
  void RotateRemoteKey(absl::string_view provider, KeyOperationCallback done) override;
  void RefreshRemoteKey(KeyOperationCallback done) override;
  void AcceptKeyId(absl::string_view key_id, KeyOperationCallback done) override;
  void PurgeKeys(KeyOperationCallback done) override;
  std::vector<LocalKeyInfo> ListKeys() const override;
  std::shared_ptr<EventSubscription> Subscribe(size_t capacity, bool recent,
                                               std::function<void()> on_event) override {
    return feed_.Subscribe(capacity, recent, std::move(on_event));
  }

 private:
  // Has `work` done on the key strand, then tells feed and caller. `work` returns the note.
  void Run(absl::string_view what, std::function<absl::StatusOr<std::string>()> work,
           KeyOperationCallback done);
  KeyOperationResult Result(std::string note) const;

  const Options options_;
  Activation& activation_;
  UnwrapFlights& flights_;
  const ActiveKeySlot& slot_;
  const KekCache& cache_;
  EventFeed& feed_;
  const Clock& clock_;
};

}  // namespace signet

#endif  // SIGNET_PLUGIN_HIERARCHY_KEY_OPERATIONS_H_
