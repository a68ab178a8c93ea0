// TestCa: a certificate authority in memory, and what it signs, for TLS in tests. EC P-256, valid around now.
#ifndef SIGNET_TESTS_TESTING_TEST_CERTIFICATES_H_
#define SIGNET_TESTS_TESTING_TEST_CERTIFICATES_H_

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <memory>
#include <string>
#include <vector>

namespace signet::testing {

struct PemPair {
  std::string certificate;
  std::string key;
};

// Aborts the test when OpenSSL refuses. Not thread-safe.
class TestCa {
 public:
  explicit TestCa(const std::string& name = "Test CA");
  ~TestCa();
  TestCa(const TestCa&) = delete;
  TestCa& operator=(const TestCa&) = delete;

  const std::string& pem() const { return pem_; }
  // `alternative_names` as OpenSSL writes them: "IP:127.0.0.1,DNS:localhost". `days` < 0: expired so long
  // ago.
  PemPair Issue(const std::string& common_name, const std::string& alternative_names, int days = 1);

 private:
  EVP_PKEY* key_;
  X509* certificate_;
  std::string pem_;
  long next_serial_ = 2;
};

}  // namespace signet::testing

#endif  // SIGNET_TESTS_TESTING_TEST_CERTIFICATES_H_
