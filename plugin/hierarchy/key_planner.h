// KeyPlanner: turns the configuration into the plan under which keys are made and announced.
//
// Thread-safe; nothing blocks.
#ifndef SIGNET_PLUGIN_HIERARCHY_KEY_PLANNER_H_
#define SIGNET_PLUGIN_HIERARCHY_KEY_PLANNER_H_

#include <cstdint>
#include <string>
#include <vector>

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
  };
  // Every name is one of `providers`. Both references outlive the object.
  KeyPlanner(Options options, const ProviderSet& providers, const StateStore& store)
      : options_(std::move(options)), providers_(providers), store_(store) {}

  // What the configuration asks for, with the generation that an operator accepted if that is higher.
  KeyPlan Configured() const { return PlanFor(options_.active); }

 private:
  KeyPlan PlanFor(const std::string& active) const;

  const Options options_;
  const ProviderSet& providers_;
  const StateStore& store_;
};

}  // namespace signet

#endif  // SIGNET_PLUGIN_HIERARCHY_KEY_PLANNER_H_
