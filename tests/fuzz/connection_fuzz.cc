// The bytes of a connection, into the real accept loop and server: whatever comes, that connection ends when
// its client does, gives its place back, and others are served as before. The first byte says what good bytes
// stand before the rest (1: the HTTP/2 preface, 2: SETTINGS, 4: the headers of a Decrypt) and, by its upper
// half, in what pieces it is sent.
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "base/unique_fd.h"
#include "crypto/secure_heap.h"
#include "plugin/server/kms_server.h"
#include "plugin/server/unix_address.h"
#include "tests/fuzz/fuzz_check.h"
#include "tests/testing/hierarchy_harness.h"
#include "tests/testing/kms_caller.h"
#include "tests/testing/poll.h"
#include "tests/testing/temp_dir.h"

namespace {

constexpr absl::string_view kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
constexpr absl::string_view kSettings("\0\0\0\4\0\0\0\0\0", 9);
constexpr absl::string_view kPlaintext = "a seed of thirty-two bytes, more";
constexpr size_t kInputsBetweenChecks = 64;

// HPACK: indexed ones of the static table, then literals that are not indexed.
std::string DecryptHeaders() {
  std::string block = "\x83\x86";  // POST, http
  const auto literal = [&block](absl::string_view name, absl::string_view value) {
    absl::StrAppend(&block, absl::string_view("\0", 1), std::string(1, static_cast<char>(name.size())), name,
                    std::string(1, static_cast<char>(value.size())), value);
  };
  literal(":path", "/v2.KeyManagementService/Decrypt");
  literal(":authority", "localhost");
  literal("content-type", "application/grpc");
  literal("te", "trailers");
  std::string frame("\0\0\0\1\4\0\0\0\1", 9);
  frame[2] = static_cast<char>(block.size());
  return frame + block;
}

class Target {
 public:
  Target() {
    FUZZ_CHECK(signet::crypto::InitializeSecureHeap().code() != absl::StatusCode::kResourceExhausted);
    harness_.Start();
    service_ = std::make_unique<signet::KmsService>(signet::KmsServiceOptions(), *harness_.hierarchy);
    signet::UnixListenerOptions listener_options;
    listener_options.path = path();
    auto listener = signet::UnixListener::Create(listener_options);
    FUZZ_CHECK(listener.ok());
    auto server =
        signet::KmsServer::Create({}, *std::move(listener), *service_, observer_, signet::SystemClock());
    FUZZ_CHECK(server.ok());
    server_ = *std::move(server);
    server_->Start();
    caller_ = std::make_unique<signet::testing::KmsCaller>(path());
    CheckOthersAreServed();
  }

  void Visit(uint8_t how, absl::string_view bytes) {
    std::string all;
    if ((how & 1) != 0) absl::StrAppend(&all, kPreface);
    if ((how & 2) != 0) absl::StrAppend(&all, kSettings);
    if ((how & 4) != 0) absl::StrAppend(&all, DecryptHeaders());
    absl::StrAppend(&all, bytes);
    const size_t piece = (how >> 4) == 0 ? all.size() : size_t{1} << (how >> 4);

    const signet::UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const signet::UnixAddress address = signet::ParseUnixAddress(path(), false).value();
    FUZZ_CHECK(::connect(socket.get(), address.get(), address.size) == 0);
    // Never blocks for good: the server reads on, or closes.
    for (absl::string_view rest = all; !rest.empty(); rest.remove_prefix(std::min(piece, rest.size()))) {
      const absl::string_view part = rest.substr(0, piece);
      if (::send(socket.get(), part.data(), part.size(), MSG_NOSIGNAL) < 0) break;
    }
    ::shutdown(socket.get(), SHUT_WR);
    // Until the server has closed as well: libFuzzer's time-out is the check that it does.
    char answer[4096];
    while (::recv(socket.get(), answer, sizeof(answer), 0) > 0) {
    }
    if (++visits_ % kInputsBetweenChecks == 0) CheckOthersAreServed();
  }

  void CheckOthersAreServed() {
    const auto sealed = caller_->Encrypt(std::string(kPlaintext));
    FUZZ_CHECK(sealed.ok());
    FUZZ_CHECK(caller_->Decrypt(*sealed).value_or("") == kPlaintext);
    FUZZ_CHECK(signet::testing::PollUntil([this] { return server_->State().connections == 1; }));
    FUZZ_CHECK(signet::testing::PollUntil([this] { return server_->State().calls_in_flight == 0; }));
  }

 private:
  std::string path() const { return folder_.File("kms.sock"); }

  signet::testing::TempDir folder_;
  signet::testing::HierarchyHarness harness_;
  signet::RpcObserver observer_;
  std::unique_ptr<signet::KmsService> service_;
  std::unique_ptr<signet::KmsServer> server_;
  std::unique_ptr<signet::testing::KmsCaller> caller_;
  size_t visits_ = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  // For the process: gRPC's threads live on after main.
  static Target* const target = new Target();
  if (size == 0) {
    target->CheckOthersAreServed();
    return 0;
  }
  target->Visit(data[0], absl::string_view(reinterpret_cast<const char*>(data) + 1, size - 1));
  return 0;
}
