// LoopbackServer: an HTTP/1.1 server on 127.0.0.1 inside the test, plain or TLS, that answers as the test
// says and breaks as the test says.
#ifndef SIGNET_TESTS_TESTING_LOOPBACK_SERVER_H_
#define SIGNET_TESTS_TESTING_LOOPBACK_SERVER_H_

#include <openssl/ssl.h>

#include <cstddef>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/mutex.h"
#include "base/unique_fd.h"
#include "tests/testing/test_certificates.h"

namespace signet::testing {

struct LoopbackRequest {
  std::string method;
  std::string target;
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body;
  std::string server_name;         // SNI
  std::string client_common_name;  // of the client's certificate
};

enum class LoopbackFault {
  kNone,
  kSlow,         // answers piece by piece with pauses
  kHang,         // reads the request and never answers
  kHangInBody,   // sends the head and half of the body, then nothing
  kCloseSilent,  // closes without a byte
  kTruncate,     // announces the body and closes in the middle of it
  kGarbage,      // answers something that is no HTTP
};

struct LoopbackReply {
  int status = 200;
  std::vector<std::string> headers = {};  // whole lines
  std::string body = {};
  LoopbackFault fault = LoopbackFault::kNone;
  bool close_after = false;  // closes after the answer without having said so
};

struct LoopbackTls {
  PemPair certificate;
  std::string client_ca = {};  // PEM; demands a client certificate
  int max_version = 0;         // TLS1_1_VERSION, …
};

// Thread-safe. `handler` runs on the connections' threads.
class LoopbackServer {
 public:
  using Handler = std::function<LoopbackReply(const LoopbackRequest&)>;

  explicit LoopbackServer(Handler handler);
  LoopbackServer(Handler handler, const LoopbackTls& tls);
  // Ends every connection, hung ones too.
  ~LoopbackServer();
  LoopbackServer(const LoopbackServer&) = delete;
  LoopbackServer& operator=(const LoopbackServer&) = delete;

  int port() const { return port_; }
  // "http://127.0.0.1:4711", or with https.
  std::string url() const;

  std::vector<LoopbackRequest> requests() const;
  // Accepted so far, also those whose TLS handshake failed.
  size_t connections() const;
  // Open now.
  size_t open_connections() const;

 private:
  class Connection;

  void Start();
  void AcceptLoop();
  void Serve(int fd);
  void Talk(Connection& connection);
  // False when the connection is to be closed.
  bool Answer(Connection& connection, const LoopbackReply& reply);
  bool WriteSlowly(Connection& connection, const std::string& bytes);
  // False when the server stops.
  bool PauseOrStop();
  void WaitForStop();

  const Handler handler_;
  SSL_CTX* context_ = nullptr;
  UniqueFd listener_;
  int port_ = 0;
  std::thread acceptor_;

  mutable Mutex mutex_;
  CondVar changed_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  size_t accepted_ ABSL_GUARDED_BY(mutex_) = 0;
  std::list<int> open_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::thread> threads_ ABSL_GUARDED_BY(mutex_);
  std::vector<LoopbackRequest> requests_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace signet::testing

#endif  // SIGNET_TESTS_TESTING_LOOPBACK_SERVER_H_
