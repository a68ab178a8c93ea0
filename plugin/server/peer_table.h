// PeerTable: who is at the other end of a connection that gRPC serves, by the number of its descriptor:
// "fd:N" is all that gRPC knows of a peer it was handed.
//
// Thread-safe; nothing blocks.
#ifndef SIGNET_PLUGIN_SERVER_PEER_TABLE_H_
#define SIGNET_PLUGIN_SERVER_PEER_TABLE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>

#include "absl/strings/string_view.h"
#include "base/mutex.h"
#include "plugin/service/rpc_observer.h"

namespace signet {

struct Peer {
  PeerCredentials credentials;
  bool allowed = false;
};

class PeerTable {
 public:
  // `fd` now belongs to the connection with this number, whoever had it before: descriptors are used again as
  // soon as gRPC has closed them, connection numbers never.
  void Add(int fd, uint64_t connection, const Peer& peer);
  // Forgets `fd` unless it belongs to a later connection by now.
  void Remove(int fd, uint64_t connection);
  // By grpc::ServerContext::peer(). Nothing once the connection ended.
  std::optional<Peer> Find(absl::string_view grpc_peer) const;

 private:
  struct Entry {
    uint64_t connection;
    Peer peer;
  };

  mutable Mutex mutex_;
  std::unordered_map<int, Entry> entries_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace signet

#endif  // SIGNET_PLUGIN_SERVER_PEER_TABLE_H_
