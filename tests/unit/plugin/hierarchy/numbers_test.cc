// How often the KMS is asked: promises in numbers.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

#include "tests/testing/hierarchy_harness.h"
#include "tests/testing/status_matchers.h"

namespace signet {
namespace {

using testing::FakeKmsClient;
using testing::FakeRemoteKey;
using testing::HierarchyHarness;
using testing::IsOk;
using testing::Stored;

TEST(NumbersTest, TenThousandCiphertextsUnderOneLocalKekCostOneUnwrap) {
  HierarchyHarness writer;
  writer.StartStepped();
  std::vector<Stored> stored;
  for (int i = 0; i < 10000; ++i) stored.push_back(writer.Encrypt());
  HierarchyHarness reader;
  reader.providers[0].client = reader.client = std::make_shared<FakeKmsClient>(writer.remote, reader.clock);
  reader.StartStepped();
  const size_t before = reader.unwraps();
  // All at once, as after a restart of kube-apiserver.
  std::vector<testing::Answer> answers(stored.size());
  reader.options.max_waiting_decrypts = stored.size();
  for (size_t i = 0; i < stored.size(); ++i) {
    if (i % 4000 == 0) reader.hierarchy->RunPending();
    reader.hierarchy->Decrypt(HierarchyHarness::Input(stored[i]), answers[i].callback());
  }
  reader.hierarchy->RunPending();
  for (const testing::Answer& answer : answers) ASSERT_THAT(answer.Wait(), IsOk());
  EXPECT_EQ(reader.unwraps() - before, 1u);
}

class ThreeNodesTest : public ::testing::Test {
 protected:
  ThreeNodesTest() {
    for (HierarchyHarness& node : nodes_) {
      node.providers[0].client = node.client = std::make_shared<FakeKmsClient>(remote_, node.clock);
      node.StartStepped();
    }
  }
  // kube-apiserver starts beside each node: a seed of its own, and all that is stored is read.
  void StartApiServers(bool expect_reads = true) {
    for (HierarchyHarness& node : nodes_) stored_.push_back(node.Encrypt());
    if (expect_reads) ReadAll();
  }
  void ReadAll() {
    for (HierarchyHarness& node : nodes_) {
      for (const Stored& stored : stored_) ASSERT_THAT(node.DecryptStepped(stored), IsOk());
    }
  }

  std::shared_ptr<FakeRemoteKey> remote_ = std::make_shared<FakeRemoteKey>();
  std::array<HierarchyHarness, 3> nodes_;
  std::vector<Stored> stored_;
};

TEST_F(ThreeNodesTest, RestartsAddNoLocalKeksAndAColdStartCostsOneUnwrapForEachNode) {
  for (int restart = 0; restart < 50; ++restart) {
    StartApiServers(/*expect_reads=*/false);
    if (restart % 5 == 0) {
      for (HierarchyHarness& node : nodes_) node.RestartStepped();
    }
  }
  std::array<size_t, 3> before{};
  for (size_t i = 0; i < nodes_.size(); ++i) {
    nodes_[i].RestartStepped();
    before[i] = nodes_[i].unwraps() - 1;  // the restart itself counts
  }
  ReadAll();
  for (size_t i = 0; i < nodes_.size(); ++i) {
    EXPECT_LE(nodes_[i].unwraps() - before[i], nodes_.size() + 1);
    EXPECT_EQ(nodes_[i].wraps(), 1u);
  }
}

TEST_F(ThreeNodesTest, RestartedIdleAndThenCutOffTheyReadEverything) {
  StartApiServers();
  for (HierarchyHarness& node : nodes_) node.RestartStepped();
  for (HierarchyHarness& node : nodes_) node.Run(absl::Minutes(1));
  for (HierarchyHarness& node : nodes_) node.client->FailAll(absl::UnavailableError("cut"));
  StartApiServers();
}

}  // namespace
}  // namespace signet
