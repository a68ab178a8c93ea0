// A healthy signetd's answer to GetState, on the seventh hour of its local KEK.
#ifndef SIGNET_TESTS_UNIT_PLUGIN_CMD_SAMPLE_STATE_H_
#define SIGNET_TESTS_UNIT_PLUGIN_CMD_SAMPLE_STATE_H_

#include "absl/time/time.h"
#include "proto/admin/v1/admin.pb.h"

namespace signet::ctl {

inline absl::Time SampleNow() { return absl::FromUnixSeconds(1700000000); }

inline admin::v1::GetStateResponse SampleState() {
  constexpr int64_t kSevenHours = 25'200;
  constexpr int64_t kThirtyDays = 2'592'000;
  const int64_t now = absl::ToUnixSeconds(SampleNow());
  admin::v1::GetStateResponse state;
  state.set_version("0.1.0");
  state.set_commit("0123456789abcdef0123456789abcdef01234567");
  state.set_pid(4711);
  state.mutable_started()->set_seconds(now - kSevenHours);
  state.set_cluster_id("prod-1");
  state.set_can_encrypt(true);
  admin::v1::ActiveKey& active = *state.mutable_active();
  active.set_key_id("local-v2-8f3a1c0d9e7b2a44");
  active.set_key_id_hash("sha256:aa");
  active.set_provider("primary");
  active.set_remote_version("2");
  active.set_local_kek_id("00112233445566778899aabbccddeeff");
  active.mutable_local_kek_created()->set_seconds(now - kSevenHours);
  active.mutable_local_kek_expires()->set_seconds(now - kSevenHours + kThirtyDays);
  active.set_local_kek_uses(10);
  active.set_local_kek_max_uses(1000);
  active.set_stored(true);
  active.set_record_bytes(130);
  admin::v1::Provider& provider = *state.add_providers();
  provider.set_name("primary");
  provider.set_type("local");
  provider.set_fingerprint("0102030405060708");
  provider.set_active(true);
  state.add_key_id_history("local-v1-0011223344556677");
  state.add_key_id_history("local-v2-8f3a1c0d9e7b2a44");
  state.set_cached_local_keks(3);
  state.set_journal_records(2);
  admin::v1::KmsSocket& socket = *state.mutable_kms_socket();
  socket.set_path("/run/signet/kms.sock");
  socket.set_connections(1);
  socket.set_max_connections(64);
  socket.set_calls(12);
  state.set_config_file("/etc/signet/signetd.yaml");
  state.set_state_directory("/var/lib/signet");
  state.set_memory_locked(true);
  return state;
}

}  // namespace signet::ctl

#endif  // SIGNET_TESTS_UNIT_PLUGIN_CMD_SAMPLE_STATE_H_
