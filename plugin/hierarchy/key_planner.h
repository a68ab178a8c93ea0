// KeyPlanner: turns configuration, clock and what this node remembers into the plan under which keys are made
// and announced: the guarded way from one provider, wrap-set or generation to another. A node that wrote
// under a provider before another node knows it would break every LIST through that other node.
//
// Thread-safe; nothing blocks.
#ifndef SIGNET_PLUGIN_HIERARCHY_KEY_PLANNER_H_
#define SIGNET_PLUGIN_HIERARCHY_KEY_PLANNER_H_

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "base/clock.h"
#include "plugin/hierarchy/key_plan.h"
#include "plugin/hierarchy/provider_set.h"
#include "plugin/hierarchy/state_store.h"

namespace signet {

class KeyPlanner {
 public:
  struct Options {
    std::string active;
    std::vector<std::string> also_wrap_with;  // the active one may stand among them
    uint32_t generation = 0;
    std::string active_before;                      // until active_from; empty: what was in force
    absl::Time active_from = absl::InfinitePast();  // infinite past: not given
    absl::Duration move_delay = absl::Minutes(10);  // where it is not given
  };
  // Every name is one of `providers`. All references outlive the object.
  KeyPlanner(Options options, const ProviderSet& providers, const StateStore& store, const Clock& clock);

  // What the configuration asks for, with the generation that an operator accepted if that is higher.
  KeyPlan Configured() const { return PlanFor(options_.active); }
  // What the stored record was made under; nothing when a part of it is no longer configured.
  std::optional<KeyPlan> InForce() const;
  // What holds now: the configured plan, or while it has to wait the one before it.
  KeyPlan Now() const;
  // How long it has to wait; zero when it does not.
  absl::Duration Wait() const;

  // Nothing can be announced under the plan in force, so nothing is waited for: as a node without state.
  void ForgetInForce() { forgotten_ = true; }

  // Notes in `state` since when providers and plan are known here, and that active_from has passed. True when
  // something is new.
  bool Remember(PersistentState& state) const;
  bool NeedsRemembering() const;

 private:
  KeyPlan PlanFor(const std::string& active) const;
  bool HasPassed(const PersistentState& state) const;

  const Options options_;
  const ProviderSet& providers_;
  const StateStore& store_;
  const Clock& clock_;
  const TimeMark started_;
  std::atomic<bool> forgotten_{false};
};

}  // namespace signet

#endif  // SIGNET_PLUGIN_HIERARCHY_KEY_PLANNER_H_
