#include "kms_client/kms_client.h"

#include <gtest/gtest.h>

#include "tests/testing/status_matchers.h"

namespace signet::kms {
namespace {

// Authenticated by every blob: a changed byte would make all records unreadable.
TEST(WrapContextTest, IsTheSameJsonForEver) {
  EXPECT_EQ(WrapContext{"prod-1.eu_A"}.ToJson(),
            "{\"cluster_id\":\"prod-1.eu_A\",\"purpose\":\"signet-local-kek\"}");
}

class MinimalClient final : public KmsClient {
 public:
  crypto::ProviderType type() const override { return crypto::ProviderType::kVault; }
  const crypto::Fingerprint& fingerprint() const override { return fingerprint_; }
  absl::StatusOr<KeyDescription> Describe(const CallContext&) override { return absl::UnavailableError(""); }
  absl::StatusOr<WrapResult> Wrap(const CallContext&, const crypto::SecretBytes&,
                                  const WrapContext&) override {
    return absl::UnavailableError("");
  }
  absl::StatusOr<UnwrapResult> Unwrap(const CallContext&, absl::string_view, absl::string_view,
                                      const WrapContext&) override {
    return absl::UnavailableError("");
  }

 private:
  crypto::Fingerprint fingerprint_{};
};

TEST(KmsClientTest, CannotRotateUnlessTheBackendSaysSo) {
  MinimalClient client;
  EXPECT_THAT(client.Rotate({}), testing::StatusIs(absl::StatusCode::kUnimplemented));
}

}  // namespace
}  // namespace signet::kms
