#include "tests/testing/openbao_witness.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <utility>

#include "tests/testing/openbao_admin.h"
#include "tests/testing/poll.h"

namespace signet::testing {

OpenBaoWitness::OpenBaoWitness(const OpenBaoCluster& cluster, std::string key, std::string token)
    : addresses_(cluster.addresses()),
      ca_file_(cluster.ca_file()),
      path_("transit/encrypt/" + std::move(key)),
      token_(std::move(token)),
      last_(SystemClock().Monotonic()),
      thread_([this] { Run(); }) {}

OpenBaoWitness::~OpenBaoWitness() {
  done_ = true;
  thread_.join();
}

absl::Duration OpenBaoWitness::SlowestSince(MonotonicTime start) const {
  MutexLock lock(mutex_);
  absl::Duration slowest = SystemClock().Monotonic() - last_;
  for (const Answer& answer : answers_) {
    if (answer.came >= start) slowest = std::max(slowest, answer.came - answer.asked);
  }
  return slowest;
}

void OpenBaoWitness::Run() {
  std::vector<std::unique_ptr<OpenBaoAdmin>> nodes;
  for (const std::string& address : addresses_) {
    nodes.push_back(std::make_unique<OpenBaoAdmin>(address, ca_file_));
    nodes.back()->set_token(token_);
  }
  MonotonicTime asked = SystemClock().Monotonic();
  size_t next = 0;
  do {
    nlohmann::json answer;
    // A node that was killed says so at once.
    nodes[next++ % nodes.size()]->Try(kms::HttpMethod::kPost, path_, {{"plaintext", "c2VlZA=="}}, answer);
    const MonotonicTime now = SystemClock().Monotonic();
    MutexLock lock(mutex_);
    answers_.push_back({asked, now});
    last_ = asked = now;
  } while (!PollUntil([this] { return done_.load(); }, std::chrono::milliseconds(10)));
}

}  // namespace signet::testing
