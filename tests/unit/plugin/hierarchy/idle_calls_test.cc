// Ten minutes of real time in which nobody wants anything but Status, on the machine's own clock.
#include <gtest/gtest.h>

#include <chrono>

#include "base/durable_files.h"
#include "crypto/random.h"
#include "plugin/hierarchy/key_hierarchy.h"
#include "tests/testing/fake_kms_client.h"
#include "tests/testing/hierarchy_harness.h"
#include "tests/testing/poll.h"
#include "tests/testing/temp_dir.h"

namespace signet {
namespace {

using testing::FakeKmsClient;
using testing::FakeRemoteKey;
using testing::PollUntil;
using testing::RecordingObserver;
using testing::TempDir;
using Operation = FakeKmsClient::Operation;

TEST(IdleCallsTest, TenMinutesOfStatusKeepToTheirShareOf45CallsAnHour) {
  const TempDir directory;
  RecordingObserver observer;
  auto client = std::make_shared<FakeKmsClient>(std::make_shared<FakeRemoteKey>(), SystemClock(),
                                                crypto::ProviderType::kVault);
  HierarchyOptions options;
  options.cluster_id = "cluster-1";
  options.active_provider = "primary";
  options.state_directory = directory.path();
  const auto created = KeyHierarchy::Create(options, {Provider{"primary", client}}, SystemClock(),
                                            crypto::SystemRandom(), PosixDurableFiles(), observer);
  ASSERT_TRUE(created.ok());
  KeyHierarchy& hierarchy = **created;
  hierarchy.Start();
  ASSERT_TRUE(PollUntil([&] { return hierarchy.Snapshot() != nullptr; }));
  const auto calls = [&] {
    return client->calls(Operation::kDescribe) + client->calls(Operation::kWrap) +
           client->calls(Operation::kUnwrap);
  };
  const size_t before = calls();
  size_t statuses = 0;
  const bool failed = PollUntil(
      [&] {
        ++statuses;
        return !hierarchy.Writable().ok();
      },
      std::chrono::minutes(10), std::chrono::milliseconds(10));
  EXPECT_FALSE(failed);
  const size_t made = calls() - before;
  RecordProperty("remote_calls", static_cast<int>(made));
  EXPECT_GT(statuses, 10'000u);
  EXPECT_GE(made, 4u) << "a watcher that does not ask would keep to any number";
  EXPECT_LE(made * 6, 45u);
}

}  // namespace
}  // namespace signet
