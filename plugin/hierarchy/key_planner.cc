#include "plugin/hierarchy/key_planner.h"

#include <algorithm>

namespace signet {

KeyPlan KeyPlanner::PlanFor(const std::string& active) const {
  KeyPlan plan;
  plan.active = providers_.FindByName(active);
  plan.wrap_set = {plan.active};
  for (const std::string& name : options_.also_wrap_with) {
    const Provider* const provider = providers_.FindByName(name);
    if (provider != plan.active) plan.wrap_set.push_back(provider);
  }
  plan.generation = options_.generation;
  for (const AcceptedGeneration& accepted : store_.Current()->accepted) {
    if (accepted.key == NameOf(*plan.active))
      plan.generation = std::max(plan.generation, accepted.generation);
  }
  return plan;
}

}  // namespace signet
