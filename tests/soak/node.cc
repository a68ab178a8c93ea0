#include "tests/soak/node.h"

#include <signal.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <system_error>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "tests/soak/stop_signal.h"
#include "tests/testing/paths.h"
#include "tests/testing/process.h"

namespace signet::soak {
namespace {

// Short enough for several local KEKs in one run, by age and by use, and for rotations without a restart.
constexpr char kSettings[] =
    "local_kek:\n  lifetime: 90s\n  max_uses: 150000\noffline_limit: 30s\n"
    "watch:\n  interval: 2s\n  confirm_interval: 500ms\n  activation_delay: 2s\n  probe_interval: 5s\n";
constexpr size_t kLogTail = 4000;

}  // namespace

Node::Node(std::string faketime, Judge& judge) : faketime_(std::move(faketime)), judge_(judge) {
  home_.Configure(kSettings);
  SetClock(absl::ZeroDuration());
  counts_.clock_jumps = 0;
}

bool Node::Start() {
  daemon_ = std::make_unique<testing::DaemonProcess>(home_, Environment());
  const bool ready = daemon_->WaitUntilReady();
  judge_.OutageEnds();
  if (!ready) judge_.Report(Broken::kOther, "signetd did not start");
  return ready;
}

void Node::KillAndRestart() {
  judge_.OutageBegins(Judge::Outage::kCrash);
  if (!daemon_->Running()) judge_.Report(Broken::kOther, "signetd ended by itself");
  daemon_->Kill();
  Ended();
  ++counts_.kills;
  Start();
}

void Node::StopAndRestart() {
  Stop();
  ++counts_.stops;
  Start();
}

void Node::Stop() {
  judge_.OutageBegins(Judge::Outage::kOrderlyStop);
  const int exit_code = daemon_->Stop();
  if (exit_code != 0) judge_.Report(Broken::kOther, absl::StrCat("signetd ended with ", exit_code));
  Ended();
}

void Node::Pause(absl::Duration time) {
  daemon_->Signal(SIGSTOP);
  static_cast<void>(StopSignal().Pause(absl::ToChronoMicroseconds(time)));
  daemon_->Signal(SIGCONT);
  ++counts_.pauses;
}

void Node::Rotate() {
  const testing::ProcessResult result = testing::RunProcess(
      {{testing::ProgramPath("signetctl"), "keyring", "add", "--activate", "--keyring", home_.keyring()},
       Environment(),
       {}});
  if (result.exit_code != 0) judge_.Report(Broken::kOther, absl::StrCat("keyring add: ", result.errors));
  ++counts_.rotations;
}

void Node::SetClock(absl::Duration offset) {
  // Renamed into place: it is read at any moment.
  const std::string path = home_.path() + "/clock";
  std::ofstream(path + ".new") << absl::StrFormat("%+d\n", absl::ToInt64Seconds(offset));
  std::filesystem::rename(path + ".new", path);
  ++counts_.clock_jumps;
}

int Node::Descriptors() const {
  std::error_code error;
  const std::filesystem::directory_iterator folder(absl::StrCat("/proc/", daemon_->pid(), "/fd"), error);
  return error ? -1 : static_cast<int>(std::distance(begin(folder), end(folder)));
}

int64_t Node::ResidentKibibytes() const {
  std::ifstream status(absl::StrCat("/proc/", daemon_->pid(), "/status"));
  std::string line;
  while (std::getline(status, line)) {
    absl::string_view value = line;
    int64_t kibibytes = 0;
    if (absl::ConsumePrefix(&value, "VmRSS:") && absl::ConsumeSuffix(&value, "kB") &&
        absl::SimpleAtoi(value, &kibibytes)) {
      return kibibytes;
    }
  }
  return -1;
}

std::string Node::EndOfLog() const {
  const std::string log = daemon_ == nullptr ? last_log_ : daemon_->Logs();
  return log.size() <= kLogTail ? log : log.substr(log.size() - kLogTail);
}

void Node::Ended() {
  last_log_ = daemon_->Logs();
  daemon_.reset();
  for (const absl::string_view line : absl::StrSplit(last_log_, '\n')) {
    absl::Time time;
    if (absl::ParseTime(absl::RFC3339_full, line.substr(0, line.find(' ')), &time, nullptr)) {
      furthest_log_time_ = std::max(furthest_log_time_, time - absl::Now());
    }
  }
}

std::vector<std::string> Node::Environment() const {
  if (faketime_.empty()) return {};
  // Only the wall clock is set, as a person or NTP can; the kernel's monotonic clocks and files' times stay
  // true.
  return {"LD_PRELOAD=" + faketime_, "FAKETIME_TIMESTAMP_FILE=" + home_.path() + "/clock",
          "FAKETIME_CACHE_DURATION=1", "FAKETIME_DONT_FAKE_MONOTONIC=1", "NO_FAKE_STAT=1"};
}

}  // namespace signet::soak
