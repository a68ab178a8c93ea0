#include "plugin/cmd/signetctl/kms_checks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace signet::ctl {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

v2::StatusResponse GoodStatus() {
  v2::StatusResponse status;
  status.set_version("v2");
  status.set_healthz("ok");
  status.set_key_id("k");
  return status;
}

v2::EncryptResponse GoodEncrypt() {
  v2::EncryptResponse response;
  response.set_ciphertext("cipher");
  response.set_key_id("k");
  (*response.mutable_annotations())["a.b"] = "value";
  return response;
}

TEST(KmsChecksTest, TakesWhatKubeApiserverTakes) {
  EXPECT_THAT(ObjectionsToStatus(GoodStatus()), IsEmpty());
  v2::StatusResponse older = GoodStatus();
  older.set_version("v2beta1");
  EXPECT_THAT(ObjectionsToStatus(older), IsEmpty());
  EXPECT_THAT(ObjectionsToEncrypt(GoodEncrypt(), "k"), IsEmpty());
}

TEST(KmsChecksTest, RefusesStatusesThatKubeApiserverRefuses) {
  EXPECT_THAT(ObjectionsToStatus({}),
              ElementsAre(HasSubstr("healthz"), HasSubstr("version"), HasSubstr("empty")));
  v2::StatusResponse status = GoodStatus();
  status.set_healthz("OK");
  EXPECT_THAT(ObjectionsToStatus(status), ElementsAre("healthz is OK"));
}

TEST(KmsChecksTest, RefusesAnswersThatKubeApiserverRefuses) {
  EXPECT_THAT(ObjectionsToEncrypt(GoodEncrypt(), "other"), ElementsAre(HasSubstr("not that of Status")));
  v2::EncryptResponse response = GoodEncrypt();
  response.set_ciphertext(std::string(1025, 'c'));
  EXPECT_THAT(ObjectionsToEncrypt(response, "k"), ElementsAre(HasSubstr("1025 bytes")));
  response = GoodEncrypt();
  (*response.mutable_annotations())["with/slash.io"] = "";
  EXPECT_THAT(ObjectionsToEncrypt(response, "k"), ElementsAre(HasSubstr("domain name")));
}

TEST(KmsChecksTest, CountsWhatEveryObjectStores) { EXPECT_EQ(StoredBytes(GoodEncrypt()), 1u + 6 + 3 + 5); }

}  // namespace
}  // namespace signet::ctl
