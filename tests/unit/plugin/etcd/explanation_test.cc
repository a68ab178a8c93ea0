#include "plugin/etcd/explanation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "tests/testing/paths.h"
#include "tests/testing/status_matchers.h"
#include "tests/testing/stored_objects.h"

namespace signet::etcd {
namespace {

using ::signet::testing::IsOk;
using ::signet::testing::MakeSignetObject;
using ::signet::testing::StatusIs;
using ::signet::testing::StoredObject;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

nlohmann::json Vectors() {
  return nlohmann::json::parse(
      std::ifstream(testing::SourcePath("tests/testdata/encrypted_object_vectors.json")));
}

TEST(ExplanationTest, ExplainsAValueOfOurs) {
  const StoredObject object = MakeSignetObject();
  const std::string value = object.Value("my-provider");
  ASSERT_OK_AND_ASSIGN(const Explanation explanation, Explain(value));
  EXPECT_EQ(explanation.kind, BlobKind::kStoredValue);
  EXPECT_EQ(explanation.transformer, Transformer::kKmsV2);
  EXPECT_EQ(explanation.name, "my-provider");
  EXPECT_EQ(explanation.bytes, value.size());
  EXPECT_EQ(explanation.object->key_id, "local-v1-8f3a1c0d9e7b2a44");
  EXPECT_EQ(explanation.object->seed_type, 1u);
  EXPECT_EQ(explanation.object->encrypted_data_bytes, 78u);
  EXPECT_EQ(explanation.envelope->plaintext_bytes, 32u);
  EXPECT_EQ(explanation.envelope->bytes, 140u);
  EXPECT_EQ(explanation.envelope->local_kek_id, explanation.record->local_kek_id);
  EXPECT_EQ(explanation.record->record.entries.size(), 1u);
  EXPECT_EQ(explanation.record_is_the_envelopes, true);
  EXPECT_EQ(explanation.record_key_id_is_the_objects, true);
  EXPECT_THAT(explanation.problems, IsEmpty());
  EXPECT_EQ(explanation.object->overhead_bytes, object.key_id.size() + object.wrapped_seed.size() +
                                                    object.annotations[0].first.size() +
                                                    object.annotations[0].second.size());
}

TEST(ExplanationTest, HashesTheKeyIdAsKubeApiserverDoes) {
  const StoredObject object = {"d", "1", "seed", {}, 1};
  ASSERT_OK_AND_ASSIGN(const Explanation explanation, Explain(object.Value()));
  EXPECT_EQ(explanation.object->key_id_hash,
            "sha256:6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b");
}

TEST(ExplanationTest, DropsTheNewlineOfEtcdctl) {
  const std::string value = MakeSignetObject().Value();
  ASSERT_OK_AND_ASSIGN(const Explanation explanation, Explain(value + "\n"));
  EXPECT_THAT(explanation.problems, IsEmpty());
  EXPECT_THAT(explanation.notes, ElementsAre(HasSubstr("newline")));
  EXPECT_EQ(explanation.bytes, value.size());
  EXPECT_EQ(explanation.record_is_the_envelopes, true);
}

TEST(ExplanationTest, ExplainsTheSharedVectors) {
  const nlohmann::json vectors = Vectors();
  for (const auto& [name, seed_type, wrapped] : {std::tuple("type0", 0u, std::string("wrapped-key")),
                                                 std::tuple("type1", 1u, std::string("wrapped-seed"))}) {
    const std::string value = absl::HexStringToBytes(vectors[name]["etcd_value_hex"].get<std::string>());
    ASSERT_OK_AND_ASSIGN(const Explanation explanation, Explain(value));
    EXPECT_EQ(explanation.name, "p1");
    EXPECT_EQ(explanation.object->key_id, "k1");
    EXPECT_EQ(explanation.object->seed_type, seed_type);
    EXPECT_EQ(explanation.object->wrapped_seed_bytes, wrapped.size());
    EXPECT_EQ(explanation.object->encrypted_data_bytes,
              vectors[name]["encryptedData_hex"].get<std::string>().size() / 2);
    EXPECT_FALSE(explanation.envelope.has_value());
    EXPECT_THAT(explanation.problems, IsEmpty());
  }
}

TEST(ExplanationTest, NoTruncationIsTakenForTheWhole) {
  const std::string value = MakeSignetObject().Value();
  for (size_t size = 0; size < value.size(); ++size) {
    const absl::StatusOr<Explanation> explanation = Explain(absl::string_view(value).substr(0, size));
    if (size == value.size() - 2) {
      // Without its last field it is what Kubernetes 1.27 wrote.
      ASSERT_THAT(explanation, IsOk());
      EXPECT_EQ(explanation->object->seed_type, 0u);
    } else if (explanation.ok()) {
      // Cut between two other fields it is a message that lacks some.
      EXPECT_THAT(explanation->problems, Not(IsEmpty())) << size;
    }
  }
}

TEST(ExplanationTest, SurvivesEveryBitFlip) {
  const std::string value = MakeSignetObject().Value();
  for (size_t bit = 0; bit < value.size() * 8; ++bit) {
    std::string flipped = value;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << (bit % 8)));
    const absl::StatusOr<Explanation> explanation = Explain(flipped);
    if (explanation.ok()) {
      EXPECT_LE(explanation->bytes, flipped.size());
    }
  }
}

TEST(ExplanationTest, NoticesAChangedRecord) {
  StoredObject object = MakeSignetObject();
  object.annotations[0].second.back() = static_cast<char>(object.annotations[0].second.back() ^ 1);
  ASSERT_OK_AND_ASSIGN(const Explanation explanation, Explain(object.Value()));
  EXPECT_EQ(explanation.record_is_the_envelopes, false);
  EXPECT_EQ(explanation.record_key_id_is_the_objects, true);
  EXPECT_THAT(explanation.problems, ElementsAre(HasSubstr("not the one this envelope was made under")));
}

TEST(ExplanationTest, NoticesAChangedKeyId) {
  StoredObject object = MakeSignetObject();
  object.key_id = "local-v2-8f3a1c0d9e7b2a44";
  ASSERT_OK_AND_ASSIGN(const Explanation explanation, Explain(object.Value()));
  EXPECT_EQ(explanation.record_key_id_is_the_objects, false);
  EXPECT_EQ(explanation.record_is_the_envelopes, true);
  EXPECT_THAT(explanation.problems, ElementsAre(HasSubstr("key_id is not the object's")));
}

TEST(ExplanationTest, NoticesAddedAndMissingAnnotations) {
  StoredObject object = MakeSignetObject();
  object.annotations.push_back({"added.example.com", "x"});
  ASSERT_OK_AND_ASSIGN(const Explanation added, Explain(object.Value()));
  EXPECT_THAT(added.problems, ElementsAre(HasSubstr("exactly one annotation")));
  object.annotations.clear();
  ASSERT_OK_AND_ASSIGN(const Explanation missing, Explain(object.Value()));
  EXPECT_THAT(missing.problems, ElementsAre(HasSubstr("exactly one annotation")));
  EXPECT_TRUE(missing.envelope.has_value());
}

TEST(ExplanationTest, ExplainsABareEnvelope) {
  const StoredObject object = MakeSignetObject();
  ASSERT_OK_AND_ASSIGN(const Explanation explanation, Explain(object.wrapped_seed));
  EXPECT_EQ(explanation.kind, BlobKind::kEnvelope);
  EXPECT_EQ(explanation.envelope->plaintext_bytes, 32u);
  EXPECT_THAT(explanation.problems, IsEmpty());
  ASSERT_OK_AND_ASSIGN(const Explanation cut, Explain(absl::string_view(object.wrapped_seed).substr(0, 108)));
  EXPECT_FALSE(cut.envelope.has_value());
  EXPECT_THAT(cut.problems, ElementsAre("ciphertext: too short"));
}

TEST(ExplanationTest, ExplainsABareRecord) {
  const StoredObject object = MakeSignetObject("local-v7-0011223344556677");
  for (const char* end : {"", "\n"}) {
    ASSERT_OK_AND_ASSIGN(const Explanation explanation, Explain(object.annotations[0].second + end));
    EXPECT_EQ(explanation.kind, BlobKind::kRecord);
    EXPECT_EQ(explanation.record->record.key_id, "local-v7-0011223344556677");
    EXPECT_EQ(explanation.record->bytes, object.annotations[0].second.size());
  }
}

TEST(ExplanationTest, NamesOtherPluginsOnBothVersionsOfTheApi) {
  const StoredObject object = {"data", "7", "vault:v7:AAAA", {}, 1};
  ASSERT_OK_AND_ASSIGN(const Explanation v2, Explain(object.Value()));
  EXPECT_THAT(v2.foreign_format, HasSubstr("Transit"));
  ASSERT_OK_AND_ASSIGN(const Explanation v1,
                       Explain(absl::string_view("k8s:enc:kms:v1:p:\0\x0cvault:v1:AAAdata", 33)));
  EXPECT_EQ(v1.wrapped_key_bytes, 12u);
  EXPECT_THAT(v1.foreign_format, HasSubstr("Transit"));
  EXPECT_THAT(v1.problems, IsEmpty());
}

TEST(ExplanationTest, NoticesTruncatedV1Values) {
  for (const absl::string_view cut :
       {absl::string_view("k8s:enc:kms:v1:p:"), absl::string_view("k8s:enc:kms:v1:p:\0\x05wrap", 23),
        absl::string_view("k8s:enc:kms:v1:p:\0\x04wrap", 23),
        absl::string_view("k8s:enc:kms:v1:p:\0\0data", 23)}) {
    ASSERT_OK_AND_ASSIGN(const Explanation explanation, Explain(cut));
    EXPECT_THAT(explanation.problems, ElementsAre(HasSubstr("truncated")));
  }
}

TEST(ExplanationTest, SaysLoudlyWhatIsNotEncrypted) {
  for (const std::string& plain :
       {std::string("k8s\0secret-text", 15), std::string("{\"data\":\"secret-text\"}")}) {
    ASSERT_OK_AND_ASSIGN(const Explanation explanation, Explain(plain));
    EXPECT_THAT(explanation.notes, ElementsAre(HasSubstr("NOT ENCRYPTED")));
    EXPECT_EQ(explanation.name, "");
  }
}

TEST(ExplanationTest, NamesStaticKeys) {
  ASSERT_OK_AND_ASSIGN(const Explanation explanation, Explain("k8s:enc:aescbc:v1:key1:bytes"));
  EXPECT_EQ(explanation.transformer, Transformer::kAesCbc);
  EXPECT_EQ(explanation.name, "key1");
  EXPECT_EQ(explanation.payload_bytes, 5u);
  ASSERT_OK_AND_ASSIGN(const Explanation empty, Explain("k8s:enc:secretbox:v1:key1:"));
  EXPECT_THAT(empty.problems, ElementsAre(HasSubstr("truncated")));
}

TEST(ExplanationTest, RefusesWhatItDoesNotKnow) {
  EXPECT_THAT(Explain(""), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("empty")));
  EXPECT_THAT(Explain("hello"), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("neither")));
  ASSERT_OK_AND_ASSIGN(const Explanation unknown, Explain("k8s:enc:kms:v9:p:x"));
  EXPECT_THAT(unknown.problems, ElementsAre(HasSubstr("does not know")));
}

}  // namespace
}  // namespace signet::etcd
