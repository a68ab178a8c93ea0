// The fake of Alibaba Cloud serves the vendor's own clients, and they and ours ask for the same things with
// the same parameters: so what the fake takes for right is what the vendor takes for right.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "absl/strings/str_cat.h"
#include "crypto/base64.h"
#include "tests/testing/alibaba_test.h"
#include "tests/testing/paths.h"
#include "tests/testing/process.h"
#include "tests/testing/status_matchers.h"
#include "tests/testing/test_certificates.h"

namespace signet::testing {
namespace {

using nlohmann::json;

// One of the vendor's clients with one of the signatures.
struct Sdk {
  const char* name;
  bool is_python;
  const char* signature;  // as the fake's journal names it
  bool in_body = false;
  bool has_sts = true;

  friend std::ostream& operator<<(std::ostream& out, const Sdk& sdk) { return out << sdk.name; }
};

std::vector<std::string> CommandOf(bool is_python) {
  const std::string folder = SourcePath("tests/integration/alibaba/");
  const std::string installed = SIGNET_ALIBABA_SDKS;
  if (is_python) return {installed + "/python/bin/python", "-B", folder + "sdk_client.py"};
  return {"/usr/bin/env", "node", folder + "sdk_client.js", installed + "/npm"};
}

// 32 bytes of 0x42, as AlibabaTest wraps them.
const char kPlaintext[] = "QkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkI=";

class AlibabaSdkTest : public AlibabaTest {
 protected:
  // What the client answers to each of the steps.
  json Run(const Sdk& sdk, const std::vector<json>& steps) {
    json order = {{"variant", sdk.signature}, {"endpoint", Endpoint()}, {"key_id", key_id_},
                  {"secret", secret_},        {"in_body", sdk.in_body}, {"steps", steps}};
    if (!token_.empty()) order["token"] = token_;
    return RunOrder(sdk.is_python, order);
  }
  static json RunOrder(bool is_python, const json& order) {
    const ProcessResult result = RunProcess({.arguments = CommandOf(is_python), .input = order.dump()});
    const json answers = json::parse(result.output, nullptr, false);
    EXPECT_TRUE(result.exit_code == 0 && answers.is_array()) << result.output << result.errors;
    return answers;
  }
  std::string Endpoint() const { return cloud_.url().substr(cloud_.url().find("//") + 2); }
  json Context(const std::string& cluster_id = "cluster-1") const {
    return {{"cluster_id", cluster_id}, {"purpose", "signet-local-kek"}};
  }
  json EncryptStep() const {
    return {
        {"action", "Encrypt"}, {"KeyId", kKey}, {"Plaintext", kPlaintext}, {"EncryptionContext", Context()}};
  }
  json DecryptStep(const std::string& blob, const std::string& cluster_id = "cluster-1") const {
    return {{"action", "Decrypt"}, {"CiphertextBlob", blob}, {"EncryptionContext", Context(cluster_id)}};
  }
  // What was asked for since the last time: action, version, parameters, and how it ended. Ciphertexts, which
  // never repeat, are left out.
  json TakeJournal() {
    const json journal = cloud_.Look().at("journal");
    json taken = json::array();
    for (; taken_ < journal.size(); ++taken_) {
      json entry = journal[taken_];
      entry.erase("signature");
      entry.erase("in_body");
      if (entry["parameters"].contains("CiphertextBlob")) entry["parameters"]["CiphertextBlob"] = "…";
      taken.push_back(entry);
    }
    return taken;
  }
  std::string LastSignature() const { return cloud_.Look().at("journal").back().at("signature"); }

  std::string key_id_ = FakeAlibaba::kAccessKeyId;
  std::string secret_ = FakeAlibaba::kAccessKeySecret;
  std::string token_;

 private:
  size_t taken_ = 0;
};

class EverySdkTest : public AlibabaSdkTest, public ::testing::WithParamInterface<Sdk> {};

TEST_P(EverySdkTest, AsksForWhatWeAskFor) {
  // Without a primary version we list all, so that the list is compared, too.
  cloud_.Control("set_key", {{"key", kKey}, {"set", {{"tells_primary", false}}}});
  ASSERT_THAT(client().Describe(Call()), IsOk());
  const absl::StatusOr<kms::WrapResult> wrapped = Wrap();
  ASSERT_THAT(wrapped, IsOk());
  ASSERT_THAT(Unwrap(*wrapped), IsOk());
  ASSERT_THAT(client().Rotate(Call()), IsOk());
  const json ours = TakeJournal();
  ASSERT_EQ(ours.size(), 5U);

  json answers = Run(GetParam(), {{{"action", "DescribeKey"}, {"KeyId", kKey}},
                                  {{"action", "ListKeyVersions"}, {"KeyId", kKey}, {"PageSize", 100}},
                                  EncryptStep(),
                                  DecryptStep("$2.CiphertextBlob"),
                                  {{"action", "CreateKeyVersion"}, {"KeyId", kKey}}});
  EXPECT_EQ(TakeJournal(), ours);
  EXPECT_EQ(LastSignature(), GetParam().signature);
  ASSERT_EQ(answers.size(), 5U);
  EXPECT_EQ(answers[0]["KeyMetadata"]["KeyState"], "Enabled");
  EXPECT_EQ(answers[1]["TotalCount"], 2);
  EXPECT_EQ(answers[3]["Plaintext"], kPlaintext);
  EXPECT_EQ(answers[3]["KeyVersionId"], answers[2]["KeyVersionId"]);
  EXPECT_EQ(answers[4]["KeyVersion"]["KeyVersionId"], cloud_.Look()["versions"][kKey].back());
}

TEST_P(EverySdkTest, OpensWhatWeWrappedAndWeWhatItEncrypted) {
  const absl::StatusOr<kms::WrapResult> wrapped = Wrap();
  ASSERT_THAT(wrapped, IsOk());
  json answers = Run(GetParam(), {DecryptStep(wrapped->blob), EncryptStep()});
  ASSERT_EQ(answers.size(), 2U);
  EXPECT_EQ(answers[0]["Plaintext"], kPlaintext);
  EXPECT_EQ(answers[0]["KeyId"], kKey);
  ASSERT_OK_AND_ASSIGN(
      const kms::UnwrapResult unwrapped,
      client().Unwrap(Call(), "", answers[1]["CiphertextBlob"].get<std::string>(), context_));
  EXPECT_EQ(crypto::Base64Encode(unwrapped.plaintext.ExposeAsString()), kPlaintext);
}

TEST_P(EverySdkTest, IsRefusedAnotherContext) {
  const absl::StatusOr<kms::WrapResult> wrapped = Wrap();
  ASSERT_THAT(wrapped, IsOk());
  json answers = Run(GetParam(), {DecryptStep(wrapped->blob, "cluster-2"), DecryptStep(wrapped->blob)});
  EXPECT_EQ(answers[0]["error"], "InvalidParameter");
  EXPECT_EQ(answers[1]["Plaintext"], kPlaintext);
}

TEST_P(EverySdkTest, IsRefusedWithAWrongSignature) {
  secret_ = "wrong";
  EXPECT_EQ(Run(GetParam(), {EncryptStep()})[0]["error"], "SignatureDoesNotMatch");
  key_id_ = "LTAI.unknown";
  EXPECT_EQ(Run(GetParam(), {EncryptStep()})[0]["error"], "InvalidAccessKeyId.NotFound");
}

TEST_P(EverySdkTest, MeetsTheErrorsThatWeMeet) {
  cloud_.SetKeyState(kKey, "Disabled");
  EXPECT_EQ(Run(GetParam(), {EncryptStep()})[0]["error"], "Rejected.Disabled");
  cloud_.Permit({"Decrypt"});
  EXPECT_EQ(Run(GetParam(), {EncryptStep()})[0]["error"], "Forbidden.NoPermission");
  cloud_.Control("set_identity", {{"set", {{"unpaid", true}}}});
  EXPECT_EQ(Run(GetParam(), {EncryptStep()})[0]["error"], "Forbidden.InDebt");
}

TEST_P(EverySdkTest, UsesATokenOfSts) {
  cloud_.Control("add_access_key",
                 {{"access_key", {{"key_id", "STS.test"}, {"secret", "of sts"}, {"token", "tok+en/=="}}}});
  key_id_ = "STS.test";
  secret_ = "of sts";
  token_ = "tok+en/==";
  EXPECT_EQ(Run(GetParam(), {EncryptStep()})[0]["KeyId"], kKey);
  token_ = "another";
  EXPECT_EQ(Run(GetParam(), {EncryptStep()})[0]["error"], "InvalidSecurityToken.MismatchWithAccessKey");
}

constexpr Sdk kSdks[] = {{"python_acs3", true, "acs3"},
                         {"python_rpc", true, "rpc"},
                         {"node_acs3", false, "acs3"},
                         {"node_acs3_body", false, "acs3", true},
                         {"node_rpc", false, "rpc", false, false}};
const auto kSdkName = [](const ::testing::TestParamInfo<Sdk>& info) { return std::string(info.param.name); };
INSTANTIATE_TEST_SUITE_P(Sdks, EverySdkTest, ::testing::ValuesIn(kSdks), kSdkName);

// The clients that know STS.
class StsSdkTest : public EverySdkTest {
 protected:
  static json AssumeStep() {
    return {{"action", "AssumeRole"},
            {"RoleArn", FakeAlibaba::kRole},
            {"RoleSessionName", "signetd"},
            {"DurationSeconds", 3600}};
  }
  static json OidcStep(const std::string& token) {
    json step = AssumeStep();
    step["action"] = "AssumeRoleWithOIDC";
    step["OIDCProviderArn"] = FakeAlibaba::kOidcProvider;
    step["OIDCToken"] = token;
    return step;
  }
};

TEST_P(StsSdkTest, AssumesARoleAsWeDo) {
  settings_.auth.assume_role_arn = FakeAlibaba::kRole;
  ASSERT_THAT(Wrap(), IsOk());
  const json ours = TakeJournal();
  json answers = Run(GetParam(), {AssumeStep()});
  EXPECT_EQ(TakeJournal()[0], ours[0]);
  const json credentials = answers[0]["Credentials"];
  key_id_ = credentials["AccessKeyId"];
  secret_ = credentials["AccessKeySecret"];
  token_ = credentials["SecurityToken"];
  EXPECT_EQ(Run(GetParam(), {EncryptStep()})[0]["KeyId"], kKey);
  EXPECT_EQ(TakeJournal()[0], ours[1]);
}

TEST_P(StsSdkTest, AssumesARoleWithAnOidcTokenAsWeDo) {
  WriteSecretFile(key_file(), FakeAlibaba::kOidcToken);
  settings_.auth.source = kms::AlibabaCredentialSource::kOidc;
  settings_.auth.oidc_provider_arn = FakeAlibaba::kOidcProvider;
  settings_.auth.oidc_role_arn = FakeAlibaba::kRole;
  ASSERT_THAT(Wrap(), IsOk());
  const json ours = TakeJournal();
  json answers = Run(GetParam(), {OidcStep(FakeAlibaba::kOidcToken), OidcStep("another")});
  EXPECT_EQ(TakeJournal()[0], ours[0]);
  EXPECT_EQ(LastSignature(), "none");
  EXPECT_TRUE(answers[0].contains("Credentials")) << answers[0];
  EXPECT_EQ(answers[1]["error"], "AuthenticationFail.OIDCToken.Invalid");
}

INSTANTIATE_TEST_SUITE_P(Sdks, StsSdkTest, ::testing::Values(kSdks[0], kSdks[1], kSdks[2], kSdks[3]),
                         kSdkName);

// The vendor's library of credentials finds in the fake's STS, over TLS, and metadata service what we find.
class AlibabaCredentialsSdkTest : public AlibabaSdkTest, public ::testing::WithParamInterface<const char*> {};

TEST_P(AlibabaCredentialsSdkTest, FindsCredentialsThatWork) {
  const std::string kind = GetParam();
  TestCa authority;
  const PemPair pair = authority.Issue("fake", "IP:127.0.0.1");
  const FakeAlibaba::Tls files = {folder_.File("certificate"), folder_.File("private"), folder_.File("ca")};
  WriteSecretFile(files.certificate_file, pair.certificate);
  WriteSecretFile(files.key_file, pair.key);
  WriteSecretFile(files.ca_file, authority.pem());
  WriteSecretFile(folder_.File("oidc"), FakeAlibaba::kOidcToken);
  // STS is asked over TLS, the metadata service never is.
  const bool has_tls = kind != "ecs_role";
  const FakeAlibaba cloud(has_tls ? files : FakeAlibaba::Tls());
  const json step = {{"credentials", kind},
                     {"RoleArn", FakeAlibaba::kRole},
                     {"OIDCProviderArn", FakeAlibaba::kOidcProvider},
                     {"RoleSessionName", "signetd"},
                     {"file", folder_.File("oidc")}};
  const json order = {
      {"variant", "acs3"},        {"endpoint", cloud.url().substr(cloud.url().find("//") + 2)},
      {"key_id", key_id_},        {"secret", secret_},
      {"ca_file", files.ca_file}, {"steps", std::vector<json>{step}}};
  const json answers = RunOrder(true, order);
  ASSERT_TRUE(answers[0].contains("SecurityToken")) << answers;
  // As we read it: the role's name, then its key, both with a token of the hardened mode.
  const json hardened_reads = has_tls ? json::array() : json({"hardened", "hardened"});
  EXPECT_EQ(cloud.Look().at("metadata_reads"), hardened_reads);
  WriteSecretFile(key_file(), AccessKeyJson(answers[0]["AccessKeyId"], answers[0]["AccessKeySecret"],
                                            answers[0]["SecurityToken"]));
  cloud.CreateKey(kKey);
  settings_ = AlibabaSettingsFor(cloud, kKey, key_file());
  client_ = ConnectAlibaba(settings_, cloud, observer_, has_tls ? files.ca_file : "");
  EXPECT_THAT(Wrap(), IsOk());
  EXPECT_EQ(cloud.Look().at("complaints"), json::array());
}

INSTANTIATE_TEST_SUITE_P(Sources, AlibabaCredentialsSdkTest,
                         ::testing::Values("ecs_role", "oidc", "assume_role"),
                         [](const auto& parameter) { return std::string(parameter.param); });

}  // namespace
}  // namespace signet::testing
