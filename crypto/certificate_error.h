// Words for why a certificate was not trusted: OpenSSL's numbers (X509_V_ERR_…) in constant text, for those
// who may not include OpenSSL. Thread-safe; does not block.
#ifndef SIGNET_CRYPTO_CERTIFICATE_ERROR_H_
#define SIGNET_CRYPTO_CERTIFICATE_ERROR_H_

#include "absl/strings/string_view.h"

namespace signet::crypto {

// "certificate has expired", "self-signed certificate in certificate chain", …
absl::string_view CertificateErrorText(long verify_result);

}  // namespace signet::crypto

#endif  // SIGNET_CRYPTO_CERTIFICATE_ERROR_H_
