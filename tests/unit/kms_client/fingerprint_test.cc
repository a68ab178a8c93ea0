// The digests are stored in every record and key_id. The expected values were computed with Python's hashlib.
#include "kms_client/fingerprint.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "absl/strings/escaping.h"

namespace signet::kms {
namespace {

std::string Hex(const crypto::Fingerprint& bytes) {
  return absl::BytesToHexString(std::string(bytes.begin(), bytes.end()));
}

TEST(FingerprintTest, IsTheFirstEightBytesOfSha256OverPrefixedInputs) {
  EXPECT_EQ(Hex(ShortDigest("d", {"a", ""})), "e627b91e5b391ddd");
  EXPECT_EQ(Hex(ComputeFingerprint(crypto::ProviderType::kVault, {"prod", "", "transit", "k8s"})),
            "e52d638d7ad8f256");
}

TEST(FingerprintTest, MovingABoundaryBetweenInputsChangesIt) {
  const std::set<std::string> digests = {Hex(ShortDigest("d", {"ab", "c"})),
                                         Hex(ShortDigest("d", {"a", "bc"})), Hex(ShortDigest("d", {"abc"})),
                                         Hex(ShortDigest("d", {"abc", ""})), Hex(ShortDigest("da", {"bc"}))};
  EXPECT_EQ(digests.size(), 5u);
}

TEST(FingerprintTest, TellsProviderTypesApart) {
  EXPECT_NE(ComputeFingerprint(crypto::ProviderType::kAws, {"key"}),
            ComputeFingerprint(crypto::ProviderType::kGcp, {"key"}));
}

TEST(FingerprintTest, EveryProviderTypeHasAName) {
  std::set<std::string> names;
  for (int type = 1; type <= 7; ++type) {
    names.insert(std::string(ProviderTypeName(static_cast<crypto::ProviderType>(type))));
  }
  EXPECT_EQ(names.size(), 7u);
  EXPECT_EQ(names.count("unknown"), 0u);
  EXPECT_EQ(ProviderTypeName(static_cast<crypto::ProviderType>(200)), "unknown");
}

TEST(FingerprintTest, ShortVersionHashIsSixteenHexDigits) {
  EXPECT_EQ(ShortVersionHash("x"), "2d711642b726b044");
}

TEST(FingerprintDeathTest, AnInputThatHasNoLengthPrefixIsAProgrammingError) {
  const std::string huge(65536, 'x');
  EXPECT_DEATH(ShortDigest("d", {huge}), "");
}

}  // namespace
}  // namespace signet::kms
