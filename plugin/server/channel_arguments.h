// What we ask of gRPC's HTTP/2, in one list that a test can read. Nothing blocks.
#ifndef SIGNET_PLUGIN_SERVER_CHANNEL_ARGUMENTS_H_
#define SIGNET_PLUGIN_SERVER_CHANNEL_ARGUMENTS_H_

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace signet {

// The largest DecryptRequest there can be: ciphertext of 64 KiB + 108, 32 KiB of annotations, a key_id of
// 1 KiB, and 4 KiB for uid and framing. What is longer gRPC itself answers with RESOURCE_EXHAUSTED, unparsed.
inline constexpr size_t kMaxRequestBytes = 65536 + 108 + 32768 + 1024 + 4096;

// Names and values of GRPC_ARG_…; `max_streams` is per connection, further calls wait in the client.
std::vector<std::pair<std::string, int>> ServerChannelArguments(size_t max_streams);

}  // namespace signet

#endif  // SIGNET_PLUGIN_SERVER_CHANNEL_ARGUMENTS_H_
