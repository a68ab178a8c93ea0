#include "tests/testing/loopback_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/pem.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/clock.h"

namespace signet::testing {
namespace {

void Check(bool good) {
  if (!good) std::abort();
}

X509* ReadCertificate(const std::string& pem) {
  BIO* const bio = BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()));
  X509* const certificate = PEM_read_bio_X509(bio, nullptr, nullptr, nullptr);
  BIO_free(bio);
  Check(certificate != nullptr);
  return certificate;
}

SSL_CTX* MakeContext(const LoopbackTls& tls) {
  SSL_CTX* const context = SSL_CTX_new(TLS_server_method());
  Check(context != nullptr);
  X509* const certificate = ReadCertificate(tls.certificate.certificate);
  BIO* const bio = BIO_new_mem_buf(tls.certificate.key.data(), static_cast<int>(tls.certificate.key.size()));
  EVP_PKEY* const key = PEM_read_bio_PrivateKey(bio, nullptr, nullptr, nullptr);
  BIO_free(bio);
  Check(SSL_CTX_use_certificate(context, certificate) == 1 && SSL_CTX_use_PrivateKey(context, key) == 1);
  X509_free(certificate);
  EVP_PKEY_free(key);
  if (!tls.client_ca.empty()) {
    X509* const ca = ReadCertificate(tls.client_ca);
    Check(X509_STORE_add_cert(SSL_CTX_get_cert_store(context), ca) == 1);
    X509_free(ca);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  }
  if (tls.max_version != 0) {
    // Debian's default level refuses old versions even where they are asked for.
    SSL_CTX_set_security_level(context, 0);
    SSL_CTX_set_min_proto_version(context, TLS1_VERSION);
    SSL_CTX_set_max_proto_version(context, tls.max_version);
  }
  return context;
}

}  // namespace

// One accepted connection, with or without TLS. Blocking; ended from outside by shutdown(2).
class LoopbackServer::Connection {
 public:
  Connection(int fd, SSL_CTX* context) : fd_(fd) {
    if (context == nullptr) return;
    ssl_ = SSL_new(context);
    SSL_set_fd(ssl_, fd);
    handshake_done_ = SSL_accept(ssl_) == 1;
  }
  ~Connection() { SSL_free(ssl_); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  bool ready() const { return ssl_ == nullptr || handshake_done_; }

  // False at the end of the stream.
  bool ReadRequest(LoopbackRequest& request) {
    size_t head = std::string::npos;
    while ((head = buffer_.find("\r\n\r\n")) == std::string::npos) {
      if (!Fill()) return false;
      // TLS on a plain port: answered as other servers do.
      if (buffer_.front() == '\x16') return Write("HTTP/1.1 400 Bad Request\r\n\r\n") && false;
    }
    const std::vector<std::string> lines = absl::StrSplit(buffer_.substr(0, head), "\r\n");
    const std::vector<std::string> first = absl::StrSplit(lines[0], ' ');
    if (first.size() != 3) return false;
    request.method = first[0];
    request.target = first[1];
    for (size_t i = 1; i < lines.size(); ++i) {
      const size_t colon = lines[i].find(':');
      if (colon == std::string::npos) return false;
      request.headers[absl::AsciiStrToLower(lines[i].substr(0, colon))] =
          std::string(absl::StripAsciiWhitespace(lines[i].substr(colon + 1)));
    }
    buffer_.erase(0, head + 4);
    size_t size = 0;
    const auto length = request.headers.find("content-length");
    if (length != request.headers.end() && !absl::SimpleAtoi(length->second, &size)) return false;
    while (buffer_.size() < size) {
      if (!Fill()) return false;
    }
    request.body = buffer_.substr(0, size);
    buffer_.erase(0, size);
    DescribePeer(request);
    return true;
  }

  bool Write(const std::string& bytes) {
    size_t done = 0;
    while (done < bytes.size()) {
      const size_t left = bytes.size() - done;
      const ssize_t sent = ssl_ != nullptr ? SSL_write(ssl_, bytes.data() + done, static_cast<int>(left))
                                           : ::send(fd_, bytes.data() + done, left, MSG_NOSIGNAL);
      if (sent <= 0) return false;
      done += static_cast<size_t>(sent);
    }
    return true;
  }

 private:
  bool Fill() {
    char chunk[4096];
    const ssize_t got =
        ssl_ != nullptr ? SSL_read(ssl_, chunk, sizeof(chunk)) : ::recv(fd_, chunk, sizeof(chunk), 0);
    if (got <= 0) return false;
    buffer_.append(chunk, static_cast<size_t>(got));
    return true;
  }

  void DescribePeer(LoopbackRequest& request) const {
    if (ssl_ == nullptr) return;
    const char* const name = SSL_get_servername(ssl_, TLSEXT_NAMETYPE_host_name);
    if (name != nullptr) request.server_name = name;
    X509* const peer = SSL_get1_peer_certificate(ssl_);
    if (peer == nullptr) return;
    char common_name[128] = "";
    X509_NAME_get_text_by_NID(X509_get_subject_name(peer), NID_commonName, common_name, sizeof(common_name));
    request.client_common_name = common_name;
    X509_free(peer);
  }

  const int fd_;
  SSL* ssl_ = nullptr;
  bool handshake_done_ = false;
  std::string buffer_;
};

LoopbackServer::LoopbackServer(Handler handler) : handler_(std::move(handler)) { Start(); }

LoopbackServer::LoopbackServer(Handler handler, const LoopbackTls& tls)
    : handler_(std::move(handler)), context_(MakeContext(tls)) {
  Start();
}

LoopbackServer::~LoopbackServer() {
  std::vector<std::thread> threads;
  {
    MutexLock lock(mutex_);
    stopping_ = true;
    changed_.NotifyAll();
    ::shutdown(listener_.get(), SHUT_RDWR);
    for (const int fd : open_) ::shutdown(fd, SHUT_RDWR);
  }
  acceptor_.join();
  {
    MutexLock lock(mutex_);
    threads.swap(threads_);
  }
  for (std::thread& thread : threads) thread.join();
  SSL_CTX_free(context_);
}

std::string LoopbackServer::url() const {
  return absl::StrCat(context_ == nullptr ? "http" : "https", "://127.0.0.1:", port_);
}

std::vector<LoopbackRequest> LoopbackServer::requests() const {
  MutexLock lock(mutex_);
  return requests_;
}

size_t LoopbackServer::connections() const {
  MutexLock lock(mutex_);
  return accepted_;
}

size_t LoopbackServer::open_connections() const {
  MutexLock lock(mutex_);
  return open_.size();
}

void LoopbackServer::Start() {
  listener_ = UniqueFd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  Check(::bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), size) == 0);
  Check(::listen(listener_.get(), 64) == 0);
  Check(::getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&address), &size) == 0);
  port_ = ntohs(address.sin_port);
  acceptor_ = std::thread([this] { AcceptLoop(); });
}

void LoopbackServer::AcceptLoop() {
  while (true) {
    const int fd = ::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) return;
    MutexLock lock(mutex_);
    if (stopping_) {
      ::close(fd);
      return;
    }
    ++accepted_;
    open_.push_back(fd);
    threads_.emplace_back([this, fd] { Serve(fd); });
  }
}

void LoopbackServer::Serve(int fd) {
  {
    Connection connection(fd, context_);
    if (connection.ready()) Talk(connection);
  }
  MutexLock lock(mutex_);
  // Closed under the lock, so that the destructor never shuts down a number that means another file by then.
  open_.remove(fd);
  ::close(fd);
}

void LoopbackServer::Talk(Connection& connection) {
  while (true) {
    LoopbackRequest request;
    if (!connection.ReadRequest(request)) return;
    {
      MutexLock lock(mutex_);
      requests_.push_back(request);
    }
    const LoopbackReply reply = handler_(request);
    if (!Answer(connection, reply) || reply.close_after) return;
  }
}

bool LoopbackServer::Answer(Connection& connection, const LoopbackReply& reply) {
  std::string head =
      absl::StrCat("HTTP/1.1 ", reply.status, " Status\r\nContent-Length: ", reply.body.size(), "\r\n");
  for (const std::string& line : reply.headers) absl::StrAppend(&head, line, "\r\n");
  head += "\r\n";
  const std::string half = reply.body.substr(0, reply.body.size() / 2);
  switch (reply.fault) {
    case LoopbackFault::kNone:
      return connection.Write(head + reply.body);
    case LoopbackFault::kSlow:
      return WriteSlowly(connection, head + reply.body);
    case LoopbackFault::kHang:
      WaitForStop();
      return false;
    case LoopbackFault::kHangInBody:
      connection.Write(head + half);
      WaitForStop();
      return false;
    case LoopbackFault::kCloseSilent:
      return false;
    case LoopbackFault::kTruncate:
      connection.Write(head + half);
      return false;
    case LoopbackFault::kGarbage:
      connection.Write("\x16\x03 this is not HTTP at all\r\n\r\n");
      return false;
  }
  return false;
}

bool LoopbackServer::WriteSlowly(Connection& connection, const std::string& bytes) {
  constexpr size_t kPieces = 5;
  const size_t piece = bytes.size() / kPieces + 1;
  for (size_t begin = 0; begin < bytes.size(); begin += piece) {
    if (!PauseOrStop() || !connection.Write(bytes.substr(begin, piece))) return false;
  }
  return true;
}

bool LoopbackServer::PauseOrStop() {
  const MonotonicTime end = SystemClock().Monotonic() + absl::Milliseconds(20);
  MutexLock lock(mutex_);
  while (!stopping_ && SystemClock().Monotonic() < end) SystemClock().WaitUntil(mutex_, changed_, end);
  return !stopping_;
}

void LoopbackServer::WaitForStop() {
  MutexLock lock(mutex_);
  while (!stopping_) changed_.Wait(mutex_);
}

}  // namespace signet::testing
