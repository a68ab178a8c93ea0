// CallBudgets: what each provider may be asked within an hour. A keyring file is no remote key: looking at it
// is free. Not thread-safe; nothing blocks.
#ifndef SIGNET_PLUGIN_HIERARCHY_CALL_BUDGETS_H_
#define SIGNET_PLUGIN_HIERARCHY_CALL_BUDGETS_H_

#include <cmath>
#include <cstddef>
#include <map>
#include <string>

#include "absl/time/time.h"
#include "base/clock.h"
#include "plugin/hierarchy/call_budget.h"
#include "plugin/hierarchy/provider_set.h"

namespace signet {

class CallBudgets {
 public:
  // What two rhythms and six calls besides make of an hour: 45 with the default intervals. `clock` outlives
  // the object.
  CallBudgets(absl::Duration watch_interval, absl::Duration probe_interval, const Clock& clock)
      : per_hour_(PerHour(watch_interval) + PerHour(probe_interval) + 6),
        probes_(PerHour(probe_interval * 0.9)),  // of the record in use, each as early as its jitter allows
        clock_(clock) {}

  bool Take(const Provider& provider) {
    if (provider.client->type() == crypto::ProviderType::kLocal) return true;
    return Of(provider).usual.Take(clock_.Monotonic());
  }
  // The same for a look at the version. One that `confirms` a changed answer is made at once, whatever was
  // asked in the hour before; an answer that never settles does not make that a flood.
  bool TakeLook(const Provider& provider, bool confirms) {
    return (confirms && Of(provider).confirmations.Take(clock_.Monotonic())) || Take(provider);
  }
  // Counts one that had to be made.
  void Count(const Provider& provider) { Of(provider).usual.Count(clock_.Monotonic()); }

 private:
  struct Budget {
    CallBudget usual;
    CallBudget confirmations;
  };
  static size_t PerHour(absl::Duration interval) {
    return static_cast<size_t>(std::ceil(absl::FDivDuration(absl::Hours(1), interval)));
  }
  Budget& Of(const Provider& provider) {
    const Budget fresh{CallBudget(per_hour_, probes_), CallBudget(per_hour_, 0)};
    return budgets_.try_emplace(provider.name, fresh).first->second;
  }

  const size_t per_hour_;
  const size_t probes_;
  const Clock& clock_;
  std::map<std::string, Budget> budgets_;
};

}  // namespace signet

#endif  // SIGNET_PLUGIN_HIERARCHY_CALL_BUDGETS_H_
