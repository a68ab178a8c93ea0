#include "plugin/etcd/etcdctl_json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/testing/status_matchers.h"

namespace signet::etcd {
namespace {

using ::signet::testing::StatusIs;

TEST(EtcdctlJsonTest, ReadsKeysAndValues) {
  const auto dump = ParseEtcdctlJson(
      R"({"header":{"cluster_id":14841639068965178418,"revision":5},"kvs":[)"
      R"({"key":"L2E=","create_revision":2,"mod_revision":2,"version":1,"value":"AAEC"},{"key":"L2I="}],"count":2})"
      "\n");
  ASSERT_TRUE(dump.has_value());
  ASSERT_OK_AND_ASSIGN(const std::vector<KeyValue> values, *dump);
  ASSERT_EQ(values.size(), 2u);
  EXPECT_EQ(values[0].key, "/a");
  EXPECT_EQ(values[0].value, std::string("\x00\x01\x02", 3));
  EXPECT_EQ(values[1].key, "/b");
  EXPECT_EQ(values[1].value, "");
}

TEST(EtcdctlJsonTest, IsNotTakenForAStoredObject) {
  for (const char* text : {R"({"kind":"Secret"})", R"({"kind":"Widget","kvs":"text"})", "{\"kvs\":[",
                           "[\"kvs\"]", "", "k8s:enc:kms:v2:p:\"kvs\""}) {
    EXPECT_FALSE(ParseEtcdctlJson(text).has_value()) << text;
  }
}

TEST(EtcdctlJsonTest, RefusesEntriesThatAreNotBase64) {
  for (const char* text : {R"({"kvs":[{"key":"L2E=","value":"%%"}]})", R"({"kvs":[{"key":1}]})",
                           R"({"kvs":[3]})", R"({"kvs":[]})"}) {
    const auto dump = ParseEtcdctlJson(text);
    ASSERT_TRUE(dump.has_value()) << text;
    EXPECT_THAT(*dump, StatusIs(absl::StatusCode::kInvalidArgument)) << text;
  }
}

TEST(EtcdctlJsonTest, SurvivesDeepNesting) {
  const std::string deep =
      "{\"kvs\":[{\"key\":" + std::string(200000, '[') + std::string(200000, ']') + "}]}";
  const auto dump = ParseEtcdctlJson(deep);
  ASSERT_TRUE(dump.has_value());
  EXPECT_THAT(*dump, StatusIs(absl::StatusCode::kInvalidArgument));
}

}  // namespace
}  // namespace signet::etcd
