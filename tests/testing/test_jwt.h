// TestJwtIssuer: signs JSON Web Tokens (RS256) with a key of its own, for tests of those who accept them.
#ifndef SIGNET_TESTS_TESTING_TEST_JWT_H_
#define SIGNET_TESTS_TESTING_TEST_JWT_H_

#include <openssl/evp.h>

#include <nlohmann/json.hpp>
#include <string>

namespace signet::testing {

// Aborts the test when OpenSSL refuses. Thread-safe once made.
class TestJwtIssuer {
 public:
  TestJwtIssuer();
  ~TestJwtIssuer();
  TestJwtIssuer(const TestJwtIssuer&) = delete;
  TestJwtIssuer& operator=(const TestJwtIssuer&) = delete;

  std::string public_key_pem() const;
  // With iat and exp added: now, and an hour later.
  std::string Sign(nlohmann::json claims) const;

 private:
  EVP_PKEY* const key_;
};

}  // namespace signet::testing

#endif  // SIGNET_TESTS_TESTING_TEST_JWT_H_
