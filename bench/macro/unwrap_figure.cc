#include "bench/macro/unwrap_figure.h"

#include <curl/curl.h>
#include <time.h>

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <fstream>
#include <functional>
#include <iterator>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "bench/macro/signet_process.h"
#include "crypto/base64.h"
#include "crypto/random.h"
#include "kms_client/resilience/resilient_kms_client.h"
#include "tests/testing/openbao_client.h"
#include "tests/testing/process.h"
#include "tests/testing/temp_dir.h"

namespace signet::bench {
namespace {

constexpr int kBlocks = 12;
constexpr int kWarmUp = 50;
constexpr int kCalls = 400;
constexpr char kKey[] = "unwrap";
const kms::WrapContext kContext{"bench"};

int64_t Nanoseconds(clockid_t clock) {
  timespec now{};
  if (::clock_gettime(clock, &now) != 0) Die("clock_gettime");
  return int64_t{now.tv_sec} * 1000000000 + now.tv_nsec;
}

std::string ReadFile(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

void Measure(const std::function<void()>& call) {
  for (int i = 0; i < kWarmUp; ++i) call();
  std::vector<int64_t> latencies;
  const int64_t cpu = Nanoseconds(CLOCK_PROCESS_CPUTIME_ID);
  for (int i = 0; i < kCalls; ++i) {
    const int64_t start = Nanoseconds(CLOCK_MONOTONIC);
    call();
    latencies.push_back(Nanoseconds(CLOCK_MONOTONIC) - start);
  }
  const int64_t spent = Nanoseconds(CLOCK_PROCESS_CPUTIME_ID) - cpu;
  std::nth_element(latencies.begin(), latencies.begin() + kCalls / 2, latencies.end());
  std::printf("%" PRId64 " %" PRId64 "\n", spent / kCalls, latencies[kCalls / 2]);
}

size_t Append(char* data, size_t size, size_t count, void* text) {
  static_cast<std::string*>(text)->append(data, size * count);
  return size * count;
}

void MeasureBare(const std::string& folder) {
  ::curl_global_init(CURL_GLOBAL_DEFAULT);
  CURL* const curl = ::curl_easy_init();
  if (curl == nullptr) Die("libcurl");
  const std::string url = absl::StrCat(ReadFile(folder + "/address"), "/v1/transit/decrypt/", kKey);
  const std::string body = ReadFile(folder + "/body");
  const std::string token = absl::StrCat("X-Vault-Token: ", ReadFile(folder + "/token"));
  curl_slist* headers = nullptr;
  for (const char* const line : {token.c_str(), "Accept: application/json", "Content-Type: application/json",
                                 "X-Vault-Request: true", "Expect:"}) {
    headers = ::curl_slist_append(headers, line);
  }
  std::string answer;
  ::curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
  ::curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
  ::curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body.c_str());
  ::curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, static_cast<long>(body.size()));
  ::curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, &Append);
  ::curl_easy_setopt(curl, CURLOPT_WRITEDATA, &answer);
  ::curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  Measure([&] {
    answer.clear();
    long status = 0;
    if (::curl_easy_perform(curl) != CURLE_OK ||
        ::curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status) != CURLE_OK || status != 200) {
      Die(absl::StrCat("bare unwrap: HTTP ", status));
    }
  });
  ::curl_slist_free_all(headers);
  ::curl_easy_cleanup(curl);
}

// As signetd has it, with everything around it.
std::unique_ptr<kms::KmsClient> Connect(const std::string& address, const std::string& token_file,
                                        kms::RemoteCallObserver& observer) {
  return kms::MakeResilientKmsClient(
      testing::ConnectOpenBao(testing::SettingsFor({address}, kKey, token_file), observer),
      kms::ResilienceSettings(), "primary", SystemClock(), crypto::SystemRandom(), observer);
}

kms::WrapResult Wrap(kms::KmsClient& client) {
  absl::StatusOr<crypto::SecretBytes> plaintext = crypto::SecretBytes::Create(32);
  if (!plaintext.ok()) Die("no secure memory");
  absl::StatusOr<kms::WrapResult> wrapped = client.Wrap({}, *plaintext, kContext);
  if (!wrapped.ok()) Die(std::string(wrapped.status().message()));
  return *std::move(wrapped);
}

void MeasureClient(const std::string& folder) {
  kms::RemoteCallObserver observer;
  const auto client = Connect(ReadFile(folder + "/address"), folder + "/token", observer);
  const kms::WrapResult wrapped = Wrap(*client);
  Measure([&] {
    kms::CallContext call;
    call.deadline = SystemClock().Monotonic() + absl::Seconds(20);
    const auto unwrapped = client->Unwrap(call, wrapped.backend_field, wrapped.blob, kContext);
    if (!unwrapped.ok()) Die(absl::StrCat("unwrap: ", unwrapped.status().message()));
  });
}

struct Block {
  int64_t cpu = 0;
  int64_t latency = 0;
};

Block RunBlock(const std::string& self, const char* kind, const std::string& folder) {
  const testing::ProcessResult result =
      testing::RunProcess({.arguments = {self, "--unwrap-block", kind, folder}});
  Block block;
  const std::vector<std::string> numbers =
      absl::StrSplit(result.output, absl::ByAnyChar(" \n"), absl::SkipEmpty());
  if (result.exit_code != 0 || numbers.size() != 2 || !absl::SimpleAtoi(numbers[0], &block.cpu) ||
      !absl::SimpleAtoi(numbers[1], &block.latency)) {
    Die(absl::StrCat("a block of ", kind, ": ", result.errors));
  }
  return block;
}

Block Median(std::vector<Block> blocks) {
  const auto middle = [&blocks](int64_t Block::*field) {
    std::nth_element(blocks.begin(), blocks.begin() + kBlocks / 2, blocks.end(),
                     [field](const Block& a, const Block& b) { return a.*field < b.*field; });
    return blocks[kBlocks / 2].*field;
  };
  return {middle(&Block::cpu), middle(&Block::latency)};
}

void Print(const char* what, int64_t client, int64_t bare, double most) {
  std::printf("%-62s %7.1f µs, bare libcurl %7.1f µs: %.2f × (at most %.1f)\n", what,
              static_cast<double>(client) / 1000, static_cast<double>(bare) / 1000,
              static_cast<double>(client) / static_cast<double>(bare), most);
}

}  // namespace

int RunUnwrapBlock(const std::string& kind, const std::string& folder) {
  if (kind == "bare") {
    MeasureBare(folder);
  } else {
    MeasureClient(folder);
  }
  return 0;
}

void MeasureUnwrap(testing::OpenBaoServer& server, const std::string& self) {
  const testing::TempDir folder;
  server.admin().Write(absl::StrCat("transit/keys/", kKey));
  std::ofstream(folder.File("address")) << server.address();
  testing::WriteSecretFile(folder.File("token"),
                           server.CreateToken(kKey, testing::TransitPolicy(kKey), "1h"));
  {
    kms::RemoteCallObserver observer;
    const kms::WrapResult wrapped = Wrap(*Connect(server.address(), folder.File("token"), observer));
    // As kms_client/vault/FORMAT.md says what a blob is.
    std::ofstream(folder.File("body"))
        << R"({"ciphertext":"vault:v1:)" << crypto::Base64Encode(wrapped.blob) << R"(","associated_data":")"
        << crypto::Base64Encode(kContext.ToJson()) << R"("})";
  }
  std::vector<Block> bare;
  std::vector<Block> client;
  for (int i = 0; i < kBlocks; ++i) {
    bare.push_back(RunBlock(self, "bare", folder.path()));
    client.push_back(RunBlock(self, "client", folder.path()));
  }
  const Block of_bare = Median(bare);
  const Block of_client = Median(client);
  Print("one Transit unwrap, CPU", of_client.cpu, of_bare.cpu, 1.2);
  Print("one Transit unwrap, latency", of_client.latency, of_bare.latency, 1.1);
}

}  // namespace signet::bench
