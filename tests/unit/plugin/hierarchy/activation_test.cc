#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/testing/hierarchy_harness.h"
#include "tests/testing/poll.h"
#include "tests/testing/status_matchers.h"

namespace signet {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::HierarchyHarness;
using testing::IsOk;
using testing::PollUntil;
using ::testing::SizeIs;
using testing::StatusIs;
using testing::Stored;

TEST(ActivationTest, WhatWasEncryptedDecrypts) {
  HierarchyHarness harness;
  harness.Start();
  const Stored stored = harness.Encrypt("secret");
  ASSERT_OK_AND_ASSIGN(const std::string plaintext, harness.Decrypt(stored));
  EXPECT_EQ(plaintext, "secret");
}

TEST(ActivationTest, ARestartReusesTheLocalKekWithoutAWrap) {
  HierarchyHarness harness;
  harness.Start();
  const Stored stored = harness.Encrypt("secret");
  harness.Restart();
  EXPECT_EQ(harness.wraps(), 1u);
  EXPECT_EQ(harness.hierarchy->Snapshot()->record, stored.record);
  ASSERT_OK_AND_ASSIGN(const std::string plaintext, harness.Decrypt(stored));
  EXPECT_EQ(plaintext, "secret");
}

}  // namespace
}  // namespace signet
