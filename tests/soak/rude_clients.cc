#include "tests/soak/rude_clients.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "absl/strings/string_view.h"
#include "base/unique_fd.h"

namespace signet::soak {
namespace {

using std::chrono::milliseconds;

constexpr absl::string_view kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
constexpr absl::string_view kEmptySettings("\0\0\0\4\0\0\0\0\0", 9);
// Says that 64 bytes of headers follow.
constexpr absl::string_view kHeadersFrameHead("\0\0\100\1\4\0\0\0\1", 9);
constexpr uint64_t kMostSeconds = 20;

UniqueFd ConnectTo(const std::string& path) {
  UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof(address.sun_path) - 1);
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0)
    return UniqueFd();
  return fd;
}

// False: the other side is gone.
bool Send(int fd, absl::string_view bytes) {
  return ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL) >= 0 || errno == EAGAIN;
}

std::string RandomBytes(size_t size, std::mt19937_64& random) {
  std::string bytes(size, '\0');
  std::generate(bytes.begin(), bytes.end(), [&random] { return static_cast<char>(random()); });
  return bytes;
}

}  // namespace

RudeClients::RudeClients(std::string socket_path, size_t count, uint64_t seed, StopSignal& stop)
    : socket_path_(std::move(socket_path)), stop_(stop) {
  for (size_t i = 0; i < count; ++i) threads_.emplace_back([this, seed, i] { Run(seed + i); });
}

RudeClients::~RudeClients() {
  for (std::thread& thread : threads_) thread.join();
}

void RudeClients::Run(uint64_t seed) {
  std::mt19937_64 random(seed);
  while (!stop_.Pause(milliseconds(random() % 500))) {
    const UniqueFd fd = ConnectTo(socket_path_);
    if (fd.get() < 0) continue;  // down, or its backlog is full
    ++connections_;
    Visit(fd.get(), random);
  }
}

void RudeClients::Visit(int fd, std::mt19937_64& random) {
  const uint64_t seconds = 1 + random() % kMostSeconds;
  const std::string frame = std::string(kHeadersFrameHead) + RandomBytes(64, random);
  bool open = true;
  switch (random() % 7) {
    case 0:  // a good preface, then a byte a second
      open = Send(fd, kPreface) && Drip(fd, std::string(kEmptySettings) + frame, seconds);
      break;
    case 1:  // already the preface comes a byte a second
      open = Drip(fd, std::string(kPreface) + frame, seconds);
      break;
    case 2:  // says nothing
      open = !ClosedWithin(fd, milliseconds(seconds * 1000));
      break;
    case 3:  // half-open: will never write again
      open = Send(fd, kPreface) && Send(fd, kEmptySettings);
      ::shutdown(fd, SHUT_WR);
      open = open && !ClosedWithin(fd, milliseconds(seconds * 1000));
      break;
    case 4:  // half-open: will never read
      open = Send(fd, kPreface) && Send(fd, kEmptySettings);
      ::shutdown(fd, SHUT_RD);
      stop_.Pause(milliseconds(seconds * 1000));
      break;
    case 5:  // garbage, behind the preface or in its place
      open = (random() % 2 == 0 || Send(fd, kPreface)) &&
             Send(fd, RandomBytes(1 + random() % 4096, random)) &&
             !ClosedWithin(fd, milliseconds(seconds * 1000));
      break;
    default:  // leaves in the middle of a frame
      open = Send(fd, kPreface) && Send(fd, kEmptySettings) &&
             Send(fd, frame.substr(0, random() % frame.size()));
      stop_.Pause(milliseconds(random() % 1000));
      break;
  }
  if (!open) ++closed_by_daemon_;
}

bool RudeClients::Drip(int fd, const std::string& bytes, uint64_t seconds) {
  for (size_t i = 0; i < std::min<size_t>(seconds, bytes.size()); ++i) {
    if (!Send(fd, absl::string_view(bytes).substr(i, 1)) || ClosedWithin(fd, milliseconds(1000)))
      return false;
  }
  return true;
}

bool RudeClients::ClosedWithin(int fd, milliseconds time) {
  const auto end = std::chrono::steady_clock::now() + time;
  while (std::chrono::steady_clock::now() < end) {
    char ignored[4096];
    const ssize_t got = ::recv(fd, ignored, sizeof(ignored), 0);
    if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) return true;
    if (got > 0) continue;
    if (stop_.Pause(std::min<milliseconds>(milliseconds(50), time))) return false;
  }
  return false;
}

}  // namespace signet::soak
