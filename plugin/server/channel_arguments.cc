#include "plugin/server/channel_arguments.h"

#include <grpc/compression.h>
#include <grpc/grpc.h>

#include <algorithm>
#include <climits>

namespace signet {

std::vector<std::pair<std::string, int>> ServerChannelArguments(size_t max_streams) {
  return {
      {GRPC_ARG_MAX_RECEIVE_MESSAGE_LENGTH, static_cast<int>(kMaxRequestBytes)},
      {GRPC_ARG_MAX_CONCURRENT_STREAMS, static_cast<int>(std::min<size_t>(max_streams, INT_MAX))},
      // kube-apiserver keeps one connection for as long as it lives: no pings of ours, no limit on its own,
      // no age and no idle limit.
      {GRPC_ARG_KEEPALIVE_TIME_MS, INT_MAX},
      {GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1},
      {GRPC_ARG_HTTP2_MAX_PING_STRIKES, 0},
      {GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 0},
      {GRPC_ARG_MAX_CONNECTION_IDLE_MS, INT_MAX},
      {GRPC_ARG_MAX_CONNECTION_AGE_MS, INT_MAX},
      // Nobody compresses on a local socket, and a small message could unpack to any size: the limit above is
      // checked before.
      {GRPC_COMPRESSION_CHANNEL_ENABLED_ALGORITHMS_BITSET, 1 << GRPC_COMPRESS_NONE},
      {GRPC_ARG_ENABLE_PER_MESSAGE_COMPRESSION, 0},
      // On a local socket there is no bandwidth to probe. GRPC_ARG_MINIMAL_STACK is not for us: it would take
      // the limit on messages and the deadlines away.
      {GRPC_ARG_HTTP2_BDP_PROBE, 0},
      {GRPC_ARG_ENABLE_CHANNELZ, 0},
  };
}

}  // namespace signet
