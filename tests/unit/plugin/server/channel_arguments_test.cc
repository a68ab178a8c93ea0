#include "plugin/server/channel_arguments.h"

#include <grpc/compression.h>
#include <grpc/grpc.h>
#include <gtest/gtest.h>

#include <climits>
#include <map>
#include <string>

namespace signet {
namespace {

std::map<std::string, int> Arguments() {
  const auto list = ServerChannelArguments(1024);
  return {list.begin(), list.end()};
}

TEST(ChannelArgumentsTest, CapsMessagesALittleAboveTheLargestRequest) {
  const int cap = Arguments().at(GRPC_ARG_MAX_RECEIVE_MESSAGE_LENGTH);
  EXPECT_GE(cap, 65536 + 108 + 32768 + 1024);
  EXPECT_LE(cap, 128 * 1024);
}

TEST(ChannelArgumentsTest, NeverEndsAConnectionByItself) {
  const auto arguments = Arguments();
  EXPECT_EQ(arguments.at(GRPC_ARG_MAX_CONNECTION_IDLE_MS), INT_MAX);
  EXPECT_EQ(arguments.at(GRPC_ARG_MAX_CONNECTION_AGE_MS), INT_MAX);
  EXPECT_EQ(arguments.at(GRPC_ARG_KEEPALIVE_TIME_MS), INT_MAX);
}

TEST(ChannelArgumentsTest, PunishesNoPings) {
  const auto arguments = Arguments();
  EXPECT_EQ(arguments.at(GRPC_ARG_HTTP2_MAX_PING_STRIKES), 0);
  EXPECT_EQ(arguments.at(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS), 1);
  EXPECT_EQ(arguments.at(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS), 0);
}

TEST(ChannelArgumentsTest, BoundsTheStreamsOfAConnection) {
  EXPECT_EQ(Arguments().at(GRPC_ARG_MAX_CONCURRENT_STREAMS), 1024);
}

TEST(ChannelArgumentsTest, UnpacksNothing) {
  EXPECT_EQ(Arguments().at(GRPC_COMPRESSION_CHANNEL_ENABLED_ALGORITHMS_BITSET), 1 << GRPC_COMPRESS_NONE);
}

TEST(ChannelArgumentsTest, KeepsTheFiltersThatLimitMessagesAndDeadlines) {
  EXPECT_EQ(Arguments().count(GRPC_ARG_MINIMAL_STACK), 0U);
}

}  // namespace
}  // namespace signet
