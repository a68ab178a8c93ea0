// AcceptLoop: between the listening socket and gRPC. Asks the kernel who connects, bounds the number of
// connections, waits for the HTTP/2 preface (a channel made from a descriptor has no handshake time-out of
// its own) and hands the descriptor over; then watches the connection until its end.
//
// One thread and one epoll set, however many connections are slow. Stop, SetAllowedUids and the counters are
// thread-safe.
#ifndef SIGNET_PLUGIN_SERVER_ACCEPT_LOOP_H_
#define SIGNET_PLUGIN_SERVER_ACCEPT_LOOP_H_

#include <sys/epoll.h>
#include <sys/types.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/clock.h"
#include "base/mutex.h"
#include "base/unique_fd.h"
#include "plugin/server/peer_table.h"
#include "plugin/server/unix_listener.h"
#include "plugin/service/rpc_observer.h"

namespace signet {

struct AcceptLoopOptions {
  std::string api;                  // for the observer: "kms", "admin"
  std::vector<uid_t> allowed_uids;  // at first, besides our own; uid 65534 never is
  // Others: closed at once, or handed over all the same with Peer::allowed false, for the call to answer.
  bool admit_refused_peers = false;
  size_t max_connections = 64;  // waiting ones included; the next is closed at once
  absl::Duration preface_timeout = absl::Seconds(5);
};

struct ConnectionCounts {
  uint64_t open = 0;
  uint64_t refused_peers = 0;
  uint64_t refused_connections = 0;
};

class AcceptLoop {
 public:
  // Takes the descriptor over; on the loop's thread, must not block.
  using HandOver = std::function<void(int fd)>;

  // All references outlive the loop, which closes `listener` when it stops. RESOURCE_EXHAUSTED: no
  // descriptors.
  static absl::StatusOr<std::unique_ptr<AcceptLoop>> Create(AcceptLoopOptions options, UnixListener& listener,
                                                            PeerTable& peers, RpcObserver& observer,
                                                            const Clock& clock, HandOver hand_over);
  ~AcceptLoop();
  AcceptLoop(const AcceptLoop&) = delete;
  AcceptLoop& operator=(const AcceptLoop&) = delete;

  void Start();
  // On return new connections are refused, waiting ones closed, and HandOver is not called any more. The
  // connections handed over live on, unwatched. Idempotent.
  void Stop();

  // From soon on, instead of the earlier ones: connections of those who are no longer allowed are closed.
  // Does not block.
  void SetAllowedUids(std::vector<uid_t> uids);

  ConnectionCounts counts() const;

 private:
  struct Connection {
    UniqueFd socket;  // ours for as long as the connection lives: it tells us of the end
    Peer peer;
    int served_fd = -1;  // gRPC's own descriptor of the same socket, once handed over
    MonotonicTime preface_deadline;
  };
  using Connections = std::map<uint64_t, Connection>;

  AcceptLoop(AcceptLoopOptions options, UnixListener& listener, PeerTable& peers, RpcObserver& observer,
             const Clock& clock, HandOver hand_over, UniqueFd epoll, UniqueFd wake);

  void Run();
  // Of the connections; true when the listener has more.
  bool HandleEvents(int wait_milliseconds);
  int WaitMilliseconds() const;
  void AcceptAll();
  void Admit(UniqueFd socket);
  void OnConnectionEvent(uint64_t number, uint32_t events);
  // True: the preface is there; false: not yet. Refuses the connection where it is another protocol.
  bool HasPreface(Connections::iterator connection);
  void Serve(Connections::iterator connection);
  UniqueFd DescriptorForGrpc(int socket);
  void CloseLateConnections();
  void Refuse(Connections::iterator connection, RpcObserver::ConnectionRefusal reason);
  void Forget(Connections::iterator connection);
  bool IsAllowed(uid_t uid) const;
  // Judges everybody again.
  void TakeAllowedUids();
  void Watch(int fd, uint64_t number, uint32_t events);
  void Wake();

  const AcceptLoopOptions options_;
  UnixListener& listener_;
  PeerTable& peers_;
  RpcObserver& observer_;
  const Clock& clock_;
  const HandOver hand_over_;
  const UniqueFd epoll_;
  const UniqueFd wake_;
  std::thread thread_;
  std::atomic<bool> stopping_{false};

  Mutex mutex_;
  std::optional<std::vector<uid_t>> new_allowed_uids_ ABSL_GUARDED_BY(mutex_);

  // The thread's own.
  std::vector<uid_t> allowed_uids_;
  std::vector<epoll_event> events_;
  Connections connections_;
  uint64_t next_number_;
  int next_descriptor_;
  MonotonicTime accept_again_;  // after running out of descriptors

  std::atomic<uint64_t> open_{0};
  std::atomic<uint64_t> refused_peers_{0};
  std::atomic<uint64_t> refused_connections_{0};
};

}  // namespace signet

#endif  // SIGNET_PLUGIN_SERVER_ACCEPT_LOOP_H_
