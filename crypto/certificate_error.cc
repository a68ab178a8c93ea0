#include "crypto/certificate_error.h"

#include <openssl/x509.h>

namespace signet::crypto {

absl::string_view CertificateErrorText(long verify_result) {
  return X509_verify_cert_error_string(verify_result);
}

}  // namespace signet::crypto
