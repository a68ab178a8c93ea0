// Decrypt of tuples that somebody who writes to etcd has changed, with knowledge of the format: through the
// real service, hierarchy, crypto and local provider. It must never answer OK with bytes that were not
// encrypted, and the changes must get past every check but the one that is to refuse them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "crypto/record.h"
#include "kms_client/local/keyring_file.h"
#include "kms_client/local/local_kms_client.h"
#include "plugin/service/kms_service.h"
#include "tests/testing/hierarchy_harness.h"
#include "tests/testing/status_matchers.h"

namespace signet {
namespace {

using testing::Answer;
using testing::HierarchyHarness;
using testing::IsOk;
using testing::Stored;

// As many as SIGNET_MUTATIONS says.
size_t Inputs() {
  size_t inputs = 200000;
  const char* const wanted = std::getenv("SIGNET_MUTATIONS");
  if (wanted != nullptr && !absl::SimpleAtoi(wanted, &inputs))
    ADD_FAILURE() << "SIGNET_MUTATIONS: " << wanted;
  return inputs;
}

// Where an input was refused, or that it was not.
enum Stage { kRequest, kHeader, kRecord, kKms, kMac, kAead, kOpened, kStages };
constexpr const char* kStageNames[kStages] = {"request", "header", "record", "kms", "mac", "aead", "opened"};

struct Input {
  Stored tuple;
  std::vector<std::pair<std::string, std::string>> annotations;
};

// A replica on a keyring that all replicas share.
std::unique_ptr<HierarchyHarness> MakeReplica(const std::string& keyring) {
  auto replica = std::make_unique<HierarchyHarness>();
  replica->providers[0].client =
      kms::MakeLocalKmsClient({keyring, {}}, replica->clock, crypto::SystemRandom(), PosixDurableFiles())
          .value();
  replica->Start();
  return replica;
}

class Mutator {
 public:
  explicit Mutator(std::vector<Stored> originals) : originals_(std::move(originals)) {}

  Input Next() {
    Input input;
    input.tuple = Pick();
    Stored& tuple = input.tuple;
    bool annotations_changed = false;
    switch (Below(12)) {
      case 0:
        FlipByte(tuple.ciphertext, Below(20));
        break;
      case 1:
        Resize(tuple.ciphertext);
        break;
      case 2:
        Resize(tuple.record);
        NameRecordInHeader(tuple);
        break;
      case 3:
        FlipByte(tuple.record, Below(tuple.record.size()));
        NameRecordInHeader(tuple);
        break;
      case 4:
        // Neither key_id nor blob: the KMS opens it, the MAC must not.
        FlipByte(tuple.record, 2 + tuple.key_id.size() + Below(8));
        NameRecordInHeader(tuple);
        break;
      case 5:
        FlipByte(tuple.record, tuple.record.size() - 1 - Below(crypto::kRecordMacBytes));
        NameRecordInHeader(tuple);
        break;
      case 6: {
        // The key_id in record and request alike.
        const size_t at = Below(tuple.key_id.size());
        FlipByte(tuple.key_id, at);
        tuple.record[2 + at] = tuple.key_id[at];
        NameRecordInHeader(tuple);
        break;
      }
      case 7:
        FlipByte(tuple.ciphertext, 20 + Below(tuple.ciphertext.size() - 20));
        break;
      case 8:
        Splice(tuple, Pick());
        break;
      case 9:
        Below(2) == 0 ? FlipByte(tuple.key_id, Below(tuple.key_id.size())) : Resize(tuple.key_id);
        break;
      case 10:
        annotations_changed = true;
        input.annotations = ChangedAnnotations(tuple);
        break;
      default:
        for (size_t i = 0; i <= Below(4); ++i) FlipByte(tuple.ciphertext, Below(tuple.ciphertext.size()));
        if (Below(2) == 0) NameRecordInHeader(tuple);
        break;
    }
    if (!annotations_changed) input.annotations = {{std::string(crypto::kRecordAnnotation), tuple.record}};
    return input;
  }

 private:
  size_t Below(size_t bound) { return std::uniform_int_distribution<size_t>(0, bound - 1)(random_); }
  const Stored& Pick() { return originals_[Below(originals_.size())]; }
  // To another value, now and then to one at an edge.
  void FlipByte(std::string& bytes, size_t at) {
    constexpr std::array<uint8_t, 4> kEdges = {0x00, 0x01, 0x7F, 0xFF};
    const uint8_t before = static_cast<uint8_t>(bytes[at]);
    const uint8_t after = Below(4) == 0 ? kEdges[Below(kEdges.size())] : static_cast<uint8_t>(Below(256));
    bytes[at] = static_cast<char>(after == before ? before ^ 0x80 : after);
  }
  void Resize(std::string& bytes) {
    switch (Below(3)) {
      case 0:
        bytes.resize(Below(bytes.size()));
        break;
      case 1:
        bytes.append(1 + Below(40), static_cast<char>(Below(256)));
        break;
      default:
        bytes.erase(Below(bytes.size()), 1 + Below(4));
        break;
    }
  }
  // Makes the header name whatever record there is: the attacker knows SHA-256 too.
  static void NameRecordInHeader(Stored& tuple) {
    const crypto::LocalKekId id = crypto::ComputeLocalKekId(tuple.record);
    if (tuple.ciphertext.size() >= 20) std::copy(id.begin(), id.end(), tuple.ciphertext.begin() + 4);
  }
  void Splice(Stored& tuple, const Stored& other) {
    switch (Below(4)) {
      case 0:
        tuple.record = other.record;
        tuple.key_id = other.key_id;
        NameRecordInHeader(tuple);
        break;
      case 1:
        tuple.ciphertext = tuple.ciphertext.substr(0, 80) + other.ciphertext.substr(80);
        break;
      case 2:
        tuple.ciphertext = tuple.ciphertext.substr(0, 20) + other.ciphertext.substr(20);
        break;
      default:
        tuple.key_id = other.key_id;
        break;
    }
  }
  std::vector<std::pair<std::string, std::string>> ChangedAnnotations(const Stored& tuple) {
    const std::string name(crypto::kRecordAnnotation);
    switch (Below(4)) {
      case 0:
        return {};
      case 1:
        return {{name, tuple.record}, {name, tuple.record}};
      case 2:
        return {{name, tuple.record}, {"other.signet.internal", ""}};
      default:
        return {{name.substr(0, name.size() - 1), tuple.record}};
    }
  }

  const std::vector<Stored> originals_;
  std::mt19937_64 random_{20240601};
};

bool Contains(const absl::Status& status, const char* text) {
  return status.message().find(text) != absl::string_view::npos;
}

// By the constant texts, so that a new one has to be sorted in here.
Stage StageOf(const absl::Status& status, bool kms_opened_the_blob) {
  if (status.ok()) return kOpened;
  if (Contains(status, "annotations:") || Contains(status, "key_id is empty") || Contains(status, "uid"))
    return kRequest;
  if (Contains(status, "ciphertext:") || Contains(status, "is not this ciphertext's")) return kHeader;
  if (Contains(status, "the local key's record does not open")) return kms_opened_the_blob ? kMac : kKms;
  if (Contains(status, "no configured KMS key opens this record")) return kRecord;
  if (Contains(status, "record: ") || Contains(status, "key_id is not the record's")) return kRecord;
  if (status.message() == "authentication failed") return kAead;
  ADD_FAILURE() << "no stage for " << status;
  return kRequest;
}

TEST(MutatedDecryptTest, NeverAnswersOkWithOtherBytesAndEveryCheckIsReached) {
  testing::TempDir directory;
  const std::string keyring_path = directory.File("keyring");
  kms::KeyringFile keyring(keyring_path, {}, PosixDurableFiles(), crypto::SystemRandom());
  ASSERT_THAT(keyring.Create(kms::Keyring::Generate(crypto::SystemRandom(), absl::Now()).value()), IsOk());
  const auto one = MakeReplica(keyring_path), two = MakeReplica(keyring_path);

  std::vector<Stored> originals;
  std::vector<std::string> plaintexts;
  for (size_t i = 0; i < 16; ++i) {
    plaintexts.push_back(std::string(1 + i * 13, static_cast<char>('a' + i)));
    originals.push_back((i % 2 == 0 ? *one : *two).Encrypt(plaintexts.back()));
  }
  KmsService service({}, *one->hierarchy);
  const auto decrypt = [&service](const Input& input) {
    DecryptCall call;
    call.ciphertext = input.tuple.ciphertext;
    call.key_id = input.tuple.key_id;
    call.uid = "uid";
    for (const auto& [name, value] : input.annotations) call.annotations.emplace_back(name, value);
    Answer answer;
    service.Decrypt(call, answer.callback());
    return answer.Wait();
  };

  const size_t inputs = Inputs();
  Mutator mutator(originals);
  std::array<size_t, kStages> refused_at{};
  for (size_t i = 0; i < inputs; ++i) {
    // So that bad records are not refused unseen, for there being too many.
    one->clock.Advance(absl::Seconds(1));
    const Input input = mutator.Next();
    const size_t opened_before = one->observer.succeeded(HierarchyObserver::RemoteOperation::kUnwrap);
    const absl::StatusOr<std::string> answer = decrypt(input);
    const bool kms_opened =
        one->observer.succeeded(HierarchyObserver::RemoteOperation::kUnwrap) > opened_before;
    ++refused_at[StageOf(answer.status(), kms_opened)];
    if (!answer.ok()) continue;
    // A change may change nothing (a splice of a tuple with itself); then, and only then, it opens.
    bool is_original = false;
    for (size_t j = 0; j < originals.size(); ++j) {
      is_original = is_original || (input.tuple.ciphertext == originals[j].ciphertext &&
                                    input.tuple.key_id == originals[j].key_id &&
                                    input.tuple.record == originals[j].record && *answer == plaintexts[j]);
    }
    ASSERT_TRUE(is_original) << "input " << i << " opened";
  }

  std::array<size_t, kStages + 1> reached{};
  for (size_t stage = kStages; stage-- > 0;) reached[stage] = reached[stage + 1] + refused_at[stage];
  for (size_t stage = 0; stage < kStages; ++stage) {
    std::printf("%-8s reached by %8zu, ended there %8zu\n", kStageNames[stage], reached[stage],
                refused_at[stage]);
  }
  for (const Stage stage : {kHeader, kRecord, kMac, kAead}) {
    EXPECT_GE(refused_at[stage], inputs / 20) << kStageNames[stage];
  }
  for (size_t j = 0; j < originals.size(); ++j) {
    EXPECT_THAT(decrypt({originals[j], {{std::string(crypto::kRecordAnnotation), originals[j].record}}}),
                IsOk());
  }
}

}  // namespace
}  // namespace signet
