#include "plugin/cmd/signetd/hierarchy_settings.h"

namespace signet {

HierarchyOptions HierarchyOptionsFrom(const Config& config) {
  HierarchyOptions options;
  options.cluster_id = config.cluster_id;
  options.previous_cluster_ids = config.previous_cluster_ids;
  options.active_provider = config.active;
  options.key_id_generation = config.key_id_generation;
  options.state_directory = config.state_directory;
  options.local_kek_lifetime = config.local_kek.lifetime;
  options.local_kek_max_uses = config.local_kek.max_uses;
  options.cached_local_keks = config.local_kek.cached;
  options.watch_interval = config.watch.interval;
  options.confirm_interval = config.watch.confirm_interval;
  options.activation_delay = config.watch.activation_delay;
  options.probe_interval = config.watch.probe_interval;
  options.direct = config.mode == KeyMode::kDirect;
  options.move_delay = config.watch.move_delay;
  options.active_from = config.active_from.value_or(absl::InfinitePast());
  options.active_before = config.active_before;
  options.offline_limit = EffectiveOfflineLimit(config);
  options.decrypt_past_offline_limit = config.decrypt_past_offline_limit;
  options.denied_grace = config.denied_grace;
  options.also_wrap_with = config.redundancy.also_wrap_with;
  options.allow_degraded_start = config.redundancy.allow_degraded_start;
  options.fall_back_on_revoked = config.redundancy.on_revoked == OnRevoked::kFallback;
  options.allow_remote_rotation = config.allow_remote_rotation;
  return options;
}

}  // namespace signet
