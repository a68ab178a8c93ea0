#include "plugin/etcd/foreign_format.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace signet::etcd {
namespace {

using ::testing::HasSubstr;

std::string Guess(absl::string_view ciphertext, absl::string_view key_id = "",
                  const std::map<absl::string_view, absl::string_view>& annotations = {}) {
  return std::string(GuessForeignFormat(ciphertext, key_id, annotations));
}

TEST(ForeignFormatTest, TellsPluginsByTheirCiphertext) {
  EXPECT_THAT(Guess("vault:v3:AAAA"), HasSubstr("Transit"));
  EXPECT_THAT(Guess(absl::string_view("1\x01\x02\x02\x00\x78", 6)), HasSubstr("AWS"));
  EXPECT_THAT(Guess("vault-a:-:ZGF0YQ==\nother:-:ZGF0YQ==\n"), HasSubstr("Trousseau"));
  EXPECT_THAT(Guess("eyJhbGciOiJkaXIifQ..aXY.Y2lwaGVy.dGFn"), HasSubstr("JWE"));
  EXPECT_THAT(Guess(std::string(342, 'a')), HasSubstr("Azure"));
  EXPECT_THAT(Guess("NWZiZjc4+/ZGF0YQ=="), HasSubstr("Alibaba"));
  EXPECT_THAT(Guess(absl::string_view("\x0a\x24\x00\x01\x02", 5)), HasSubstr("Google"));
}

TEST(ForeignFormatTest, TellsPluginsByTheirAnnotationsFirst) {
  EXPECT_THAT(Guess("vault:v1:x", "", {{"v2.kleidi.beezy.dev", "1"}}), HasSubstr("Kleidi"));
  EXPECT_THAT(Guess("vault:v1:x", "", {{"aad-version.kms.openbao.org", "1"}}),
              HasSubstr("openbao-kubernetes-kms"));
  EXPECT_THAT(Guess("x", "", {{"version.azure.akv.io", "1"}}), HasSubstr("Azure"));
  EXPECT_THAT(Guess("x", "", {{"x-acs-request-id.ack.alibabacloud.com", "1"}}), HasSubstr("Alibaba"));
  EXPECT_THAT(Guess("x", "", {{"kem-ciphertext.k8s-kms-plugin.keysealer.eclipse.org", "1"}}),
              HasSubstr("KeySealer"));
}

TEST(ForeignFormatTest, TellsPluginsByTheirKeyId) {
  EXPECT_THAT(Guess("\x80", "projects/p/locations/l/keyRings/r/cryptoKeys/k/cryptoKeyVersions/1"),
              HasSubstr("Google"));
  EXPECT_THAT(Guess("\x80", "obk2.abc"), HasSubstr("OpenBao"));
  EXPECT_THAT(Guess("\x80", "kleidi-kms-plugin"), HasSubstr("Kleidi"));
}

TEST(ForeignFormatTest, SaysWhenItDoesNotKnow) {
  EXPECT_EQ(Guess(""), "unknown");
  EXPECT_EQ(Guess("\x80\x81\x82", "7"), "unknown");
}

}  // namespace
}  // namespace signet::etcd
