// A sample: what the self-test encrypted, kept in a file, so that a later run can prove that data from before
// a rotation, a restart or an upgrade is still readable.
//
// The file: 32 bytes SHA-256 of the plaintext, then the serialised v2.DecryptRequest. It holds nothing that
// is secret: the plaintext was 32 random bytes that protect nothing. Functions block for one call at most.
#ifndef SIGNET_PLUGIN_CMD_SIGNETCTL_SELFTEST_SAMPLE_H_
#define SIGNET_PLUGIN_CMD_SIGNETCTL_SELFTEST_SAMPLE_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "plugin/cmd/common/daemon_client.h"

namespace signet::ctl {

inline constexpr size_t kMaxSampleBytes = size_t{256} << 10;

std::string MakeSample(absl::string_view plaintext, const v2::DecryptRequest& request);

// The key_id under which the sample was encrypted and is still readable. DATA_LOSS: other bytes came back;
// INVALID_ARGUMENT: not a sample; else what the daemon or the connection said.
absl::StatusOr<std::string> CheckSample(absl::string_view sample, KmsConnection& connection,
                                        absl::Duration timeout);

}  // namespace signet::ctl

#endif  // SIGNET_PLUGIN_CMD_SIGNETCTL_SELFTEST_SAMPLE_H_
