// Any bytes as a configuration: a Config within all documented bounds, or problems with positions.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "plugin/config/config_loader.h"

namespace {

void Require(bool condition) {
  if (!condition) std::abort();
}

void CheckBounds(const signet::Config& config) {
  Require(!config.cluster_id.empty() && config.cluster_id.size() <= 64);
  Require(absl::StartsWith(config.state_directory, "/"));
  Require(!config.providers.empty() && config.providers.size() <= 16);
  Require(
      std::any_of(config.providers.begin(), config.providers.end(),
                  [&](const signet::ProviderConfig& provider) { return provider.name == config.active; }));
  for (const signet::ProviderConfig& provider : config.providers) {
    Require(provider.local.has_value() && absl::StartsWith(provider.local->keyring, "/"));
    Require(provider.local->passphrase_file.empty() || provider.local->passphrase_credential.empty());
  }
  Require(config.kms_socket.path.size() <= 107 && config.admin_socket.path.size() <= 107);
  Require(config.kms_socket.path != config.admin_socket.path);
  Require(config.kms_socket.path.front() != '@' || config.kms_socket.allow_abstract);
  Require((config.kms_socket.mode & ~mode_t{0666}) == 0);
  Require(config.key_id_generation <= 99999);
  Require(config.max_plaintext_bytes >= 32 && config.max_plaintext_bytes <= 65536);
  Require(config.local_kek.lifetime >= absl::Milliseconds(100) && config.local_kek.max_uses >= 1);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view text(reinterpret_cast<const char*>(data), size);
  const absl::StatusOr<signet::Config> config = signet::LoadConfigText("f", text);
  if (config.ok()) {
    CheckBounds(*config);
    return 0;
  }
  Require(config.status().code() == absl::StatusCode::kInvalidArgument);
  Require(absl::StartsWith(config.status().message(), "f:"));
  for (const char c : config.status().message()) {
    Require(c == '\n' || (static_cast<unsigned char>(c) >= 0x20 && c != 0x7F));
  }
  return 0;
}
