// The three-node hand-over: at every step every node unwraps what every node wraps, and all announce one
// version before and one after.
#include <gmock/gmock.h>

#include <map>

#include "kms_client/local/keyring_merge.h"
#include "kms_client/local/local_kms_client.h"
#include "tests/unit/kms_client/local/local_test_env.h"

namespace signet::kms {
namespace {

using ::signet::testing::IsOk;

class HandOverTest : public LocalTest {
 protected:
  static constexpr const char* kNodes[] = {"a", "b", "c"};

  void SetUp() override {
    CreateKeyring("a");
    ASSERT_OK_AND_ASSIGN(Keyring exported, File("a").Load());
    AdoptKeyring(clock_.Wall(), exported);
    for (const char* const node : {"b", "c"}) ASSERT_THAT(File(node).Create(exported), IsOk());
    for (const char* const node : kNodes) Start(node);
  }
  // (Re)starts the daemon of a node.
  void Start(const std::string& node) {
    ASSERT_OK_AND_ASSIGN(clients_[node],
                         MakeLocalKmsClient({Path(node), SealSource()}, clock_, random_, files_));
  }
  void ImportFromA(const std::string& node) {
    ASSERT_OK_AND_ASSIGN(const Keyring exported, File("a").Load());
    ChangeFile(node, [&](Keyring& k) { return MergeKeyring(exported, clock_.Wall(), k).status(); });
  }
  CallContext Call() const { return {clock_.Monotonic() + absl::Seconds(10), nullptr, ""}; }
  // What each node announces, after each has unwrapped what each wraps now and has wrapped before.
  std::map<std::string, uint64_t> CheckAll() {
    std::map<std::string, uint64_t> announced;
    const crypto::SecretBytes plaintext = crypto::SecretBytes::CopyOf(std::string(32, 'k')).value();
    for (auto& [node, client] : clients_) {
      const absl::StatusOr<KeyDescription> description = client->Describe(Call());
      EXPECT_THAT(description, IsOk());
      if (description.ok()) announced[node] = *description->current.number;
      absl::StatusOr<WrapResult> wrapped = client->Wrap(Call(), plaintext, context_);
      EXPECT_THAT(wrapped, IsOk());
      if (wrapped.ok()) stored_.push_back(*std::move(wrapped));
    }
    for (auto& [node, client] : clients_) {
      for (const WrapResult& stored : stored_) {
        EXPECT_THAT(client->Unwrap(Call(), stored.backend_field, stored.blob, context_), IsOk())
            << node << " cannot read version " << stored.version.label;
      }
    }
    return announced;
  }

  const WrapContext context_{"cluster-1"};
  std::map<std::string, std::unique_ptr<KmsClient>> clients_;
  std::vector<WrapResult> stored_;
};

using Announced = std::map<std::string, uint64_t>;

TEST_F(HandOverTest, AllNodesSwitchTogetherAndReadEachOtherAtEveryStep) {
  EXPECT_EQ(CheckAll(), (Announced{{"a", 1}, {"b", 1}, {"c", 1}}));
  const absl::Time at = clock_.Wall() + absl::Minutes(10);
  ChangeFile("a", [this](Keyring& k) { return k.Add(random_, clock_.Wall()).status(); });
  EXPECT_EQ(CheckAll(), (Announced{{"a", 1}, {"b", 1}, {"c", 1}}));
  ChangeFile("a", [&](Keyring& k) { return k.Activate(2, at, clock_.Wall()); });
  EXPECT_EQ(CheckAll(), (Announced{{"a", 1}, {"b", 1}, {"c", 1}}));
  for (const char* const node : {"b", "c"}) {
    ImportFromA(node);
    EXPECT_EQ(CheckAll(), (Announced{{"a", 1}, {"b", 1}, {"c", 1}}));
  }
  clock_.Advance(absl::Minutes(10) - absl::Seconds(1));
  EXPECT_EQ(CheckAll(), (Announced{{"a", 1}, {"b", 1}, {"c", 1}}));
  clock_.Advance(absl::Seconds(1));
  EXPECT_EQ(CheckAll(), (Announced{{"a", 2}, {"b", 2}, {"c", 2}}));
  clock_.JumpWall(-absl::Hours(1));
  for (const char* const node : kNodes) Start(node);
  EXPECT_EQ(CheckAll(), (Announced{{"a", 2}, {"b", 2}, {"c", 2}}));
}

TEST_F(HandOverTest, ClocksThatDifferLeaveEveryNodeReadable) {
  ChangeFile("a", [this](Keyring& k) { return k.Add(random_, clock_.Wall()).status(); });
  ChangeFile("a",
             [this](Keyring& k) { return k.Activate(2, clock_.Wall() + absl::Minutes(10), clock_.Wall()); });
  ImportFromA("b");
  ImportFromA("c");
  // Node a is ahead of the others: it goes first.
  testing::FakeClock ahead;
  ahead.JumpWall(absl::Hours(1));
  ASSERT_OK_AND_ASSIGN(clients_["a"], MakeLocalKmsClient({Path("a"), SealSource()}, ahead, random_, files_));
  EXPECT_EQ(CheckAll(), (Announced{{"a", 2}, {"b", 1}, {"c", 1}}));
}

TEST_F(HandOverTest, ALateNodeReadsAtOnceAndAnnouncesNothingUntilTold) {
  ChangeFile("a", [this](Keyring& k) { return k.Add(random_, clock_.Wall()).status(); });
  ChangeFile("a",
             [this](Keyring& k) { return k.Activate(2, clock_.Wall() + absl::Minutes(10), clock_.Wall()); });
  ImportFromA("b");
  clock_.Advance(absl::Minutes(10));
  ImportFromA("c");
  EXPECT_EQ(CheckAll(), (Announced{{"a", 2}, {"b", 2}, {"c", 1}}));
  Start("c");
  EXPECT_EQ(CheckAll(), (Announced{{"a", 2}, {"b", 2}, {"c", 1}}));
  ChangeFile("c", [this](Keyring& k) { return k.Activate(2, std::nullopt, clock_.Wall()); });
  EXPECT_EQ(CheckAll(), (Announced{{"a", 2}, {"b", 2}, {"c", 2}}));
}

TEST_F(HandOverTest, ANodeThatWasDownOverTheActivationJoinsItsPeers) {
  ChangeFile("a", [this](Keyring& k) { return k.Add(random_, clock_.Wall()).status(); });
  ChangeFile("a",
             [this](Keyring& k) { return k.Activate(2, clock_.Wall() + absl::Minutes(10), clock_.Wall()); });
  ImportFromA("b");
  ImportFromA("c");
  clients_.erase("c");
  clock_.Advance(absl::Hours(3));
  EXPECT_EQ(CheckAll(), (Announced{{"a", 2}, {"b", 2}}));
  Start("c");
  EXPECT_EQ(CheckAll(), (Announced{{"a", 2}, {"b", 2}, {"c", 2}}));
}

}  // namespace
}  // namespace signet::kms
