#include "plugin/hierarchy/key_planner.h"

#include <algorithm>
#include <utility>

#include "kms_client/fingerprint.h"

namespace signet {
namespace {

// Names what a plan announces whatever the version. Kept in the state directory only.
crypto::Fingerprint DigestOf(const KeyPlan& plan) {
  std::string active, others, generation = std::to_string(plan.generation);
  const auto text = [](const RemoteKeyName& name) {
    std::string bytes(1, static_cast<char>(name.provider_type));
    return bytes.append(reinterpret_cast<const char*>(name.fingerprint.data()), name.fingerprint.size());
  };
  std::vector<std::string> sorted;
  sorted.reserve(plan.wrap_set.size());
  for (const Provider* provider : plan.wrap_set) sorted.push_back(text(NameOf(*provider)));
  std::sort(sorted.begin(), sorted.end());
  for (const std::string& name : sorted) others += name;
  active = text(NameOf(*plan.active));
  return kms::ShortDigest("signet/v1/plan", {active, others, generation});
}

}  // namespace

KeyPlanner::KeyPlanner(Options options, const ProviderSet& providers, const StateStore& store,
                       const Clock& clock)
    : options_(std::move(options)),
      providers_(providers),
      store_(store),
      clock_(clock),
      started_(store_.Now()) {}

KeyPlan KeyPlanner::PlanFor(const std::string& active) const {
  KeyPlan plan;
  plan.active = providers_.FindByName(active);
  plan.wrap_set = {plan.active};
  for (const std::string& name : options_.also_wrap_with) {
    const Provider* const provider = providers_.FindByName(name);
    if (provider != plan.active) plan.wrap_set.push_back(provider);
  }
  plan.generation = options_.generation;
  const StateView state = store_.Current();
  for (const AcceptedGeneration& accepted : state->accepted) {
    if (accepted.key == NameOf(*plan.active))
      plan.generation = std::max(plan.generation, accepted.generation);
  }
  return plan;
}

std::optional<KeyPlan> KeyPlanner::InForce() const {
  const StateView state = store_.Current();
  if (!state->record.has_value() || state->record->wrap_set.empty() || state->history.empty()) {
    return std::nullopt;
  }
  KeyPlan plan;
  for (const RemoteKeyName& name : state->record->wrap_set) {
    const Provider* const provider = providers_.Find(name.provider_type, name.fingerprint);
    if (provider == nullptr) return std::nullopt;
    plan.wrap_set.push_back(provider);
  }
  plan.active = plan.wrap_set.front();
  plan.generation = state->history.newest().generation;
  return plan;
}

bool KeyPlanner::HasPassed(const PersistentState& state) const {
  // Once passed it stays so, whatever the clock says.
  return clock_.Wall() >= options_.active_from ||
         (state.passed_active_from.has_value() && *state.passed_active_from >= options_.active_from);
}

absl::Duration KeyPlanner::Wait() const {
  const StateView state = store_.Current();
  const bool timed = options_.active_from != absl::InfinitePast();
  if (timed && !options_.active_before.empty()) {
    return HasPassed(*state) ? absl::ZeroDuration() : options_.active_from - clock_.Wall();
  }
  const std::optional<KeyPlan> in_force = InForce();
  const KeyPlan configured = Configured();
  if (forgotten_ || !in_force.has_value() || *in_force == configured) return absl::ZeroDuration();
  if (timed) return HasPassed(*state) ? absl::ZeroDuration() : options_.active_from - clock_.Wall();

  const TimeMark now = store_.Now();
  absl::Duration known = absl::InfiniteDuration();
  if (configured.active != in_force->active) {
    const RemoteKeyName name = NameOf(*configured.active);
    const auto found = std::find_if(state->known_providers.begin(), state->known_providers.end(),
                                    [&name](const KnownProvider& other) { return other.key == name; });
    known = Elapsed(found == state->known_providers.end() ? started_ : found->since, now);
  }
  // A wrap-set is the same when all of it is, or all but the provider that writes.
  const auto without = [](const KeyPlan& plan, const Provider* left_out) {
    std::vector<const Provider*> providers;
    for (const Provider* provider : plan.wrap_set) {
      if (provider != left_out) providers.push_back(provider);
    }
    std::sort(providers.begin(), providers.end());
    return providers;
  };
  const bool same_wrap_set = without(configured, nullptr) == without(*in_force, nullptr) ||
                             without(configured, configured.active) == without(*in_force, in_force->active);
  if (configured.generation != in_force->generation || !same_wrap_set) {
    const bool remembered = state->plan.has_value() && state->plan->digest == DigestOf(configured);
    known = std::min(known, Elapsed(remembered ? state->plan->since : started_, now));
  }
  return std::max(options_.move_delay - known, absl::ZeroDuration());
}

KeyPlan KeyPlanner::Now() const {
  if (Wait() <= absl::ZeroDuration()) return Configured();
  if (!options_.active_before.empty()) return PlanFor(options_.active_before);
  return InForce().value_or(Configured());
}

bool KeyPlanner::Remember(PersistentState& state) const {
  bool news = false;
  const TimeMark now = store_.Now();
  std::vector<KnownProvider> known;
  for (const Provider& provider : providers_.all()) {
    const RemoteKeyName name = NameOf(provider);
    const auto found = std::find_if(state.known_providers.begin(), state.known_providers.end(),
                                    [&name](const KnownProvider& other) { return other.key == name; });
    known.push_back(found == state.known_providers.end() ? KnownProvider{name, now} : *found);
  }
  if (known != state.known_providers) {
    state.known_providers = std::move(known);
    news = true;
  }
  if (const crypto::Fingerprint digest = DigestOf(Configured());
      !state.plan.has_value() || state.plan->digest != digest) {
    state.plan = ConfiguredPlan{digest, now};
    news = true;
  }
  if (options_.active_from != absl::InfinitePast() && clock_.Wall() >= options_.active_from &&
      (!state.passed_active_from.has_value() || *state.passed_active_from < options_.active_from)) {
    state.passed_active_from = options_.active_from;
    news = true;
  }
  return news;
}

bool KeyPlanner::NeedsRemembering() const {
  const StateView state = store_.Current();
  PersistentState copy = *state;
  return Remember(copy);
}

}  // namespace signet
