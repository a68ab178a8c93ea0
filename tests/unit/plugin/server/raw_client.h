// RawClient: a blocking Unix stream socket in a test's hand, for what no gRPC client would send.
#ifndef SIGNET_TESTS_UNIT_PLUGIN_SERVER_RAW_CLIENT_H_
#define SIGNET_TESTS_UNIT_PLUGIN_SERVER_RAW_CLIENT_H_

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>

#include "absl/strings/string_view.h"
#include "base/unique_fd.h"
#include "plugin/server/unix_address.h"

namespace signet::testing {

inline constexpr absl::string_view kHttp2Preface("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 24);

class RawClient {
 public:
  explicit RawClient(const std::string& path) : socket_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const UnixAddress address = ParseUnixAddress(path, /*allow_abstract=*/true).value();
    connected_ = ::connect(socket_.get(), address.get(), address.size) == 0;
  }

  bool connected() const { return connected_; }
  // False when the other side has closed.
  bool Send(absl::string_view bytes) {
    return ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL) ==
           static_cast<ssize_t>(bytes.size());
  }
  // Waits for the other side to close, and swallows what it says before.
  bool IsClosedByPeer() {
    char buffer[4096];
    while (Readable()) {
      const ssize_t size = ::recv(socket_.get(), buffer, sizeof(buffer), 0);
      if (size <= 0) return true;
    }
    return false;
  }
  // Waits for the other side to say something: as gRPC does once it serves the connection.
  bool HearsSomething() {
    char byte;
    return Readable() && ::recv(socket_.get(), &byte, 1, 0) == 1;
  }
  void Close() { socket_.Close(); }

 private:
  bool Readable() {
    pollfd poll{socket_.get(), POLLIN, 0};
    return ::poll(&poll, 1, 20000) == 1;
  }

  UniqueFd socket_;
  bool connected_ = false;
};

}  // namespace signet::testing

#endif  // SIGNET_TESTS_UNIT_PLUGIN_SERVER_RAW_CLIENT_H_
