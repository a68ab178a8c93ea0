#include "plugin/hierarchy/key_hierarchy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <atomic>
#include <thread>

#include "tests/testing/hierarchy_harness.h"
#include "tests/testing/poll.h"
#include "tests/testing/status_matchers.h"

namespace signet {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::HierarchyHarness;
using testing::IsOk;
using testing::StatusIs;
using testing::Stored;

TEST(KeyHierarchyTest, RefusesOptionsOutOfTheirBounds) {
  const std::function<void(HierarchyOptions&)> mistakes[] = {
      [](HierarchyOptions& options) { options.cluster_id = ""; },
      [](HierarchyOptions& options) { options.cluster_id = std::string(65, 'c'); },
      [](HierarchyOptions& options) { options.cluster_id = "with \"quotes\""; },
      [](HierarchyOptions& options) { options.previous_cluster_ids = {"a b"}; },
      [](HierarchyOptions& options) { options.key_id_generation = 100000; },
      [](HierarchyOptions& options) { options.local_kek_lifetime = absl::ZeroDuration(); },
      [](HierarchyOptions& options) { options.local_kek_max_uses = 0; },
      [](HierarchyOptions& options) { options.local_kek_max_uses = (uint64_t{1} << 32) + 1; },
      [](HierarchyOptions& options) { options.cached_local_keks = 0; },
      [](HierarchyOptions& options) { options.journal_records = 0; },
      [](HierarchyOptions& options) { options.journal_records = 65537; },
      [](HierarchyOptions& options) { options.remote_workers = 0; },
      [](HierarchyOptions& options) { options.reserved_workers = 0; },
      [](HierarchyOptions& options) { options.max_waiting_decrypts = 0; },
      [](HierarchyOptions& options) { options.decrypt_timeout = absl::ZeroDuration(); },
      [](HierarchyOptions& options) { options.remote_call_timeout = absl::ZeroDuration(); },
  };
  for (size_t i = 0; i < std::size(mistakes); ++i) {
    HierarchyHarness harness;
    mistakes[i](harness.options);
    EXPECT_THAT(harness.Create(), StatusIs(absl::StatusCode::kInvalidArgument)) << i;
  }
}

TEST(KeyHierarchyTest, RefusesAnActiveProviderThatIsNotConfigured) {
  HierarchyHarness harness;
  harness.options.active_provider = "secondary";
  EXPECT_THAT(harness.Create(), StatusIs(absl::StatusCode::kNotFound, HasSubstr("secondary")));
}

TEST(KeyHierarchyTest, RefusesProvidersThatCannotBeToldApart) {
  HierarchyHarness harness;
  harness.providers.push_back(harness.providers[0]);
  EXPECT_THAT(harness.Create(), StatusIs(absl::StatusCode::kInvalidArgument));
  harness.providers[1].name = "another";
  EXPECT_THAT(harness.Create(), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("same remote key")));
  harness.providers[1] = Provider{"none", nullptr};
  EXPECT_THAT(harness.Create(), StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST(KeyHierarchyTest, RefusesAStateDirectoryThatOthersMayRead) {
  HierarchyHarness harness;
  ::chmod(harness.directory.path().c_str(), 0755);
  EXPECT_THAT(harness.Create(), StatusIs(absl::StatusCode::kPermissionDenied));
}

TEST(KeyHierarchyTest, CreateMakesNoRemoteCall) {
  HierarchyHarness harness;
  ASSERT_THAT(harness.Create(), IsOk());
  EXPECT_EQ(harness.describes() + harness.wraps() + harness.unwraps(), 0u);
}

TEST(KeyHierarchyTest, IsDestroyedWithoutEverBeingStarted) {
  HierarchyHarness harness;
  ASSERT_THAT(harness.Create(), IsOk());
  harness.hierarchy.reset();
  EXPECT_EQ(harness.files.writes("/state"), 0u);
}

TEST(KeyHierarchyTest, EncryptRefusesSizesThatNoEnvelopeHolds) {
  HierarchyHarness harness;
  harness.Start();
  EXPECT_THAT(harness.hierarchy->Encrypt(""), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(harness.hierarchy->Encrypt(std::string(65537, 'x')),
              StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(harness.hierarchy->Encrypt(std::string(65536, 'x')), IsOk());
}

TEST(KeyHierarchyTest, TheSamePlaintextNeverGivesTheSameCiphertext) {
  HierarchyHarness harness;
  harness.Start();
  EXPECT_NE(harness.Encrypt("secret").ciphertext, harness.Encrypt("secret").ciphertext);
}

TEST(KeyHierarchyTest, StateShowsWhatIsThere) {
  HierarchyHarness harness;
  ASSERT_THAT(harness.Create(), IsOk());
  EXPECT_THAT(harness.hierarchy->State().status, StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_EQ(harness.hierarchy->State().active, nullptr);
  harness.hierarchy.reset();
  harness.Start();
  harness.Encrypt();
  ASSERT_THAT(harness.Decrypt(harness.ForeignTuple()), IsOk());
  const HierarchyState state = harness.hierarchy->State();
  EXPECT_THAT(state.status, IsOk());
  EXPECT_EQ(state.active, harness.hierarchy->Snapshot());
  EXPECT_EQ(state.uses, 1u);
  EXPECT_EQ(state.cached_local_keks, 2u);
  EXPECT_EQ(state.journal_records, 2u);
  EXPECT_THAT(state.key_id_history, ElementsAre(state.active->key_id));
}

TEST(KeyHierarchyTest, AfterStopEncryptIsUnavailableAndNothingIsLost) {
  HierarchyHarness harness;
  harness.Start();
  const Stored stored = harness.Encrypt("secret");
  harness.hierarchy->Stop();
  EXPECT_THAT(harness.hierarchy->Encrypt("x"), StatusIs(absl::StatusCode::kUnavailable));
  harness.Restart();
  EXPECT_THAT(harness.Decrypt(stored), IsOk());
}

TEST(KeyHierarchyTest, EncryptNeverNamesAKeyIdThatStatusDidNotAnnounceDuringARenewal) {
  HierarchyHarness harness;
  harness.options.local_kek_max_uses = 60;
  harness.Start();
  std::atomic<bool> done{false};
  std::vector<std::thread> threads;
  for (int t = 0; t < 3; ++t) {
    threads.emplace_back([&] {
      while (!done) {
        const auto result = harness.hierarchy->Encrypt("secret");
        if (!result.ok()) continue;
        const Stored stored{result->ciphertext, result->key->key_id, result->key->record};
        EXPECT_THAT(harness.Decrypt(stored), IsOk());
      }
    });
  }
  EXPECT_TRUE(testing::PollUntil([&] { return harness.wraps() >= 10; }));
  done = true;
  for (std::thread& thread : threads) thread.join();
  for (const auto& activated : harness.observer.activated()) {
    EXPECT_EQ(activated.key_id, harness.hierarchy->Snapshot()->key_id);
  }
}

}  // namespace
}  // namespace signet
