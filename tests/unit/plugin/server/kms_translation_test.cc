#include "plugin/server/kms_translation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

namespace signet {
namespace {

using ::testing::Pair;
using ::testing::UnorderedElementsAre;

std::shared_ptr<const ActiveKey> Key() {
  auto key = std::make_shared<ActiveKey>();
  key->key_id = "local-v1-00";
  key->record = std::string("rec\0rd", 6);
  return key;
}

TEST(KmsTranslationTest, FillsAStatusResponse) {
  v2::StatusResponse response;
  FillResponse(StatusAnswer{"v2", "ok", Key()}, response);
  EXPECT_EQ(response.version(), "v2");
  EXPECT_EQ(response.healthz(), "ok");
  EXPECT_EQ(response.key_id(), "local-v1-00");
}

TEST(KmsTranslationTest, FillsAnEncryptResponse) {
  v2::EncryptResponse response;
  FillResponse(EncryptResult{std::string("c\0d", 3), Key()}, response);
  EXPECT_EQ(response.ciphertext(), std::string("c\0d", 3));
  EXPECT_EQ(response.key_id(), "local-v1-00");
  EXPECT_THAT(response.annotations(),
              UnorderedElementsAre(Pair("kek.signet.internal", std::string("rec\0rd", 6))));
}

TEST(KmsTranslationTest, ReadsADecryptRequestWithAllItsAnnotations) {
  v2::DecryptRequest request;
  request.set_ciphertext(std::string("c\0d", 3));
  request.set_uid("uid");
  request.set_key_id("key");
  (*request.mutable_annotations())["a.b"] = "1";
  (*request.mutable_annotations())["c.d"] = "";
  const DecryptCall call = ToDecryptCall(request);
  EXPECT_EQ(call.ciphertext, absl::string_view("c\0d", 3));
  EXPECT_EQ(call.uid, "uid");
  EXPECT_EQ(call.key_id, "key");
  EXPECT_THAT(call.annotations, UnorderedElementsAre(Pair("a.b", "1"), Pair("c.d", "")));
  EXPECT_EQ(call.deadline, absl::InfiniteDuration());
  EXPECT_EQ(call.cancellation, nullptr);
}

}  // namespace
}  // namespace signet
