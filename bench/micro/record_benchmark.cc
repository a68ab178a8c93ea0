// What does every Decrypt pay for its record: the hash of the annotation and, on a miss, the strict parse?
#include <benchmark/benchmark.h>

#include <cstdlib>
#include <string>

#include "crypto/record.h"

namespace signet::crypto {
namespace {

std::string MakeRecordBytes(size_t entries) {
  Record record;
  record.key_id = "local-v1-0123456789abcdef";
  record.created_unix_seconds = 1700000000;
  record.entries.resize(entries);
  for (RecordEntry& entry : record.entries) {
    entry.provider_type = static_cast<uint8_t>(ProviderType::kLocal);
    entry.backend_field.assign(8, 'v');
    entry.blob.assign(60, 'b');
  }
  auto encoded = EncodeRecordWithoutMac(record);
  if (!encoded.ok()) std::abort();
  return *encoded + std::string(kRecordMacBytes, 'm');
}

void BM_ComputeLocalKekId(benchmark::State& state) {
  const std::string bytes = MakeRecordBytes(static_cast<size_t>(state.range(0)));
  for (auto _ : state) benchmark::DoNotOptimize(ComputeLocalKekId(bytes));
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * bytes.size()));
}
BENCHMARK(BM_ComputeLocalKekId)->ArgName("entries")->Arg(1)->Arg(4);

void BM_ParseRecord(benchmark::State& state) {
  const std::string bytes = MakeRecordBytes(static_cast<size_t>(state.range(0)));
  for (auto _ : state) {
    auto record = ParseRecord(bytes);
    if (!record.ok()) std::abort();
    benchmark::DoNotOptimize(record->entries.data());
  }
}
BENCHMARK(BM_ParseRecord)->ArgName("entries")->Arg(1)->Arg(4);

}  // namespace
}  // namespace signet::crypto
