#include "plugin/server/peer_table.h"

#include <gtest/gtest.h>

namespace signet {
namespace {

Peer PeerWithUid(uid_t uid) { return {{1, uid, uid}, true}; }

TEST(PeerTableTest, FindsAPeerByGrpcsNameForIt) {
  PeerTable table;
  table.Add(300, 7, PeerWithUid(5));
  ASSERT_TRUE(table.Find("fd:300").has_value());
  EXPECT_EQ(table.Find("fd:300")->credentials.uid, 5U);
}

TEST(PeerTableTest, KnowsNobodyElse) {
  PeerTable table;
  table.Add(300, 7, PeerWithUid(5));
  for (const char* name : {"", "fd:", "fd:301", "fd:300x", "unix:/run/x", "300", "fd:-1"}) {
    EXPECT_FALSE(table.Find(name).has_value()) << name;
  }
}

TEST(PeerTableTest, ForgetsAConnectionThatEnded) {
  PeerTable table;
  table.Add(300, 7, PeerWithUid(5));
  table.Remove(300, 7);
  EXPECT_FALSE(table.Find("fd:300").has_value());
}

TEST(PeerTableTest, TheEndOfAnOldConnectionLeavesTheNewOwnerOfItsDescriptor) {
  PeerTable table;
  table.Add(300, 7, PeerWithUid(5));
  table.Add(300, 8, PeerWithUid(6));
  table.Remove(300, 7);
  ASSERT_TRUE(table.Find("fd:300").has_value());
  EXPECT_EQ(table.Find("fd:300")->credentials.uid, 6U);
}

}  // namespace
}  // namespace signet
