// OpenBaoAdmin: an administrator's hand on a test's OpenBao, whose program the path in SIGNET_BAO names
// (scripts/lib/openbao.sh).
#ifndef SIGNET_TESTS_TESTING_OPENBAO_ADMIN_H_
#define SIGNET_TESTS_TESTING_OPENBAO_ADMIN_H_

#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "kms_client/http/http_transport.h"
#include "tests/testing/process.h"

namespace signet::testing {

// How long a server on a busy machine may take to start, to elect or to answer before a test gives up on it.
inline constexpr std::chrono::milliseconds kOpenBaoPatience = std::chrono::minutes(2);

// Empty where SIGNET_BAO is not set: tests then skip.
std::string OpenBaoPath();

// A port that was free a moment ago and is none that the kernel gives out by itself: nobody listens there
// unless asked to by number. No other program that asks here gets it while this one runs.
int FreePort();

// Ends the test program, which cannot do without, unless `good`; with what `process` wrote.
void RequireOpenBao(bool good, const char* what, Process* process = nullptr);

// Sends administrator's requests. Not thread-safe.
class OpenBaoAdmin {
 public:
  OpenBaoAdmin(std::string address, std::string ca_file);

  const std::string& address() const { return address_; }
  void set_token(std::string token) { token_ = std::move(token); }

  // The HTTP status, 0 where nothing answered; `answer` gets the JSON, or null.
  int Try(kms::HttpMethod method, const std::string& path, const nlohmann::json& body,
          nlohmann::json& answer);
  // Sent once. Fails the test unless the status is 2xx.
  nlohmann::json Do(kms::HttpMethod method, const std::string& path,
                    const nlohmann::json& body = nlohmann::json::object());
  nlohmann::json Write(const std::string& path, const nlohmann::json& body = nlohmann::json::object()) {
    return Do(kms::HttpMethod::kPost, path, body);
  }
  // A write that may take place twice: sent again while nobody answers or no leader is there to do it. Fails
  // the test unless the status is 2xx in the end.
  nlohmann::json Ensure(const std::string& path, const nlohmann::json& body = nlohmann::json::object());
  // Enables an engine of this type at "sys/mounts/…" or "sys/auth/…", unless there is one.
  void Mount(const std::string& path, const std::string& type);

 private:
  const std::string address_;
  std::string token_ = "root";
  std::unique_ptr<kms::HttpTransport> transport_;
};

}  // namespace signet::testing

#endif  // SIGNET_TESTS_TESTING_OPENBAO_ADMIN_H_
