#include "tests/soak/judge.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace signet::soak {
namespace {

constexpr size_t kMostTexts = 20;
constexpr std::chrono::seconds kReconnect{5};

}  // namespace

const char* BrokenName(Broken promise) {
  switch (promise) {
    case Broken::kWrongPlaintext:
      return "wrong plaintexts";
    case Broken::kObjectRefused:
      return "stored objects refused";
    case Broken::kForgeryAccepted:
      return "forgeries accepted";
    case Broken::kUnexcusedError:
      return "errors without a reason";
    case Broken::kKeyIdCameBack:
      return "key_ids that came back";
    case Broken::kOther:
      return "others";
  }
  return "";
}

Call Judge::Begin(absl::string_view name, bool given_up) {
  MutexLock lock(mutex_);
  return {std::string(name), given_up, std::chrono::steady_clock::now(), key_ids_.size()};
}

void Judge::EncryptEnded(const Call& call, const absl::Status& status, absl::string_view key_id) {
  Count(call, status);
  if (status.ok()) {
    JudgeKeyId(call, key_id);
  } else {
    JudgeError(call, status);
  }
}

void Judge::StatusEnded(const Call& call, const absl::Status& status, absl::string_view key_id) {
  EncryptEnded(call, status, key_id);
}

void Judge::DecryptEnded(const Call& call, const absl::Status& status, absl::string_view got,
                         absl::string_view encrypted) {
  Count(call, status);
  if (!status.ok()) return JudgeError(call, status);
  if (got != encrypted) Report(Broken::kWrongPlaintext, absl::StrCat(call.name, " answered other bytes"));
}

void Judge::ForgeryEnded(const Call& call, const absl::Status& status) {
  Count(call, status);
  if (status.ok()) return Report(Broken::kForgeryAccepted, absl::StrCat(call.name, " was answered Ok"));
  switch (status.code()) {
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kDataLoss:
    case absl::StatusCode::kNotFound:
      return;
    default:
      JudgeError(call, status);
  }
}

void Judge::OutageBegins(Outage outage) {
  MutexLock lock(mutex_);
  down_ = true;
  last_outage_ = outage;
}

void Judge::OutageEnds() {
  MutexLock lock(mutex_);
  down_ = false;
  excused_until_ = std::chrono::steady_clock::now() + kReconnect;
}

void Judge::Report(Broken promise, const std::string& text) {
  MutexLock lock(mutex_);
  ReportLocked(promise, text);
}

uint64_t Judge::broken(Broken promise) const {
  MutexLock lock(mutex_);
  const auto found = broken_.find(promise);
  return found == broken_.end() ? 0 : found->second;
}

uint64_t Judge::broken() const {
  MutexLock lock(mutex_);
  uint64_t sum = 0;
  for (const auto& [promise, count] : broken_) sum += count;
  return sum;
}

uint64_t Judge::calls() const {
  MutexLock lock(mutex_);
  uint64_t sum = 0;
  for (const auto& [name, count] : calls_) sum += count;
  return sum;
}

size_t Judge::key_ids() const {
  MutexLock lock(mutex_);
  return key_ids_.size();
}

std::map<std::pair<std::string, absl::StatusCode>, uint64_t> Judge::calls_by_code() const {
  MutexLock lock(mutex_);
  return calls_;
}

std::vector<std::string> Judge::texts() const {
  MutexLock lock(mutex_);
  return texts_;
}

void Judge::Count(const Call& call, const absl::Status& status) {
  MutexLock lock(mutex_);
  ++calls_[{call.name, status.code()}];
}

void Judge::JudgeError(const Call& call, const absl::Status& status) {
  const bool gave_up = absl::IsCancelled(status) || absl::IsDeadlineExceeded(status);
  if (call.given_up && gave_up) return;
  MutexLock lock(mutex_);
  // Down now, or so lately that the call began before every client had to know.
  const bool excused = down_ || call.begun < excused_until_;
  if (excused && absl::IsUnavailable(status)) return;
  if (excused && absl::IsCancelled(status) && last_outage_ == Outage::kOrderlyStop) return;
  const bool refused =
      absl::IsInvalidArgument(status) || absl::IsDataLoss(status) || absl::IsNotFound(status);
  ReportLocked(refused ? Broken::kObjectRefused : Broken::kUnexcusedError,
               absl::StrCat(call.name, ": ", status.ToString()));
}

void Judge::JudgeKeyId(const Call& call, absl::string_view key_id) {
  MutexLock lock(mutex_);
  const auto known = std::find(key_ids_.begin(), key_ids_.end(), key_id);
  if (known == key_ids_.end()) {
    key_ids_.emplace_back(key_id);
    return;
  }
  // A call that began before the newer one was seen may well be answered with the older one.
  const size_t place = static_cast<size_t>(known - key_ids_.begin()) + 1;
  if (place < call.newest_key_id) {
    ReportLocked(Broken::kKeyIdCameBack, absl::StrCat(call.name, " names ", key_id, " again"));
  }
}

void Judge::ReportLocked(Broken promise, const std::string& text) {
  ++broken_[promise];
  if (texts_.size() < kMostTexts) texts_.push_back(absl::StrCat(BrokenName(promise), ": ", text));
}

}  // namespace signet::soak
