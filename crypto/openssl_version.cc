#include "crypto/openssl_version.h"

#include <openssl/crypto.h>

namespace signet::crypto {

absl::string_view OpenSslVersion() { return ::OpenSSL_version(OPENSSL_VERSION_STRING); }

}  // namespace signet::crypto
