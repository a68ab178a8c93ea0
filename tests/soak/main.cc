// signet_soak: see soak.h. Exit codes: 0 all promises kept, 1 one broken or a planted fault not found, 2 bad
// arguments.
#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <iostream>
#include <string>

#include "absl/types/span.h"
#include "crypto/random.h"
#include "tests/soak/soak.h"

namespace signet::soak {
namespace {

// Where Debian puts it.
std::string FindFaketime() {
  for (const char* machine : {"x86_64-linux-gnu", "aarch64-linux-gnu"}) {
    const std::string path = std::string("/usr/lib/") + machine + "/faketime/libfaketimeMT.so.1";
    if (std::filesystem::exists(path)) return path;
  }
  return "";
}

int Main(int argc, char** argv) {
  SoakOptions options;
  uint8_t seed[4] = {};
  if (!crypto::SystemRandom().Fill(absl::MakeSpan(seed)).ok()) return 1;
  for (const uint8_t byte : seed) options.seed = options.seed << 8 | byte;
  double minutes = 2;
  bool no_clock = false;
  CLI::App app("signetd under mixed load, killed, paused, rotated and its clock set", "signet_soak");
  app.add_option("--minutes", minutes, "How long")->check(CLI::Range(0.5, 100000.0))->capture_default_str();
  app.add_option("--seed", options.seed, "Of all that is random; printed, so that a run can be repeated");
  app.add_flag("--no-clock-jumps", no_clock, "Needs no libfaketime");
  app.add_flag("--plant-wrong-plaintext", options.plant_wrong_plaintext, "The run must fail");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  options.length = std::chrono::seconds(static_cast<int64_t>(minutes * 60));
  if (!no_clock) {
    options.faketime = FindFaketime();
    if (options.faketime.empty()) {
      std::cerr << "no libfaketime for the clock jumps: install it, or say --no-clock-jumps\n";
      return 2;
    }
  }
  std::cout << "soak: " << options.length.count() << " s, seed " << options.seed << std::endl;
  const bool good = Soak(options, std::cout).Run();
  std::cout << (good ? "soak passed" : "SOAK FAILED") << std::endl;
  return good ? 0 : 1;
}

}  // namespace
}  // namespace signet::soak

// Out of memory ends the process. NOLINTNEXTLINE(bugprone-exception-escape)
int main(int argc, char** argv) { return signet::soak::Main(argc, argv); }
