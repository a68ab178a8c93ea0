#include "bench/macro/mode_figure.h"

#include <grpcpp/grpcpp.h>

#include <atomic>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "bench/macro/signet_process.h"
#include "tests/testing/openbao_client.h"

namespace signet::bench {
namespace {

constexpr int kCallers = 16;
constexpr absl::Duration kTime = absl::Seconds(5);

void WriteConfig(const std::string& folder, const std::string& address, const char* mode) {
  std::filesystem::create_directories(folder + "/state");
  for (const std::string& path : {folder, folder + "/state"}) {
    std::filesystem::permissions(path, std::filesystem::perms::owner_all);
  }
  std::ofstream(folder + "/signetd.yaml", std::ios::trunc)
      << "cluster_id: bench\nstate_directory: " << folder << "/state\nmode: " << mode
      << "\nactive: primary\nproviders:\n  - name: primary\n    vault: {address: \"" << address
      << "\", key: modes, instance: bench, timeout: 20s, auth: {method: token_file, secret_file: " << folder
      << "/token}}\nkms_socket: {path: " << folder << "/kms.sock}\nadmin_socket: {path: " << folder
      << "/admin.sock}\n";
}

double CallsPerSecond(v2::KeyManagementService::Stub& stub) {
  std::atomic<bool> done = false;
  std::atomic<int> calls = 0;
  std::vector<std::thread> callers;
  callers.reserve(kCallers);
  const absl::Time start = absl::Now();
  for (int caller = 0; caller < kCallers; ++caller) {
    callers.emplace_back([&] {
      v2::EncryptRequest request;
      request.set_plaintext(std::string(32, 's'));
      request.set_uid("modes");
      while (!done) {
        grpc::ClientContext context;
        v2::EncryptResponse response;
        const grpc::Status status = stub.Encrypt(&context, request, &response);
        if (!status.ok()) Die(absl::StrCat("Encrypt: ", status.error_message()));
        ++calls;
      }
    });
  }
  absl::SleepFor(kTime);
  const int made = calls;
  const absl::Duration took = absl::Now() - start;
  done = true;
  for (std::thread& caller : callers) caller.join();
  return made / absl::ToDoubleSeconds(took);
}

}  // namespace

void MeasureModes(testing::OpenBaoServer& server, const std::string& bin, const std::string& folder) {
  server.admin().Write("transit/keys/modes");
  const std::string token = server.CreateToken("modes", testing::TransitPolicy("modes"), "1h");
  const auto measure = [&](const char* mode) {
    const std::string home = absl::StrCat(folder, "/", mode);
    WriteConfig(home, server.address(), mode);
    testing::WriteSecretFile(home + "/token", token);
    SignetProcess daemon(absl::StrCat(bin, "/signetd"), home);
    daemon.Start();
    const double rate = CallsPerSecond(daemon.stub());
    daemon.Stop();
    return rate;
  };
  const double direct = measure("direct");
  const double hierarchy = measure("hierarchy");
  std::printf("%-62s %7.0f a second, asking Vault each time %7.0f: %.0f × (at least 20)\n",
              "Encrypt at 16 callers, key in Vault on loopback", hierarchy, direct, hierarchy / direct);
}

}  // namespace signet::bench
