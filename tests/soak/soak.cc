#include "tests/soak/soak.h"

#include <algorithm>
#include <memory>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "tests/soak/caller.h"
#include "tests/soak/controls.h"
#include "tests/soak/resources.h"
#include "tests/testing/poll.h"

namespace signet::soak {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

// With the one that watches the daemon come up: as many connections as it takes.
constexpr size_t kCallers = 47;
constexpr size_t kRudeClients = 16;
constexpr size_t kConnections = 64;
constexpr size_t kObjects = 20000;
// Two for each connection, and what gRPC opens when it is first used.
constexpr int kIdleSlack = 8;
constexpr int kMostDescriptorsAboveIdle = 2 * static_cast<int>(kConnections) + 2 * kIdleSlack;
constexpr double kResidentSlackKibibytes = 2048;
constexpr int64_t kDay = 86'400;

}  // namespace

Soak::Soak(const SoakOptions& options, std::ostream& out)
    : options_(options),
      out_(out),
      random_(options.seed),
      objects_(kObjects),
      node_(options.faketime, judge_) {}

bool Soak::Run() {
  if (!node_.Start()) {
    out_ << node_.EndOfLog();
    return false;
  }
  const bool controls = PlantedFaultsAreFound(node_.kms_socket(), random_(), out_);
  out_ << std::flush;
  // What the controls opened is closed by now, or soon.
  idle_descriptors_ = node_.Descriptors();
  static_cast<void>(testing::PollUntil(
      [this] {
        idle_descriptors_ = std::min(idle_descriptors_, node_.Descriptors());
        return false;
      },
      milliseconds(1000), milliseconds(20)));
  UnderLoad();
  if (judge_.broken() > 0) {
    for (const std::string& text : judge_.texts()) out_ << "BROKEN " << text << '\n';
    out_ << "end of signetd's log:\n" << node_.EndOfLog();
  }
  return controls && judge_.broken() == 0;
}

void Soak::UnderLoad() {
  const auto end = steady_clock::now() + options_.length;
  RudeClients rude(node_.kms_socket(), kRudeClients, random_(), stop_);
  std::vector<std::thread> callers;
  for (size_t i = 0; i < kCallers; ++i) {
    callers.emplace_back(
        [this, seed = random_()] { Caller(node_.kms_socket(), seed, judge_, objects_).Run(stop_); });
  }
  RoughTime(end - options_.length / 3);
  LongLife(end);
  stop_.Stop();
  for (std::thread& caller : callers) caller.join();
  ReadEverything();
  JudgeIdleDescriptors();
  node_.Stop();
  JudgeClock();
  PrintAccount(rude);
}

void Soak::RoughTime(steady_clock::time_point until) {
  if (node_.has_clock()) node_.SetClock(absl::Seconds(kDay));
  node_.KillAndRestart();
  while (steady_clock::now() < until) {
    Pause(500, 6000);
    OneAct();
  }
}

void Soak::OneAct() {
  switch (random_() % 10) {
    case 0:
    case 1:
    case 2:
    case 3:
      return node_.KillAndRestart();
    case 4: {
      // Once more before it is up: a crash while starting.
      node_.KillAndRestart();
      return node_.KillAndRestart();
    }
    case 5:
      return node_.StopAndRestart();
    case 6:
      return node_.Pause(absl::Milliseconds(random_() % 1000));
    case 7:
      return node_.Rotate();
    default:
      // Back as well as on, by up to ten days: more than any limit of time that the daemon keeps but one.
      if (!node_.has_clock()) return;
      return node_.SetClock(absl::Seconds(static_cast<int64_t>(random_() % (20 * kDay)) - 10 * kDay));
  }
}

void Soak::LongLife(steady_clock::time_point until) {
  node_.KillAndRestart();
  while (steady_clock::now() < until) {
    Pause(250, 250);
    resident_kibibytes_.push_back(node_.ResidentKibibytes());
    descriptors_.push_back(node_.Descriptors());
    if (resident_kibibytes_.size() % 40 == 0) node_.Pause(absl::Milliseconds(random_() % 1000));
    if (resident_kibibytes_.size() % 60 == 0 && node_.has_clock()) {
      node_.SetClock(absl::Seconds(static_cast<int64_t>(random_() % kDay)));
    }
  }
  const Flatness resident = JudgeFlatness(resident_kibibytes_, kResidentSlackKibibytes);
  if (!resident.flat) judge_.Report(Broken::kOther, "resident memory grows");
  if (!JudgeFlatness(descriptors_, 2 * kRudeClients).flat) judge_.Report(Broken::kOther, "descriptors grow");
  if (*std::max_element(descriptors_.begin(), descriptors_.end()) >
      idle_descriptors_ + kMostDescriptorsAboveIdle) {
    judge_.Report(Broken::kOther, "more descriptors than 64 connections need");
  }
}

void Soak::ReadEverything() {
  Caller reader(node_.kms_socket(), random_(), judge_, objects_);
  bool planted = !options_.plant_wrong_plaintext;
  for (const std::shared_ptr<const Object>& object : objects_.All()) {
    Object expected = *object;
    if (!std::exchange(planted, true)) expected.plaintext.front() ^= 1;
    reader.Decrypt(expected);
  }
}

void Soak::JudgeIdleDescriptors() {
  // gRPC and the kernel may take a moment over the last connections.
  const int most = idle_descriptors_ + kIdleSlack;
  if (!testing::PollUntil([&] { return node_.Descriptors() <= most; })) {
    judge_.Report(Broken::kOther, absl::StrCat("descriptors without any client: ", idle_descriptors_,
                                               ", then ", node_.Descriptors()));
  }
}

void Soak::JudgeClock() {
  if (!node_.has_clock() || node_.FurthestLogTime() > absl::Hours(12)) return;
  judge_.Report(Broken::kOther, "the clock was set and signetd did not see it");
}

void Soak::PrintAccount(const RudeClients& rude) {
  for (const auto& [call, count] : judge_.calls_by_code()) {
    out_ << absl::StreamFormat("%-15s %-20s %9d\n", call.first, absl::StatusCodeToString(call.second), count);
  }
  const NodeCounts& counts = node_.counts();
  out_ << absl::StreamFormat(
      "calls %d; kills survived %d; orderly restarts %d; pauses %d; rotations %d; key_ids %d; clock jumps "
      "%d\n",
      judge_.calls(), counts.kills, counts.stops, counts.pauses, counts.rotations, judge_.key_ids(),
      counts.clock_jumps);
  out_ << absl::StreamFormat("connections %d at most; rude ones %d, closed by signetd %d\n", kConnections,
                             rude.connections(), rude.closed_by_daemon());
  const Flatness resident = JudgeFlatness(resident_kibibytes_, kResidentSlackKibibytes);
  const Flatness descriptors = JudgeFlatness(descriptors_, 2 * kRudeClients);
  out_ << absl::StreamFormat("resident %.1f then %.1f MiB; descriptors %.0f then %.0f under load, %d idle\n",
                             resident.before / 1024, resident.after / 1024, descriptors.before,
                             descriptors.after, idle_descriptors_);
  out_ << absl::StreamFormat("objects read at the end %d; wrong plaintexts %d; broken promises %d\n",
                             objects_.All().size(), judge_.broken(Broken::kWrongPlaintext), judge_.broken());
}

void Soak::Pause(uint64_t least_milliseconds, uint64_t most_milliseconds) {
  static_cast<void>(stop_.Pause(
      milliseconds(least_milliseconds + random_() % (most_milliseconds - least_milliseconds + 1))));
}

}  // namespace signet::soak
