#include "bench/macro/rotation_figure.h"

#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "bench/macro/signet_process.h"

namespace signet::bench {
namespace {

constexpr int kCallers = 16;
constexpr int kRotations = 20;
constexpr absl::Duration kBeforeIt = absl::Milliseconds(800);
// After the announcement: the first calls under the new key are part of it.
constexpr absl::Duration kAfterIt = absl::Milliseconds(200);

// Short enough that a rotation is mostly the switch, with its preparation, and not the waiting for it.
constexpr char kSettings[] =
    "allow_remote_rotation: true\n"
    "watch: {interval: 1h, confirm_interval: 100ms, activation_delay: 100ms}\n";

enum class Phase { kOther, kBefore, kDuring, kEnd };

// One caller's samples; nobody else's until the callers are joined.
struct Samples {
  std::vector<absl::Duration> before;
  std::vector<absl::Duration> during;
};

void Call(v2::KeyManagementService::Stub& stub, const std::atomic<Phase>& phase, Samples& samples) {
  v2::EncryptRequest request;
  request.set_plaintext(std::string(32, 's'));
  request.set_uid("rotation");
  for (Phase now = phase; now != Phase::kEnd; now = phase) {
    grpc::ClientContext context;
    v2::EncryptResponse response;
    const absl::Time start = absl::Now();
    const grpc::Status status = stub.Encrypt(&context, request, &response);
    const absl::Duration took = absl::Now() - start;
    if (!status.ok()) Die(absl::StrCat("Encrypt beside a rotation: ", status.error_message()));
    if (now == Phase::kBefore) samples.before.push_back(took);
    if (now == Phase::kDuring) samples.during.push_back(took);
  }
}

double P99(std::vector<absl::Duration> samples) {
  if (samples.empty()) Die("no calls beside a rotation");
  const auto at = samples.begin() + static_cast<std::ptrdiff_t>(samples.size() * 99 / 100);
  std::nth_element(samples.begin(), at, samples.end());
  return absl::ToDoubleMilliseconds(*at);
}

void AllowRotation(const std::string& config) {
  std::ifstream file(config);
  const std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  std::ofstream(config, std::ios::trunc)
      << absl::StrReplaceAll(text, {{"      keyring:", "      allow_rotate: true\n      keyring:"}})
      << kSettings;
}

}  // namespace

void MeasureRotations(const std::string& bin, const std::string& folder) {
  const std::string ctl = absl::StrCat(bin, "/signetctl");
  const std::string config = absl::StrCat(folder, "/signetd.yaml");
  RunQuietly(ctl, {"init", "--dir", folder});
  AllowRotation(config);
  SignetProcess daemon(absl::StrCat(bin, "/signetd"), folder);
  daemon.Start();

  std::atomic<Phase> phase{Phase::kOther};
  std::vector<Samples> samples(kCallers);
  std::vector<std::thread> callers;
  callers.reserve(samples.size());
  for (Samples& one : samples) {
    callers.emplace_back([&daemon, &phase, &one] { Call(daemon.stub(), phase, one); });
  }
  for (int i = 0; i < kRotations; ++i) {
    absl::SleepFor(kAfterIt);
    phase = Phase::kBefore;
    absl::SleepFor(kBeforeIt);
    phase = Phase::kDuring;
    RunQuietly(ctl, {"rotate", "remote", "--yes", "--wait", "--timeout", "60s", "--config", config});
    absl::SleepFor(kAfterIt);
    phase = Phase::kOther;
  }
  phase = Phase::kEnd;
  for (std::thread& caller : callers) caller.join();
  daemon.Stop();

  std::vector<absl::Duration> before, during;
  for (const Samples& one : samples) {
    before.insert(before.end(), one.before.begin(), one.before.end());
    during.insert(during.end(), one.during.begin(), one.during.end());
  }
  const double quiet = P99(before), switching = P99(during);
  const std::string what = absl::StrCat("Encrypt by ", kCallers, " callers over ", kRotations,
                                        " rotations, 0 failed of ", before.size() + during.size());
  std::printf("%-62s p99 before %7.2f ms   during %7.2f ms   ratio %4.2f\n", what.c_str(), quiet, switching,
              switching / quiet);
}

}  // namespace signet::bench
