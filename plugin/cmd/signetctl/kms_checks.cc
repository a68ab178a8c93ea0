#include "plugin/cmd/signetctl/kms_checks.h"

#include <map>

#include "absl/strings/str_cat.h"
#include "plugin/cmd/common/safe_text.h"
#include "plugin/etcd/encrypted_object.h"

namespace signet::ctl {
namespace {

void Append(std::vector<std::string>& all, std::vector<std::string> more) {
  all.insert(all.end(), more.begin(), more.end());
}

}  // namespace

std::vector<std::string> ObjectionsToStatus(const v2::StatusResponse& status) {
  std::vector<std::string> objections;
  if (status.healthz() != "ok") objections.push_back(absl::StrCat("healthz is ", SafeText(status.healthz())));
  if (status.version() != "v2" && status.version() != "v2beta1") {
    objections.push_back(absl::StrCat("the version is ", SafeText(status.version()), ", not v2 or v2beta1"));
  }
  Append(objections, etcd::ObjectionsToKeyId(status.key_id()));
  return objections;
}

std::vector<std::string> ObjectionsToEncrypt(const v2::EncryptResponse& response, absl::string_view key_id) {
  std::vector<std::string> objections = etcd::ObjectionsToCiphertext(response.ciphertext());
  Append(objections, etcd::ObjectionsToKeyId(response.key_id()));
  std::map<absl::string_view, absl::string_view> annotations;
  for (const auto& [name, value] : response.annotations()) annotations[name] = value;
  Append(objections, etcd::ObjectionsToAnnotations(annotations));
  if (response.key_id() != key_id) {
    objections.push_back("the key_id of Encrypt is not that of Status (a rotation just now? try again)");
  }
  return objections;
}

size_t StoredBytes(const v2::EncryptResponse& response) {
  size_t bytes = response.key_id().size() + response.ciphertext().size();
  for (const auto& [name, value] : response.annotations()) bytes += name.size() + value.size();
  return bytes;
}

}  // namespace signet::ctl
