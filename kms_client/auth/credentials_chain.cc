#include "kms_client/auth/credentials_chain.h"

#include <atomic>
#include <utility>

namespace signet::kms {
namespace {

class CredentialsChain final : public CredentialsProvider {
 public:
  explicit CredentialsChain(std::vector<std::unique_ptr<CredentialsProvider>> providers)
      : providers_(std::move(providers)) {}

  absl::StatusOr<IssuedCredentials> Fetch(const CallContext& call, const Credentials* previous) override {
    const size_t last = last_.load();
    for (size_t i = 0; i < providers_.size(); ++i) {
      // Credentials of one source mean nothing to another.
      absl::StatusOr<IssuedCredentials> issued = providers_[i]->Fetch(call, i == last ? previous : nullptr);
      if (issued.ok()) last_.store(i);
      if (issued.ok() || !absl::IsNotFound(issued.status())) return issued;
    }
    return absl::NotFoundError("no source of credentials is there");
  }

  bool HasChanged(const Credentials& credentials) override {
    const size_t last = last_.load();
    return last < providers_.size() && providers_[last]->HasChanged(credentials);
  }

 private:
  const std::vector<std::unique_ptr<CredentialsProvider>> providers_;
  std::atomic<size_t> last_ = 0;
};

}  // namespace

std::unique_ptr<CredentialsProvider> MakeCredentialsChain(
    std::vector<std::unique_ptr<CredentialsProvider>> providers) {
  return std::make_unique<CredentialsChain>(std::move(providers));
}

}  // namespace signet::kms
