// DateOf: the clock of whoever answered, by which the ends of what it issues are to be read.
#ifndef SIGNET_KMS_CLIENT_ALIBABA_ANSWER_DATE_H_
#define SIGNET_KMS_CLIENT_ALIBABA_ANSWER_DATE_H_

#include <optional>

#include "absl/time/time.h"
#include "kms_client/http/http_message.h"

namespace signet::kms {

// The Date header; nullopt where there is none that can be read. Thread-safe; nothing blocks.
std::optional<absl::Time> DateOf(const HttpResponse& response);

}  // namespace signet::kms

#endif  // SIGNET_KMS_CLIENT_ALIBABA_ANSWER_DATE_H_
