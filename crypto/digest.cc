#include "crypto/digest.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include <cstdlib>
#include <memory>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

namespace signet::crypto {
namespace {

constexpr size_t kMaxHkdfBytes = size_t{255} * 32;

struct Free {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  void operator()(EVP_MAC_CTX* context) const { EVP_MAC_CTX_free(context); }
  void operator()(EVP_KDF_CTX* context) const { EVP_KDF_CTX_free(context); }
};

// Fetched once: an implicit fetch costs more than the digest. Never freed: used until the process ends.
const EVP_MD* Sha256Algorithm() {
  static EVP_MD* const algorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  return algorithm;
}
EVP_MAC* HmacAlgorithm() {
  static EVP_MAC* const algorithm = EVP_MAC_fetch(nullptr, "HMAC", nullptr);
  return algorithm;
}
EVP_KDF* HkdfAlgorithm() {
  static EVP_KDF* const algorithm = EVP_KDF_fetch(nullptr, "HKDF", nullptr);
  return algorithm;
}

EVP_MD_CTX* ThreadDigestContext() {
  thread_local std::unique_ptr<EVP_MD_CTX, Free> context(EVP_MD_CTX_new());
  return context.get();
}

OSSL_PARAM Utf8Param(const char* name, const char* value) {
  return OSSL_PARAM_construct_utf8_string(name, const_cast<char*>(value), 0);
}
OSSL_PARAM OctetParam(const char* name, const void* data, size_t size) {
  return OSSL_PARAM_construct_octet_string(name, const_cast<void*>(data), size);
}

// The digest's size is that of `Mac`.
template <typename Mac>
absl::StatusOr<Mac> Hmac(const char* digest, absl::Span<const uint8_t> key,
                         std::initializer_list<absl::string_view> parts) {
  const std::unique_ptr<EVP_MAC_CTX, Free> context(EVP_MAC_CTX_new(HmacAlgorithm()));
  const OSSL_PARAM params[] = {Utf8Param(OSSL_MAC_PARAM_DIGEST, digest), OSSL_PARAM_construct_end()};
  Mac mac;
  size_t size = 0;
  // A null pointer would mean "keep the key you have", which is none.
  static constexpr uint8_t kEmptyKey[1] = {};
  const uint8_t* const key_bytes = key.empty() ? kEmptyKey : key.data();
  bool ok = context != nullptr && EVP_MAC_init(context.get(), key_bytes, key.size(), params) == 1;
  for (const absl::string_view part : parts) {
    ok = ok && EVP_MAC_update(context.get(), reinterpret_cast<const uint8_t*>(part.data()), part.size()) == 1;
  }
  ok = ok && EVP_MAC_final(context.get(), mac.data(), &size, mac.size()) == 1 && size == mac.size();
  if (!ok) {
    ERR_clear_error();
    return absl::InternalError("HMAC failed");
  }
  return mac;
}

}  // namespace

Sha256Digest Sha256(std::initializer_list<absl::string_view> parts) {
  Sha256Digest digest;
  EVP_MD_CTX* const context = ThreadDigestContext();
  bool ok = context != nullptr && EVP_DigestInit_ex2(context, Sha256Algorithm(), nullptr) == 1;
  for (const absl::string_view part : parts) {
    ok = ok && EVP_DigestUpdate(context, part.data(), part.size()) == 1;
  }
  ok = ok && EVP_DigestFinal_ex(context, digest.data(), nullptr) == 1;
  if (!ok) std::abort();
  return digest;
}

absl::StatusOr<Sha256Digest> HmacSha256(absl::Span<const uint8_t> key,
                                        std::initializer_list<absl::string_view> parts) {
  return Hmac<Sha256Digest>("SHA256", key, parts);
}

absl::StatusOr<Sha1Digest> HmacSha1(absl::Span<const uint8_t> key,
                                    std::initializer_list<absl::string_view> parts) {
  return Hmac<Sha1Digest>("SHA1", key, parts);
}

absl::StatusOr<SecretBytes> HkdfSha256(absl::Span<const uint8_t> input_key, absl::string_view salt,
                                       absl::string_view info, size_t size) {
  if (input_key.empty() || size == 0 || size > kMaxHkdfBytes) {
    return absl::InvalidArgumentError("HKDF-SHA256: wrong size");
  }
  absl::StatusOr<SecretBytes> out = SecretBytes::Create(size);
  if (!out.ok()) return out;
  const std::unique_ptr<EVP_KDF_CTX, Free> context(EVP_KDF_CTX_new(HkdfAlgorithm()));
  const OSSL_PARAM params[] = {Utf8Param(OSSL_KDF_PARAM_DIGEST, "SHA256"),
                               OctetParam(OSSL_KDF_PARAM_KEY, input_key.data(), input_key.size()),
                               OctetParam(OSSL_KDF_PARAM_SALT, salt.data(), salt.size()),
                               OctetParam(OSSL_KDF_PARAM_INFO, info.data(), info.size()),
                               OSSL_PARAM_construct_end()};
  const absl::Span<uint8_t> bytes = out->ExposeMutable();
  if (context == nullptr || EVP_KDF_derive(context.get(), bytes.data(), bytes.size(), params) != 1) {
    ERR_clear_error();
    return absl::InternalError("HKDF-SHA256 failed");
  }
  return out;
}

bool ConstantTimeEqual(absl::string_view a, absl::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

std::string KeyIdHash(absl::string_view key_id) {
  const Sha256Digest digest = Sha256(key_id);
  return absl::StrCat("sha256:", absl::BytesToHexString(absl::string_view(
                                     reinterpret_cast<const char*>(digest.data()), digest.size())));
}

}  // namespace signet::crypto
