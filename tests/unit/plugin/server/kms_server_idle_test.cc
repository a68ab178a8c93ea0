// Half a minute without a word, then a call on the same connection: nothing of ours ends it. The run of 35
// minutes is scripts/test's.
#include <gtest/gtest.h>

#include <chrono>

#include "tests/testing/poll.h"
#include "tests/unit/plugin/server/kms_server_fixture.h"
#include "tests/unit/plugin/server/raw_client.h"

namespace signet {
namespace {

using ::signet::testing::IsOk;
using ::signet::testing::kHttp2Preface;
using ::signet::testing::KmsCaller;
using ::signet::testing::PollUntil;
using ::signet::testing::RawClient;

class KmsServerIdleTest : public signet::testing::KmsServerTest {};

TEST_F(KmsServerIdleTest, KeepsIdleConnectionsOpen) {
  options_.preface_timeout = absl::Seconds(1);
  StartServer();
  KmsCaller caller(path());
  ASSERT_THAT(caller.Status(), IsOk());
  RawClient raw(path());
  ASSERT_TRUE(raw.Send(kHttp2Preface));
  ASSERT_TRUE(raw.HearsSomething());
  EXPECT_FALSE(PollUntil([&] { return server_->State().connections < 2; }, std::chrono::seconds(30)));
  EXPECT_THAT(caller.Status(), IsOk());
  EXPECT_EQ(server_->State().connections, 2U);
}

}  // namespace
}  // namespace signet
