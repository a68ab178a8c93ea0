// signet-figures: the figures that README.md states, measured on the built daemon over its real socket.
// Usage: signet-figures BIN_DIRECTORY
#include <grpcpp/grpcpp.h>
#include <stdlib.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "bench/macro/rotation_figure.h"
#include "bench/macro/signet_process.h"

namespace signet::bench {
namespace {

constexpr int kStarts = 20;
constexpr int kCalls = 1000;
constexpr int kCallers = 100;

struct Stored {
  v2::EncryptResponse response;
  std::string plaintext;
};

Stored Encrypt(v2::KeyManagementService::Stub& stub, int number) {
  Stored stored;
  stored.plaintext = absl::StrCat("seed-", number);
  stored.plaintext.resize(32, '.');
  v2::EncryptRequest request;
  request.set_plaintext(stored.plaintext);
  request.set_uid(absl::StrCat("encrypt-", number));
  grpc::ClientContext context;
  const grpc::Status status = stub.Encrypt(&context, request, &stored.response);
  if (!status.ok()) Die(absl::StrCat("Encrypt: ", status.error_message()));
  return stored;
}

void Decrypt(v2::KeyManagementService::Stub& stub, const Stored& stored) {
  v2::DecryptRequest request;
  request.set_ciphertext(stored.response.ciphertext());
  request.set_key_id(stored.response.key_id());
  request.set_uid("decrypt");
  *request.mutable_annotations() = stored.response.annotations();
  v2::DecryptResponse response;
  grpc::ClientContext context;
  const grpc::Status status = stub.Decrypt(&context, request, &response);
  if (!status.ok()) Die(absl::StrCat("Decrypt: ", status.error_message()));
  if (response.plaintext() != stored.plaintext) Die("Decrypt: wrong plaintext");
}

double Milliseconds(absl::Duration duration) { return absl::ToDoubleMilliseconds(duration); }

void PrintDistribution(const char* what, std::vector<absl::Duration> samples) {
  std::sort(samples.begin(), samples.end());
  const auto at = [&](double share) {
    return Milliseconds(samples[static_cast<size_t>(share * static_cast<double>(samples.size() - 1))]);
  };
  std::printf("%-62s median %7.2f ms   p99 %7.2f ms   max %7.2f ms\n", what, at(0.5), at(0.99), at(1.0));
}

void MeasureStarts(SignetProcess& daemon) {
  std::vector<absl::Duration> samples;
  for (int i = 0; i < kStarts; ++i) {
    samples.push_back(daemon.Start());
    daemon.Stop();
  }
  PrintDistribution("exec to first OK Status (20 starts, state kept)", samples);
}

std::vector<Stored> MeasureMemoryAndBytes(SignetProcess& daemon) {
  std::vector<Stored> stored;
  stored.reserve(kCalls / 2);
  for (int i = 0; i < kCalls / 2; ++i) stored.push_back(Encrypt(daemon.stub(), i));
  for (const Stored& one : stored) Decrypt(daemon.stub(), one);
  std::printf("%-62s %zu KiB\n", "VmRSS after 1,000 calls", daemon.ResidentKib());
  const v2::EncryptResponse& response = stored.front().response;
  size_t bytes = response.key_id().size() + response.ciphertext().size();
  for (const auto& [key, value] : response.annotations()) bytes += key.size() + value.size();
  std::printf("%-62s %zu bytes\n", "key_id, ciphertext and annotation for a 32-byte seed", bytes);
  return stored;
}

// Contract case 9: Status beside 100 callers who encrypt and decrypt.
void MeasureStatusUnderLoad(SignetProcess& daemon, const std::vector<Stored>& stored) {
  std::atomic<bool> done{false};
  std::vector<std::thread> callers;
  callers.reserve(kCallers);
  for (int caller = 0; caller < kCallers; ++caller) {
    callers.emplace_back([&, caller] {
      for (int i = 0; !done; ++i) {
        Encrypt(daemon.stub(), caller * 1000000 + i);
        Decrypt(daemon.stub(), stored[static_cast<size_t>(caller + i) % stored.size()]);
      }
    });
  }
  std::vector<absl::Duration> samples;
  for (int i = 0; i < kCalls; ++i) {
    grpc::ClientContext context;
    v2::StatusResponse response;
    const absl::Time start = absl::Now();
    if (!daemon.stub().Status(&context, {}, &response).ok()) Die("Status failed under load");
    samples.push_back(absl::Now() - start);
  }
  done = true;
  for (std::thread& caller : callers) caller.join();
  PrintDistribution("Status beside 100 callers of Encrypt and Decrypt (1,000 calls)", samples);
}

// Contract case 29: 1,000 distinct tuples on a daemon that has just started, 100 at a time.
void MeasureColdDecrypts(SignetProcess& daemon, const std::vector<Stored>& stored) {
  std::vector<std::vector<absl::Duration>> samples(kCallers);
  std::vector<std::thread> callers;
  for (size_t caller = 0; caller < kCallers; ++caller) {
    callers.emplace_back([&, caller] {
      for (size_t i = caller; i < stored.size(); i += kCallers) {
        const absl::Time start = absl::Now();
        Decrypt(daemon.stub(), stored[i]);
        samples[caller].push_back(absl::Now() - start);
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
  std::vector<absl::Duration> all;
  for (const auto& some : samples) all.insert(all.end(), some.begin(), some.end());
  PrintDistribution("1,000 distinct Decrypts after a start, 100 at a time", all);
}

int Main(const std::string& bin) {
  char folder[] = "/tmp/signet-figures-XXXXXX";
  if (::mkdtemp(folder) == nullptr) Die("mkdtemp");
  const std::string home = absl::StrCat(folder, "/d");
  RunQuietly(absl::StrCat(bin, "/signetctl"), {"init", "--dir", home});
  {
    SignetProcess daemon(absl::StrCat(bin, "/signetd"), home);
    daemon.Start();
    daemon.Stop();
    MeasureStarts(daemon);
    daemon.Start();
    std::vector<Stored> stored = MeasureMemoryAndBytes(daemon);
    MeasureStatusUnderLoad(daemon, stored);
    for (int i = static_cast<int>(stored.size()); i < kCalls; ++i)
      stored.push_back(Encrypt(daemon.stub(), i));
    daemon.Stop();
    daemon.Start();
    MeasureColdDecrypts(daemon, stored);
    daemon.Stop();
  }
  MeasureRotations(bin, absl::StrCat(folder, "/r"));
  std::filesystem::remove_all(folder);
  return 0;
}

}  // namespace
}  // namespace signet::bench

int main(int argc, char** argv) {
  if (argc != 2) signet::bench::Die("usage: signet-figures BIN_DIRECTORY");
  return signet::bench::Main(argv[1]);
}
