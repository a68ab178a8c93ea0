// What does sealing and opening an envelope cost beside the OpenSSL operations it cannot do without?
// Expected: BM_SealEnvelope <= 1.3 x BM_SealRawOperations at 32 bytes, about 1 x at 64 KiB.
#include <benchmark/benchmark.h>
#include <openssl/evp.h>
#include <sys/random.h>

#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "crypto/envelope.h"
#include "crypto/local_kek.h"
#include "crypto/random.h"
#include "crypto/secure_heap.h"

namespace signet::crypto {
namespace {

constexpr absl::string_view kKeyId = "local-v1-0123456789abcdef";

void Check(bool condition, const char* what) {
  if (condition) return;
  std::fprintf(stderr, "benchmark: wrong result: %s\n", what);
  std::abort();
}

std::unique_ptr<const LocalKek> MakeKek() {
  Check(InitializeSecureHeap().code() != absl::StatusCode::kResourceExhausted, "secure heap");
  auto secret = GenerateLocalKek(SystemRandom());
  Check(secret.ok(), "random");
  auto kek = LocalKek::Derive(*secret);
  Check(kek.ok(), "derive");
  return *std::move(kek);
}

void BM_SealEnvelope(benchmark::State& state) {
  const auto kek = MakeKek();
  const LocalKekId id{};
  const std::string plaintext(static_cast<size_t>(state.range(0)), 'p');
  for (auto _ : state) {
    auto sealed = SealEnvelope(*kek, id, kKeyId, plaintext, SystemRandom());
    Check(sealed.ok() && sealed->size() == plaintext.size() + kEnvelopeOverheadBytes, "seal");
    benchmark::DoNotOptimize(sealed->data());
  }
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations()) * state.range(0));
}
BENCHMARK(BM_SealEnvelope)->ArgName("bytes")->RangeMultiplier(8)->Range(32, 65536);

void BM_OpenEnvelope(benchmark::State& state) {
  const auto kek = MakeKek();
  const LocalKekId id{};
  const std::string plaintext(static_cast<size_t>(state.range(0)), 'p');
  const auto sealed = SealEnvelope(*kek, id, kKeyId, plaintext, SystemRandom());
  Check(sealed.ok(), "seal");
  for (auto _ : state) {
    const auto view = ParseEnvelope(*sealed);
    Check(view.ok(), "parse");
    auto opened = OpenEnvelope(*kek, kKeyId, *view);
    Check(opened.ok() && opened->Expose() == plaintext, "open");
  }
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations()) * state.range(0));
}
BENCHMARK(BM_OpenEnvelope)->ArgName("bytes")->RangeMultiplier(8)->Range(32, 65536);

// The limit: one getrandom, two inits with key and nonce on reused contexts, two updates, two finals, nothing
// else (no associated data, no tag is read, no result is allocated).
void BM_SealRawOperations(benchmark::State& state) {
  EVP_CIPHER* const cipher = EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr);
  EVP_CIPHER_CTX* const context = EVP_CIPHER_CTX_new();
  Check(EVP_EncryptInit_ex2(context, cipher, nullptr, nullptr, nullptr) == 1, "init");
  const int size = static_cast<int>(state.range(0));
  const std::vector<unsigned char> plaintext(static_cast<size_t>(size), 'p');
  std::vector<unsigned char> out(static_cast<size_t>(size) + 16);
  unsigned char wrap_key[32] = {1};
  unsigned char fresh[56];
  unsigned char wrapped[48];
  int written = 0;
  for (auto _ : state) {
    bool ok = ::getrandom(fresh, sizeof(fresh), 0) == sizeof(fresh);
    ok = ok && EVP_EncryptInit_ex2(context, nullptr, wrap_key, fresh + 32, nullptr) == 1;
    ok = ok && EVP_EncryptUpdate(context, wrapped, &written, fresh, 32) == 1;
    ok = ok && EVP_EncryptFinal_ex(context, wrapped + 32, &written) == 1;
    ok = ok && EVP_EncryptInit_ex2(context, nullptr, fresh, fresh + 44, nullptr) == 1;
    ok = ok && EVP_EncryptUpdate(context, out.data(), &written, plaintext.data(), size) == 1;
    ok = ok && EVP_EncryptFinal_ex(context, out.data() + size, &written) == 1;
    Check(ok, "raw operations");
    benchmark::DoNotOptimize(out.data());
  }
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations()) * state.range(0));
  EVP_CIPHER_CTX_free(context);
  EVP_CIPHER_free(cipher);
}
BENCHMARK(BM_SealRawOperations)->ArgName("bytes")->RangeMultiplier(8)->Range(32, 65536);

}  // namespace
}  // namespace signet::crypto
