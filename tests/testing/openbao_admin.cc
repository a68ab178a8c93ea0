#include "tests/testing/openbao_admin.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/clock.h"
#include "base/unique_fd.h"
#include "crypto/random.h"
#include "kms_client/http/curl_transport.h"
#include "kms_client/http/http_library.h"
#include "tests/testing/poll.h"

namespace signet::testing {
namespace {

using kms::HttpMethod;
using nlohmann::json;

// Below those that the kernel gives to outgoing connections: no test that runs beside takes one of these
// between our looking and the server's binding.
constexpr unsigned kFirstPort = 20000;
constexpr unsigned kPorts = 12000;

bool IsGood(int status) { return status >= 200 && status < 300; }

// A name that only one program at a time may have, and that goes with it.
bool Reserve(uint16_t port) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string name = absl::StrCat("signet-test-port-", port);
  // Abstract: the first byte of the path stays zero.
  std::copy(name.begin(), name.end(), address.sun_path + 1);
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
  UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (::bind(fd.get(), reinterpret_cast<sockaddr*>(&address), size) != 0) return false;
  // Held until the program ends.
  return fd.Release() >= 0;
}

bool IsFree(uint16_t port) {
  const UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  return ::bind(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0;
}

}  // namespace

std::string OpenBaoPath() {
  // NOLINTNEXTLINE(concurrency-mt-unsafe): nobody changes the environment
  const char* const path = std::getenv("SIGNET_BAO");
  return path == nullptr ? "" : path;
}

void RequireOpenBao(bool good, const char* what, Process* process) {
  if (good) return;
  ADD_FAILURE() << what << (process == nullptr ? "" : process->Output() + process->Errors());
  std::abort();
}

int FreePort() {
  for (int attempt = 0; attempt < 1000; ++attempt) {
    uint16_t random = 0;
    RequireOpenBao(
        crypto::SystemRandom().Fill(absl::MakeSpan(reinterpret_cast<uint8_t*>(&random), sizeof(random))).ok(),
        "no randomness");
    const auto port = static_cast<uint16_t>(kFirstPort + random % kPorts);
    if (Reserve(port) && IsFree(port)) return port;
  }
  RequireOpenBao(false, "no free port");
  return 0;
}

OpenBaoAdmin::OpenBaoAdmin(std::string address, std::string ca_file) : address_(std::move(address)) {
  RequireOpenBao(kms::InitializeHttpLibrary().ok(), "libcurl");
  kms::HttpSettings settings;
  settings.allow_plain_http = true;
  settings.tls.ca_file = std::move(ca_file);
  // The machine that runs tests may be busy.
  settings.connect_timeout = settings.total_timeout = absl::Minutes(1);
  transport_ = kms::MakeCurlTransport(settings, SystemClock());
}

int OpenBaoAdmin::Try(HttpMethod method, const std::string& path, const json& body, json& answer) {
  kms::HttpRequest request;
  request.operation = "admin";
  request.method = method;
  request.SetUrl(absl::StrCat(address_, "/v1/", path));
  request.AddHeader("X-Vault-Token", token_);
  request.body = crypto::SensitiveString(body.dump());
  request.max_response_bytes = size_t{1} << 20;
  answer = nullptr;
  const absl::StatusOr<kms::HttpResponse> response = transport_->Send(request, {});
  if (!response.ok()) return 0;
  const absl::string_view text = response->body.Expose();
  answer = json::parse(text.begin(), text.end(), nullptr, false);
  return response->status;
}

json OpenBaoAdmin::Do(HttpMethod method, const std::string& path, const json& body) {
  json answer;
  const int status = Try(method, path, body, answer);
  EXPECT_TRUE(IsGood(status)) << path << ": " << status << " " << answer.dump();
  return answer;
}

json OpenBaoAdmin::Ensure(const std::string& path, const json& body) {
  json answer;
  int status = 0;
  const bool answered = PollUntil(
      [&] {
        status = Try(HttpMethod::kPost, path, body, answer);
        return status > 0 && status < 500;
      },
      kOpenBaoPatience);
  EXPECT_TRUE(answered && IsGood(status)) << path << ": " << status << " " << answer.dump();
  return answer;
}

void OpenBaoAdmin::Mount(const std::string& path, const std::string& type) {
  json answer;
  int status = 0;
  // Looks first each time: an answer may have been lost, and a second one would be refused.
  const bool mounted = PollUntil(
      [&] {
        if (Try(HttpMethod::kGet, path, json::object(), answer) == 200) return true;
        status = Try(HttpMethod::kPost, path, {{"type", type}}, answer);
        return IsGood(status);
      },
      kOpenBaoPatience);
  EXPECT_TRUE(mounted) << path << ": " << status << " " << answer.dump();
}

}  // namespace signet::testing
