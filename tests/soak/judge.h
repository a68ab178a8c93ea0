// Judge: hears every answer of the daemon, counts it, and says which broke a promise:
// - an Ok with other bytes than were encrypted, a stored object that is refused, a forgery that is accepted;
// - an error without a reason: UNAVAILABLE is excused while the daemon is down, CANCELLED while it stops in
// order (gRPC
//   says so of calls that it had read and not yet handed over), both and DEADLINE_EXCEEDED when the caller
//   gave up, nothing else ever;
// - a key_id that comes back after another was announced.
#ifndef SIGNET_TESTS_SOAK_JUDGE_H_
#define SIGNET_TESTS_SOAK_JUDGE_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "base/mutex.h"

namespace signet::soak {

enum class Broken {
  kWrongPlaintext,
  kObjectRefused,
  kForgeryAccepted,
  kUnexcusedError,
  kKeyIdCameBack,
  kOther
};
const char* BrokenName(Broken promise);

// What the judge has to know of a call before it is made.
struct Call {
  std::string name;       // "Encrypt", "Decrypt", "Status", "forged Decrypt"
  bool given_up = false;  // the caller cancels it, or gives it a deadline that it may miss
  std::chrono::steady_clock::time_point begun;
  size_t newest_key_id = 0;
};

// Thread-safe.
class Judge {
 public:
  Call Begin(absl::string_view name, bool given_up = false);
  // Each counts the call; `status` is the daemon's or the transport's.
  void EncryptEnded(const Call& call, const absl::Status& status, absl::string_view key_id);
  void StatusEnded(const Call& call, const absl::Status& status, absl::string_view key_id);
  void DecryptEnded(const Call& call, const absl::Status& status, absl::string_view got,
                    absl::string_view encrypted);
  // Of a tuple that nobody sealed: no answer may be Ok.
  void ForgeryEnded(const Call& call, const absl::Status& status);

  // The daemon is down from the one to the other; what overlaps is excused.
  enum class Outage { kCrash, kOrderlyStop };
  void OutageBegins(Outage outage);
  void OutageEnds();

  void Report(Broken promise, const std::string& text);

  uint64_t broken(Broken promise) const;
  uint64_t broken() const;
  uint64_t calls() const;
  size_t key_ids() const;
  std::map<std::pair<std::string, absl::StatusCode>, uint64_t> calls_by_code() const;
  // The first few, for people.
  std::vector<std::string> texts() const;

 private:
  void Count(const Call& call, const absl::Status& status);
  // Of an error for which the daemon itself is to blame unless there is an excuse.
  void JudgeError(const Call& call, const absl::Status& status);
  void JudgeKeyId(const Call& call, absl::string_view key_id);
  void ReportLocked(Broken promise, const std::string& text) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  mutable Mutex mutex_;
  std::map<std::pair<std::string, absl::StatusCode>, uint64_t> calls_ ABSL_GUARDED_BY(mutex_);
  std::map<Broken, uint64_t> broken_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::string> texts_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::string> key_ids_ ABSL_GUARDED_BY(mutex_);  // in the order in which they were announced
  bool down_ ABSL_GUARDED_BY(mutex_) = false;
  Outage last_outage_ ABSL_GUARDED_BY(mutex_) = Outage::kCrash;
  // Clients may need this long after the daemon is back to notice that their old connection is dead.
  std::chrono::steady_clock::time_point excused_until_ ABSL_GUARDED_BY(mutex_){};
};

}  // namespace signet::soak

#endif  // SIGNET_TESTS_SOAK_JUDGE_H_
