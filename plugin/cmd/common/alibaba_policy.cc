#include "plugin/cmd/common/alibaba_policy.h"

#include <nlohmann/json.hpp>
#include <vector>

#include "absl/strings/str_cat.h"

namespace signet {
namespace {

std::string PolicyOf(const std::vector<std::string>& actions, const std::string& resource) {
  nlohmann::ordered_json statement;
  statement["Effect"] = "Allow";
  statement["Action"] = actions;
  statement["Resource"] = resource;
  nlohmann::ordered_json policy;
  policy["Version"] = "1";
  policy["Statement"] = nlohmann::ordered_json::array({statement});
  return policy.dump(2) + "\n";
}

}  // namespace

std::string AlibabaKeyPolicyText(const AlibabaProviderConfig& alibaba, const AlibabaPolicyNeeds& needs) {
  const bool is_dedicated = alibaba.gateway == AlibabaGateway::kDedicated;
  std::vector<std::string> actions;
  if (needs.writes) actions.push_back("kms:Encrypt");
  actions.push_back("kms:Decrypt");
  if (needs.writes && !is_dedicated) actions.push_back("kms:DescribeKey");
  if (needs.rotates && !is_dedicated) actions.push_back("kms:CreateKeyVersion");
  return PolicyOf(actions,
                  absl::StrCat("acs:kms:", alibaba.region, ":", alibaba.account_id, ":key/", alibaba.key));
}

std::string AlibabaAssumePolicyText(const AlibabaProviderConfig& alibaba) {
  const std::string& role = alibaba.auth.assume_role_arn;
  return role.empty() ? "" : PolicyOf({"sts:AssumeRole"}, role);
}

}  // namespace signet
