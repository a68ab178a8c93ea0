// Between the messages of KMS v2 and KmsService's plain structs, and nothing else. Nothing blocks.
#ifndef SIGNET_PLUGIN_SERVER_KMS_TRANSLATION_H_
#define SIGNET_PLUGIN_SERVER_KMS_TRANSLATION_H_

#include "plugin/service/kms_service.h"
#include "proto/kms/v2/api.pb.h"

namespace signet {

void FillResponse(const StatusAnswer& answer, v2::StatusResponse& response);

// Takes the ciphertext over.
void FillResponse(EncryptResult&& result, v2::EncryptResponse& response);

// Views into `request`, which outlives the call; without deadline and cancellation. Of annotations with the
// same key protobuf has kept the last.
DecryptCall ToDecryptCall(const v2::DecryptRequest& request);

}  // namespace signet

#endif  // SIGNET_PLUGIN_SERVER_KMS_TRANSLATION_H_
