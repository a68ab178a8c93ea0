#include "plugin/hierarchy/key_id.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kms_client/fingerprint.h"
#include "tests/testing/status_matchers.h"

namespace signet {
namespace {

using testing::StatusIs;

KeyIdInputs VaultInputs() {
  KeyIdInputs inputs;
  inputs.type = crypto::ProviderType::kVault;
  inputs.fingerprint = {1, 2, 3, 4, 5, 6, 7, 8};
  inputs.version = {"3", "2023-11-14T22:13:20Z", 3};
  inputs.wrap_set = {inputs.fingerprint};
  return inputs;
}

std::string KeyIdOf(const KeyIdInputs& inputs) { return MakeKeyId(inputs).value(); }

// Made with another program from the definition. Change one and no stored object is fresh any more.
TEST(KeyIdTest, IsWhatTheFormatSays) {
  KeyIdInputs inputs = VaultInputs();
  EXPECT_EQ(KeyIdOf(inputs), "vault-v3-4396f19c5b227edc");
  inputs.generation = 12;
  inputs.wrap_set.push_back({9, 9, 9, 9, 9, 9, 9, 9});
  EXPECT_EQ(KeyIdOf(inputs), "vault-v3-f7591bc661ad976b-g12");
}

TEST(KeyIdTest, ChangesWithTheVersionsMarkThoughItsNumberComesBack) {
  KeyIdInputs again = VaultInputs();
  again.version.mark = "2024-01-01T00:00:00Z";
  EXPECT_NE(KeyIdOf(VaultInputs()), KeyIdOf(again));
}

TEST(KeyIdTest, ChangesWithTheRemoteKey) {
  KeyIdInputs other = VaultInputs();
  other.fingerprint[0] = 0xFF;
  EXPECT_NE(KeyIdOf(VaultInputs()), KeyIdOf(other));
}

TEST(KeyIdTest, ChangesWithTheWrapSetButNotWithItsOrder) {
  const crypto::Fingerprint standby = {0, 0, 0, 0, 0, 0, 0, 1};
  KeyIdInputs one = VaultInputs();
  one.wrap_set = {one.fingerprint, standby};
  KeyIdInputs two = VaultInputs();
  two.wrap_set = {standby, two.fingerprint, standby};
  EXPECT_EQ(KeyIdOf(one), KeyIdOf(two));
  EXPECT_NE(KeyIdOf(one), KeyIdOf(VaultInputs()));
}

TEST(KeyIdTest, ChangesWithTheGeneration) {
  KeyIdInputs next = VaultInputs();
  next.generation = 1;
  EXPECT_EQ(KeyIdOf(next), KeyIdOf(VaultInputs()) + "-g1");
}

TEST(KeyIdTest, IsAtMost64BytesAtEveryLimit) {
  KeyIdInputs inputs = VaultInputs();
  inputs.type = crypto::ProviderType::kAlibaba;
  inputs.version.label = std::string(20, 'f');
  inputs.version.mark = std::string(1024, 'm');
  inputs.generation = kMaxKeyIdGeneration;
  EXPECT_LE(KeyIdOf(inputs).size(), 64u);
}

TEST(KeyIdTest, RefusesAGenerationOutOfBounds) {
  KeyIdInputs inputs = VaultInputs();
  inputs.generation = kMaxKeyIdGeneration + 1;
  EXPECT_THAT(MakeKeyId(inputs), StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST(KeyIdTest, RefusesAnEmptyWrapSet) {
  KeyIdInputs inputs = VaultInputs();
  inputs.wrap_set.clear();
  EXPECT_THAT(MakeKeyId(inputs), StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST(KeyIdTest, RefusesWhatAProviderMustNotSay) {
  for (const std::string& label :
       {std::string(), std::string(21, '1'), std::string("V1"), std::string("1-2")}) {
    KeyIdInputs inputs = VaultInputs();
    inputs.version.label = label;
    EXPECT_THAT(MakeKeyId(inputs), StatusIs(absl::StatusCode::kInternal)) << label;
  }
  for (const size_t size : {size_t{0}, size_t{1025}}) {
    KeyIdInputs inputs = VaultInputs();
    inputs.version.mark = std::string(size, 'm');
    EXPECT_THAT(MakeKeyId(inputs), StatusIs(absl::StatusCode::kInternal)) << size;
  }
}

}  // namespace
}  // namespace signet
