// signet-vault-figures: the figures for a key in Vault, on a real OpenBao (SIGNET_BAO) on loopback.
// Usage: signet-vault-figures BIN_DIRECTORY
#include <stdlib.h>

#include <filesystem>
#include <string>

#include "absl/strings/str_cat.h"
#include "bench/macro/mode_figure.h"
#include "bench/macro/signet_process.h"
#include "bench/macro/unwrap_figure.h"
#include "crypto/secure_heap.h"

namespace signet::bench {
namespace {

int Main(int argc, char** argv) {
  const absl::Status heap = crypto::InitializeSecureHeap();
  if (!heap.ok() && heap.code() != absl::StatusCode::kFailedPrecondition) Die(std::string(heap.message()));
  if (argc == 4 && std::string(argv[1]) == "--unwrap-block") return RunUnwrapBlock(argv[2], argv[3]);
  if (argc != 2) Die("usage: signet-vault-figures BIN_DIRECTORY");
  if (testing::OpenBaoPath().empty()) Die("SIGNET_BAO is not set: see scripts/bench");
  char folder[] = "/tmp/signet-figures-XXXXXX";
  if (::mkdtemp(folder) == nullptr) Die("mkdtemp");
  {
    testing::OpenBaoServer server;
    MeasureUnwrap(server, "/proc/self/exe");
    MeasureModes(server, argv[1], folder);
  }
  std::filesystem::remove_all(folder);
  return 0;
}

}  // namespace
}  // namespace signet::bench

int main(int argc, char** argv) { return signet::bench::Main(argc, argv); }
