// Alibaba Cloud's percent-encoding: RFC 3986 over UTF-8 bytes, everything but A-Z a-z 0-9 - _ . ~ escaped in
// upper case. Thread-safe (pure functions); nothing blocks.
#ifndef SIGNET_KMS_CLIENT_ALIBABA_PERCENT_ENCODING_H_
#define SIGNET_KMS_CLIENT_ALIBABA_PERCENT_ENCODING_H_

#include <map>
#include <string>

#include "absl/strings/string_view.h"

namespace signet::kms {

// Action parameters by name, in the order that signatures want. Values may be secret: their owner wipes the
// map.
using AlibabaParameters = std::map<std::string, std::string>;

// Appends to `out`; reserve 3 * text.size() where `text` is secret.
void AppendPercentEncoded(absl::string_view text, std::string& out);

// name=value&name=value, both encoded, by name in byte order: the query as it is signed, and as it is sent.
std::string CanonicalQuery(const AlibabaParameters& parameters);

}  // namespace signet::kms

#endif  // SIGNET_KMS_CLIENT_ALIBABA_PERCENT_ENCODING_H_
