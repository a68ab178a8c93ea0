#include "plugin/server/accept_loop.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace signet {
namespace {

// What epoll tells events apart by; connections count up from the last.
constexpr uint64_t kWakeNumber = 0;
constexpr uint64_t kListenerNumber = 1;
constexpr uint64_t kFirstConnection = 2;

constexpr absl::string_view kPreface("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 24);

// gRPC's descriptors are numbered round and round through this range. The lowest free number, as the kernel
// gives by itself, would be used again at once, and a call still on its way from the closed connection
// would be taken for the next one's.
constexpr int kFirstDescriptor = 256;
constexpr int kLastDescriptor = 4095;

constexpr absl::Duration kDescriptorPause = absl::Milliseconds(100);

PeerCredentials CredentialsOf(int socket) {
  ucred credentials{};
  socklen_t size = sizeof(credentials);
  if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0) return {};
  return {credentials.pid, credentials.uid, credentials.gid};
}

}  // namespace

absl::StatusOr<std::unique_ptr<AcceptLoop>> AcceptLoop::Create(AcceptLoopOptions options,
                                                               UnixListener& listener, PeerTable& peers,
                                                               RpcObserver& observer, const Clock& clock,
                                                               HandOver hand_over) {
  UniqueFd epoll(::epoll_create1(EPOLL_CLOEXEC));
  UniqueFd wake(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!epoll.valid() || !wake.valid()) {
    return absl::ResourceExhaustedError("no descriptors for the accept loop");
  }
  return std::unique_ptr<AcceptLoop>(new AcceptLoop(std::move(options), listener, peers, observer, clock,
                                                    std::move(hand_over), std::move(epoll), std::move(wake)));
}

AcceptLoop::AcceptLoop(AcceptLoopOptions options, UnixListener& listener, PeerTable& peers,
                       RpcObserver& observer, const Clock& clock, HandOver hand_over, UniqueFd epoll,
                       UniqueFd wake)
    : options_(std::move(options)),
      listener_(listener),
      peers_(peers),
      observer_(observer),
      clock_(clock),
      hand_over_(std::move(hand_over)),
      epoll_(std::move(epoll)),
      wake_(std::move(wake)),
      allowed_uids_(options_.allowed_uids),
      // Room for every connection, so that no end is overlooked while a new one is refused.
      events_(options_.max_connections + kFirstConnection),
      next_number_(kFirstConnection),
      next_descriptor_(kFirstDescriptor),
      accept_again_(-absl::InfiniteDuration()) {
  Watch(wake_.get(), kWakeNumber, EPOLLIN);
  Watch(listener_.fd(), kListenerNumber, EPOLLIN);
}

AcceptLoop::~AcceptLoop() { Stop(); }

void AcceptLoop::Start() {
  thread_ = std::thread([this] { Run(); });
}

void AcceptLoop::Stop() {
  stopping_ = true;
  Wake();
  if (thread_.joinable()) thread_.join();
  connections_.clear();
  listener_.Close();
}

void AcceptLoop::SetAllowedUids(std::vector<uid_t> uids) {
  {
    MutexLock lock(mutex_);
    new_allowed_uids_ = std::move(uids);
  }
  Wake();
}

void AcceptLoop::Wake() {
  const uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = ::write(wake_.get(), &one, sizeof(one));
}

ConnectionCounts AcceptLoop::counts() const { return {open_, refused_peers_, refused_connections_}; }

void AcceptLoop::Run() {
  ::pthread_setname_np(::pthread_self(), "accept");
  while (!stopping_) {
    const bool incoming = HandleEvents(WaitMilliseconds());
    CloseLateConnections();
    if (accept_again_ != -absl::InfiniteDuration() && clock_.Monotonic() >= accept_again_) {
      accept_again_ = -absl::InfiniteDuration();
      Watch(listener_.fd(), kListenerNumber, EPOLLIN);
    }
    if (incoming && !stopping_) AcceptAll();
  }
}

bool AcceptLoop::HandleEvents(int wait_milliseconds) {
  const int count =
      ::epoll_wait(epoll_.get(), events_.data(), static_cast<int>(events_.size()), wait_milliseconds);
  bool incoming = false;
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = events_[static_cast<size_t>(i)];
    if (event.data.u64 == kListenerNumber) incoming = true;
    if (event.data.u64 == kWakeNumber) {
      uint64_t times = 0;
      [[maybe_unused]] const ssize_t read = ::read(wake_.get(), &times, sizeof(times));
      TakeAllowedUids();
    }
    if (event.data.u64 >= kFirstConnection) OnConnectionEvent(event.data.u64, event.events);
  }
  return incoming;
}

int AcceptLoop::WaitMilliseconds() const {
  MonotonicTime next = absl::InfiniteDuration();
  if (accept_again_ != -absl::InfiniteDuration()) next = accept_again_;
  for (const auto& [number, connection] : connections_) {
    if (connection.served_fd < 0) next = std::min(next, connection.preface_deadline);
  }
  if (next == absl::InfiniteDuration()) return -1;
  const absl::Duration left = std::clamp(next - clock_.Monotonic(), absl::ZeroDuration(), absl::Minutes(1));
  return static_cast<int>(absl::ToInt64Milliseconds(left)) + 1;
}

void AcceptLoop::AcceptAll() {
  while (true) {
    UniqueFd socket(::accept4(listener_.fd(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (socket.valid()) {
      Admit(std::move(socket));
      continue;
    }
    if (errno == EINTR || errno == ECONNABORTED) continue;
    if (errno == EAGAIN) return;
    // Out of descriptors or memory: the connection stays in the backlog and would wake us without end.
    ++refused_connections_;
    observer_.OnConnectionRefused(options_.api, RpcObserver::ConnectionRefusal::kOutOfDescriptors, {});
    Watch(listener_.fd(), kListenerNumber, 0);
    accept_again_ = clock_.Monotonic() + kDescriptorPause;
    return;
  }
}

bool AcceptLoop::IsAllowed(uid_t uid) const {
  if (uid == PeerCredentials::kUnknownUid) return false;
  return uid == ::geteuid() ||
         std::find(allowed_uids_.begin(), allowed_uids_.end(), uid) != allowed_uids_.end();
}

void AcceptLoop::TakeAllowedUids() {
  {
    MutexLock lock(mutex_);
    if (!new_allowed_uids_.has_value()) return;
    allowed_uids_ = *std::exchange(new_allowed_uids_, std::nullopt);
  }
  for (auto& [number, connection] : connections_) {
    const bool allowed = IsAllowed(connection.peer.credentials.uid);
    if (std::exchange(connection.peer.allowed, allowed) == allowed) continue;
    if (connection.served_fd >= 0) peers_.Add(connection.served_fd, number, connection.peer);
    // The end is then reported as any other.
    if (!allowed) ::shutdown(connection.socket.get(), SHUT_RDWR);
  }
}

void AcceptLoop::Admit(UniqueFd socket) {
  Peer peer;
  peer.credentials = CredentialsOf(socket.get());
  peer.allowed = IsAllowed(peer.credentials.uid);
  if (!peer.allowed) {
    ++refused_peers_;
    observer_.OnPeerRefused(options_.api, peer.credentials);
    if (!options_.admit_refused_peers) return;
  }
  // Those that have ended in the meantime do not count.
  if (connections_.size() >= options_.max_connections) HandleEvents(0);
  if (connections_.size() >= options_.max_connections) {
    ++refused_connections_;
    observer_.OnConnectionRefused(options_.api, RpcObserver::ConnectionRefusal::kTooMany, peer.credentials);
    return;
  }
  const uint64_t number = next_number_++;
  // Edge-triggered: a preface that comes byte by byte wakes us once a byte, not all the time.
  Watch(socket.get(), number, EPOLLIN | EPOLLET);
  connections_.emplace(
      number, Connection{std::move(socket), peer, -1, clock_.Monotonic() + options_.preface_timeout});
  open_ = connections_.size();
}

void AcceptLoop::OnConnectionEvent(uint64_t number, uint32_t events) {
  const auto connection = connections_.find(number);
  if (connection == connections_.end()) return;
  // Both ends are shut: the peer is gone, or gRPC is done with it.
  if ((events & (EPOLLHUP | EPOLLERR)) != 0) return Forget(connection);
  if (connection->second.served_fd < 0 && HasPreface(connection)) Serve(connection);
}

bool AcceptLoop::HasPreface(Connections::iterator connection) {
  char bytes[kPreface.size()];
  const ssize_t size = ::recv(connection->second.socket.get(), bytes, sizeof(bytes), MSG_PEEK | MSG_DONTWAIT);
  if (size < 0 && (errno == EAGAIN || errno == EINTR)) return false;
  const size_t seen = size > 0 ? static_cast<size_t>(size) : 0;
  if (seen == 0 || kPreface.substr(0, seen) != absl::string_view(bytes, seen)) {
    Refuse(connection, RpcObserver::ConnectionRefusal::kNotHttp2);
    return false;
  }
  return seen == kPreface.size();
}

void AcceptLoop::Serve(Connections::iterator connection) {
  const int socket = connection->second.socket.get();
  UniqueFd descriptor = DescriptorForGrpc(socket);
  if (!descriptor.valid()) return Refuse(connection, RpcObserver::ConnectionRefusal::kOutOfDescriptors);
  // The end of a connection is always reported, so nothing else is asked for.
  epoll_event event{};
  event.data.u64 = connection->first;
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, socket, &event);
  connection->second.served_fd = descriptor.get();
  peers_.Add(descriptor.get(), connection->first, connection->second.peer);
  hand_over_(descriptor.Release());
}

UniqueFd AcceptLoop::DescriptorForGrpc(int socket) {
  for (int attempt = 0; attempt < 2; ++attempt) {
    const int fd = ::fcntl(socket, F_DUPFD_CLOEXEC, next_descriptor_);
    if (fd >= 0) {
      next_descriptor_ = fd < kLastDescriptor ? fd + 1 : kFirstDescriptor;
      return UniqueFd(fd);
    }
    next_descriptor_ = kFirstDescriptor;
  }
  // The limit on descriptors may lie below the range.
  return UniqueFd(::fcntl(socket, F_DUPFD_CLOEXEC, 0));
}

void AcceptLoop::CloseLateConnections() {
  const MonotonicTime now = clock_.Monotonic();
  for (auto connection = connections_.begin(); connection != connections_.end();) {
    const auto next = std::next(connection);
    if (connection->second.served_fd < 0 && connection->second.preface_deadline <= now) {
      Refuse(connection, RpcObserver::ConnectionRefusal::kNoPreface);
    }
    connection = next;
  }
}

void AcceptLoop::Refuse(Connections::iterator connection, RpcObserver::ConnectionRefusal reason) {
  ++refused_connections_;
  observer_.OnConnectionRefused(options_.api, reason, connection->second.peer.credentials);
  Forget(connection);
}

void AcceptLoop::Forget(Connections::iterator connection) {
  // Closing our descriptor is not enough for epoll to forget the socket while gRPC has another.
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, connection->second.socket.get(), nullptr);
  if (connection->second.served_fd >= 0) peers_.Remove(connection->second.served_fd, connection->first);
  connections_.erase(connection);
  open_ = connections_.size();
}

void AcceptLoop::Watch(int fd, uint64_t number, uint32_t events) {
  epoll_event event{};
  event.events = events;
  event.data.u64 = number;
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0) {
    ::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, fd, &event);
  }
}

}  // namespace signet
