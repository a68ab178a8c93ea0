// The OpenSSL that this process runs on, for `--version`. Thread-safe; does not block.
#ifndef SIGNET_CRYPTO_OPENSSL_VERSION_H_
#define SIGNET_CRYPTO_OPENSSL_VERSION_H_

#include "absl/strings/string_view.h"

namespace signet::crypto {

// Of the library found at run time, such as "3.0.17"; it may be newer than the headers built against.
absl::string_view OpenSslVersion();

}  // namespace signet::crypto

#endif  // SIGNET_CRYPTO_OPENSSL_VERSION_H_
