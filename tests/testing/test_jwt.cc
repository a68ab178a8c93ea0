#include "tests/testing/test_jwt.h"

#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <cstdlib>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"

namespace signet::testing {
namespace {

void Check(bool good) {
  if (!good) std::abort();
}

}  // namespace

TestJwtIssuer::TestJwtIssuer() : key_(EVP_RSA_gen(2048)) { Check(key_ != nullptr); }

TestJwtIssuer::~TestJwtIssuer() { EVP_PKEY_free(key_); }

std::string TestJwtIssuer::public_key_pem() const {
  BIO* const bio = BIO_new(BIO_s_mem());
  Check(PEM_write_bio_PUBKEY(bio, key_) == 1);
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  std::string pem(data, static_cast<size_t>(size));
  BIO_free(bio);
  return pem;
}

std::string TestJwtIssuer::Sign(nlohmann::json claims) const {
  const int64_t now = absl::ToUnixSeconds(absl::Now());
  claims["iat"] = now;
  claims["exp"] = now + 3600;
  const std::string input =
      absl::StrCat(absl::WebSafeBase64Escape(nlohmann::json{{"alg", "RS256"}, {"typ", "JWT"}}.dump()), ".",
                   absl::WebSafeBase64Escape(claims.dump()));
  EVP_MD_CTX* const context = EVP_MD_CTX_new();
  std::string signature(256, '\0');
  size_t size = signature.size();
  Check(EVP_DigestSignInit(context, nullptr, EVP_sha256(), nullptr, key_) == 1 &&
        EVP_DigestSign(context, reinterpret_cast<unsigned char*>(signature.data()), &size,
                       reinterpret_cast<const unsigned char*>(input.data()), input.size()) == 1);
  EVP_MD_CTX_free(context);
  signature.resize(size);
  return absl::StrCat(input, ".", absl::WebSafeBase64Escape(signature));
}

}  // namespace signet::testing
