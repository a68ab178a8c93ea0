#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "tests/testing/stored_objects.h"
#include "tests/testing/temp_dir.h"
#include "tests/unit/plugin/cmd/run_signetctl.h"

namespace signet::ctl {
namespace {

using ::signet::testing::MakeSignetObject;
using ::signet::testing::StoredObject;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

TEST(ExplainTest, NamesKeyIdProviderAndVerdictOfAStoredValue) {
  const CtlResult result = RunCtl({"explain"}, MakeSignetObject().Value("my-kms"));
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_THAT(result.out, HasSubstr("a stored value, kms v2, encrypted by Signet\n"));
  EXPECT_THAT(result.out, HasSubstr("provider        my-kms\n"));
  EXPECT_THAT(result.out, HasSubstr("key_id          local-v1-8f3a1c0d9e7b2a44\n"));
  EXPECT_THAT(result.out, HasSubstr("made 2023-11-14T22:13:20Z"));
  EXPECT_THAT(
      result.out,
      HasSubstr("wrapped by      local (type 1), key 0102030405060708, field 0a0b0c0d0e0f1011, blob 60"));
  EXPECT_THAT(result.out, HasSubstr("verdict         consistent"));
  EXPECT_THAT(result.err, IsEmpty());
}

TEST(ExplainTest, PrintsJson) {
  const nlohmann::json json = RunCtl({"explain", "-o", "json"}, MakeSignetObject().Value()).json();
  EXPECT_EQ(json["kind"], "stored_value");
  EXPECT_EQ(json["transformer"], "kms v2");
  EXPECT_EQ(json["signet"], true);
  EXPECT_EQ(json["key_id"], "local-v1-8f3a1c0d9e7b2a44");
  EXPECT_EQ(json["envelope"]["local_kek_id"], json["record"]["local_kek_id"]);
  EXPECT_EQ(json["record"]["entries"][0]["provider_type"], "local");
  EXPECT_EQ(json["record_is_the_envelopes"], true);
  EXPECT_EQ(json["record_key_id_is_the_objects"], true);
  EXPECT_EQ(json["consistent"], true);
}

TEST(ExplainTest, ReadsHexBase64FilesAndTheStandardInputAlike) {
  const std::string value = MakeSignetObject().Value();
  const std::string expected = RunCtl({"explain"}, value).out;
  std::string escaped;
  for (const char c : value)
    absl::StrAppend(&escaped, "\\x", absl::BytesToHexString(absl::string_view(&c, 1)));
  testing::TempDir dir;
  std::ofstream(dir.File("value"), std::ios::binary) << value;
  EXPECT_EQ(RunCtl({"explain", "--hex"}, absl::BytesToHexString(value)).out, expected);
  EXPECT_EQ(RunCtl({"explain", "--hex"}, "0x" + absl::BytesToHexString(value) + "\n").out, expected);
  EXPECT_EQ(RunCtl({"explain", "--hex"}, escaped).out, expected);
  EXPECT_EQ(RunCtl({"explain", "--base64"}, absl::Base64Escape(value) + "\n").out, expected);
  EXPECT_EQ(RunCtl({"explain", "--base64"}, absl::WebSafeBase64Escape(value)).out, expected);
  EXPECT_EQ(RunCtl({"explain", dir.File("value")}).out, expected);
  EXPECT_EQ(RunCtl({"explain", "-"}, value).out, expected);
}

TEST(ExplainTest, ExplainsEveryEntryOfAnEtcdctlDump) {
  const std::string dump =
      absl::StrCat(R"({"kvs":[{"key":")", absl::Base64Escape("/registry/secrets/default/a"), R"(","value":")",
                   absl::Base64Escape(MakeSignetObject("local-v1-aaaaaaaaaaaaaaaa").Value()),
                   R"("},{"key":")", absl::Base64Escape("/registry/secrets/default/b"), R"(","value":")",
                   absl::Base64Escape(MakeSignetObject("local-v2-bbbbbbbbbbbbbbbb").Value()), "\"}]}");
  const CtlResult table = RunCtl({"explain"}, dump);
  EXPECT_EQ(table.exit_code, 0);
  EXPECT_THAT(table.out, HasSubstr("etcd key        /registry/secrets/default/b\n"));
  const nlohmann::json json = RunCtl({"explain", "-o", "json"}, dump).json();
  ASSERT_EQ(json.size(), 2u);
  EXPECT_EQ(json[0]["key_id"], "local-v1-aaaaaaaaaaaaaaaa");
  EXPECT_EQ(json[1]["etcd_key"], "/registry/secrets/default/b");
}

TEST(ExplainTest, AContradictionIsOne) {
  StoredObject object = MakeSignetObject();
  object.key_id = "local-v9-8f3a1c0d9e7b2a44";
  const CtlResult result = RunCtl({"explain"}, object.Value());
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.out, HasSubstr("  ! the record's key_id is not the object's"));
  // Both key_ids are shown, or nobody could tell which was changed.
  EXPECT_THAT(result.out, HasSubstr("local-v9-8f3a1c0d9e7b2a44"));
  EXPECT_THAT(result.out, HasSubstr("local-v1-8f3a1c0d9e7b2a44"));
}

TEST(ExplainTest, UnknownBytesAreTwoWithAHint) {
  const CtlResult hex = RunCtl({"explain"}, absl::BytesToHexString(MakeSignetObject().Value()));
  EXPECT_EQ(hex.exit_code, 2);
  EXPECT_THAT(hex.err, HasSubstr("try --hex"));
  const CtlResult base64 = RunCtl({"explain"}, absl::Base64Escape(MakeSignetObject().Value()));
  EXPECT_EQ(base64.exit_code, 2);
  EXPECT_THAT(base64.err, HasSubstr("try --base64"));
  EXPECT_EQ(RunCtl({"explain"}, "").exit_code, 2);
  EXPECT_EQ(RunCtl({"explain", "--hex"}, "xyz").exit_code, 2);
  EXPECT_EQ(RunCtl({"explain", "--base64"}, "%%").exit_code, 2);
  EXPECT_EQ(RunCtl({"explain", "--hex", "--base64"}, "00").exit_code, 2);
}

TEST(ExplainTest, AMissingFileIsThree) { EXPECT_EQ(RunCtl({"explain", "/nonexistent/value"}).exit_code, 3); }

TEST(ExplainTest, LimitsItsInput) {
  const CtlResult result = RunCtl({"explain"}, std::string((size_t{16} << 20) + 1, 'x'));
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_THAT(result.err, HasSubstr("longer than 16 MiB"));
}

TEST(ExplainTest, NeverPrintsPayloadBytes) {
  StoredObject object = MakeSignetObject();
  object.encrypted_data = "payload-secret";
  const std::string plain_protobuf("k8s\0payload-secret", 18);
  for (const std::string& value : {object.Value(), std::string("k8s:enc:aescbc:v1:k:payload-secret"),
                                   std::string("{\"data\":\"payload-secret\"}"), plain_protobuf}) {
    for (const char* format : {"table", "json"}) {
      const CtlResult result = RunCtl({"explain", "-o", format}, value);
      EXPECT_EQ(result.exit_code, 0);
      EXPECT_THAT(result.out + result.err, Not(HasSubstr("payload-secret")));
    }
  }
}

TEST(ExplainTest, EscapesTextFromTheBlob) {
  const StoredObject object = {"d", "key\x1b[2J\nforged", "vault:v1:x", {{"a.b\r", "v"}}, 1};
  for (const char* format : {"table", "json"}) {
    const CtlResult result = RunCtl({"explain", "-o", format}, object.Value("p\x07"));
    EXPECT_THAT(result.out, Not(HasSubstr("\x1b")));
    EXPECT_THAT(result.out, Not(HasSubstr("\x07")));
    EXPECT_THAT(result.out, Not(HasSubstr("\nforged")));
  }
}

}  // namespace
}  // namespace signet::ctl
