#include "plugin/server/peer_table.h"

#include "absl/strings/numbers.h"
#include "absl/strings/strip.h"

namespace signet {

void PeerTable::Add(int fd, uint64_t connection, const Peer& peer) {
  MutexLock lock(mutex_);
  entries_.insert_or_assign(fd, Entry{connection, peer});
}

void PeerTable::Remove(int fd, uint64_t connection) {
  MutexLock lock(mutex_);
  const auto entry = entries_.find(fd);
  if (entry != entries_.end() && entry->second.connection == connection) entries_.erase(entry);
}

std::optional<Peer> PeerTable::Find(absl::string_view grpc_peer) const {
  int fd = -1;
  if (!absl::ConsumePrefix(&grpc_peer, "fd:") || !absl::SimpleAtoi(grpc_peer, &fd)) return std::nullopt;
  MutexLock lock(mutex_);
  const auto entry = entries_.find(fd);
  if (entry == entries_.end()) return std::nullopt;
  return entry->second.peer;
}

}  // namespace signet
