// AES-256-GCM against published vectors: every case of NIST's CAVP and of Wycheproof with a 256-bit key, a
// 96-bit nonce and a 128-bit tag. tests/testdata/vectors/README.md names their origin.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "crypto/aes_gcm.h"
#include "tests/testing/paths.h"
#include "tests/testing/status_matchers.h"

namespace signet::crypto {
namespace {

using ::signet::testing::IsOk;
using ::signet::testing::StatusIs;
using Buffer = std::vector<uint8_t>;

struct Vector {
  std::string name;
  Buffer key, nonce, aad, plaintext, sealed;
  bool valid = true;
};

Buffer FromHex(absl::string_view hex) {
  const std::string bytes = absl::HexStringToBytes(hex);
  return Buffer(bytes.begin(), bytes.end());
}

std::string PathOf(absl::string_view name) {
  return testing::SourcePath(absl::StrCat("tests/testdata/vectors/", name));
}

// A case of the form "Name = value" on lines of their own, begun by Count; the line FAIL alone in place of PT
// marks one that must not open.
std::vector<Vector> ReadNist(absl::string_view name) {
  std::ifstream file(PathOf(name));
  EXPECT_TRUE(file.is_open()) << name;
  std::vector<Vector> vectors;
  std::map<std::string, std::string> fields;
  std::string line;
  const auto finish = [&] {
    if (fields.count("Count") == 0) return;
    Vector vector;
    vector.name = absl::StrCat(name, " ", vectors.size());
    vector.valid = fields.count("FAIL") == 0;
    vector.key = FromHex(fields["Key"]);
    vector.nonce = FromHex(fields["IV"]);
    vector.aad = FromHex(fields["AAD"]);
    vector.plaintext = FromHex(fields["PT"]);
    vector.sealed = FromHex(fields["CT"] + fields["Tag"]);
    vectors.push_back(vector);
    fields.clear();
  };
  while (std::getline(file, line)) {
    if (line.empty() || line[0] == '#' || line[0] == '[') continue;
    const std::vector<std::string> parts = absl::StrSplit(line, absl::MaxSplits('=', 1));
    const std::string key(absl::StripAsciiWhitespace(parts[0]));
    if (key == "Count") finish();
    fields[key] = parts.size() == 2 ? std::string(absl::StripAsciiWhitespace(parts[1])) : "";
  }
  finish();
  return vectors;
}

std::vector<Vector> ReadWycheproof(absl::string_view name) {
  std::ifstream file(PathOf(name));
  EXPECT_TRUE(file.is_open()) << name;
  const nlohmann::json data = nlohmann::json::parse(file, nullptr, /*allow_exceptions=*/false);
  std::vector<Vector> vectors;
  for (const auto& group : data["testGroups"]) {
    for (const auto& test : group["tests"]) {
      Vector vector;
      vector.name = absl::StrCat(name, " tcId ", test["tcId"].get<int>());
      vector.valid = test["result"] == "valid";
      vector.key = FromHex(test["key"].get<std::string>());
      vector.nonce = FromHex(test["iv"].get<std::string>());
      vector.aad = FromHex(test["aad"].get<std::string>());
      vector.plaintext = FromHex(test["msg"].get<std::string>());
      vector.sealed = FromHex(test["ct"].get<std::string>() + test["tag"].get<std::string>());
      vectors.push_back(vector);
    }
  }
  return vectors;
}

void ExpectSeals(const Vector& vector) {
  Buffer sealed(vector.plaintext.size() + kGcmTagBytes);
  EXPECT_THAT(AesGcmSeal(vector.key, vector.nonce, vector.aad, vector.plaintext, absl::MakeSpan(sealed)),
              IsOk())
      << vector.name;
  EXPECT_EQ(sealed, vector.sealed) << vector.name;
}

void ExpectOpens(const Vector& vector) {
  Buffer opened(vector.sealed.size() - kGcmTagBytes, 0xEE);
  const absl::Status status =
      AesGcmOpen(vector.key, vector.nonce, vector.aad, vector.sealed, absl::MakeSpan(opened));
  if (vector.valid) {
    EXPECT_THAT(status, IsOk()) << vector.name;
    EXPECT_EQ(opened, vector.plaintext) << vector.name;
  } else {
    EXPECT_THAT(status, StatusIs(absl::StatusCode::kDataLoss)) << vector.name;
    EXPECT_EQ(opened, Buffer(opened.size())) << vector.name;
  }
}

int CountValid(const std::vector<Vector>& vectors) {
  int valid = 0;
  for (const Vector& vector : vectors) valid += vector.valid ? 1 : 0;
  return valid;
}

TEST(AesGcmVectorsTest, SealsAndOpensAllOfNistsEncryptCases) {
  const std::vector<Vector> vectors = ReadNist("nist_gcm_encrypt_256.rsp");
  ASSERT_EQ(vectors.size(), 375u);
  ASSERT_EQ(CountValid(vectors), 375);
  for (const Vector& vector : vectors) {
    ExpectSeals(vector);
    ExpectOpens(vector);
  }
}

TEST(AesGcmVectorsTest, OpensAndRefusesAllOfNistsDecryptCases) {
  const std::vector<Vector> vectors = ReadNist("nist_gcm_decrypt_256.rsp");
  ASSERT_EQ(vectors.size(), 375u);
  ASSERT_EQ(CountValid(vectors), 184);
  for (const Vector& vector : vectors) {
    ExpectOpens(vector);
    if (vector.valid) ExpectSeals(vector);
  }
}

TEST(AesGcmVectorsTest, SealsOpensAndRefusesAllOfWycheproofsCases) {
  const std::vector<Vector> vectors = ReadWycheproof("wycheproof_aes_gcm_256.json");
  ASSERT_EQ(vectors.size(), 66u);
  ASSERT_EQ(CountValid(vectors), 39);
  for (const Vector& vector : vectors) {
    ExpectOpens(vector);
    if (vector.valid) ExpectSeals(vector);
  }
}

}  // namespace
}  // namespace signet::crypto
