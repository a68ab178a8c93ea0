// FaultyFront: a reverse proxy on loopback before a KMS, fake or real, that passes requests on until a test
// tells it what to answer or how to break instead.
#ifndef SIGNET_TESTS_TESTING_FAULTY_FRONT_H_
#define SIGNET_TESTS_TESTING_FAULTY_FRONT_H_

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/mutex.h"
#include "kms_client/http/http_transport.h"
#include "tests/testing/loopback_server.h"

namespace signet::testing {

// Thread-safe.
class FaultyFront {
 public:
  // The answer in place of the KMS's; nullopt passes the request on.
  using Rule = std::function<std::optional<LoopbackReply>(const LoopbackRequest&)>;

  // `behind` answers what the front does not answer itself; called from many threads.
  explicit FaultyFront(LoopbackServer::Handler behind);
  FaultyFront(LoopbackServer::Handler behind, const LoopbackTls& tls);

  std::string url() const { return server_->url(); }
  size_t requests() const { return server_->requests().size(); }

  // From the next request on.
  void Set(Rule rule);
  void AlwaysAnswer(LoopbackReply reply);
  // Passes everything on, broken like this.
  void Break(LoopbackFault fault);
  void Mend();

 private:
  LoopbackReply Handle(const LoopbackRequest& request);

  const LoopbackServer::Handler behind_;
  Mutex mutex_;
  Rule rule_ ABSL_GUARDED_BY(mutex_);
  LoopbackFault fault_ ABSL_GUARDED_BY(mutex_) = LoopbackFault::kNone;
  // Last: its threads use all of the above.
  std::unique_ptr<LoopbackServer> server_;
};

// Sends `request`, its Host header included, to `base_url` and returns what comes back; 502 where nothing
// does.
LoopbackReply Forward(kms::HttpTransport& transport, const std::string& base_url,
                      const LoopbackRequest& request);

}  // namespace signet::testing

#endif  // SIGNET_TESTS_TESTING_FAULTY_FRONT_H_
