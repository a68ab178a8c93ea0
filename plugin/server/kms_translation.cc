#include "plugin/server/kms_translation.h"

#include <string>
#include <utility>

#include "crypto/record.h"

namespace signet {

void FillResponse(const StatusAnswer& answer, v2::StatusResponse& response) {
  response.set_version(answer.version.data(), answer.version.size());
  response.set_healthz(answer.healthz.data(), answer.healthz.size());
  response.set_key_id(answer.key->key_id);
}

void FillResponse(EncryptResult&& result, v2::EncryptResponse& response) {
  response.set_ciphertext(std::move(result.ciphertext));
  response.set_key_id(result.key->key_id);
  static const std::string* const annotation = new std::string(crypto::kRecordAnnotation);
  (*response.mutable_annotations())[*annotation] = result.key->record;
}

DecryptCall ToDecryptCall(const v2::DecryptRequest& request) {
  DecryptCall call;
  call.ciphertext = request.ciphertext();
  call.key_id = request.key_id();
  call.uid = request.uid();
  call.annotations.reserve(static_cast<size_t>(request.annotations().size()));
  for (const auto& [key, value] : request.annotations()) call.annotations.emplace_back(key, value);
  return call;
}

}  // namespace signet
