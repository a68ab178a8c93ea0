#include "crypto/aes_gcm.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>

#include <climits>
#include <memory>

namespace signet::crypto {
namespace {

struct Free {
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};

// Fetched once; an implicit fetch per call would cost several times the encryption of a short message.
const EVP_CIPHER* Cipher() {
  static EVP_CIPHER* const cipher = EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr);
  return cipher;
}

// One context per thread and direction, so that the cipher is bound once and only key and nonce change.
EVP_CIPHER_CTX* ThreadContext(bool encrypt) {
  thread_local std::unique_ptr<EVP_CIPHER_CTX, Free> contexts[2];
  auto& context = contexts[encrypt ? 1 : 0];
  if (context == nullptr) {
    context.reset(EVP_CIPHER_CTX_new());
    if (context == nullptr ||
        EVP_CipherInit_ex2(context.get(), Cipher(), nullptr, nullptr, encrypt ? 1 : 0, nullptr) != 1) {
      context.reset();
    }
  }
  return context.get();
}

// Drops the context of a failed call, whose state is not to be relied on, and its error queue.
absl::Status Failed(absl::string_view what) {
  ERR_clear_error();
  return absl::InternalError(what);
}

bool SizesFit(absl::Span<const uint8_t> key, absl::Span<const uint8_t> nonce, absl::Span<const uint8_t> aad,
              size_t text) {
  return key.size() == kAesKeyBytes && nonce.size() == kGcmNonceBytes && aad.size() <= INT_MAX &&
         text <= INT_MAX - kGcmTagBytes;
}

int Int(size_t size) { return static_cast<int>(size); }

}  // namespace

absl::Status AesGcmSeal(absl::Span<const uint8_t> key, absl::Span<const uint8_t> nonce,
                        absl::Span<const uint8_t> aad, absl::Span<const uint8_t> plaintext,
                        absl::Span<uint8_t> out) {
  if (!SizesFit(key, nonce, aad, plaintext.size()) || out.size() != plaintext.size() + kGcmTagBytes) {
    return absl::InvalidArgumentError("AES-256-GCM seal: wrong size");
  }
  EVP_CIPHER_CTX* const context = ThreadContext(/*encrypt=*/true);
  int written = 0;
  uint8_t* const tag = out.data() + plaintext.size();
  if (context == nullptr || EVP_EncryptInit_ex2(context, nullptr, key.data(), nonce.data(), nullptr) != 1 ||
      (!aad.empty() && EVP_EncryptUpdate(context, nullptr, &written, aad.data(), Int(aad.size())) != 1) ||
      (!plaintext.empty() &&
       EVP_EncryptUpdate(context, out.data(), &written, plaintext.data(), Int(plaintext.size())) != 1) ||
      EVP_EncryptFinal_ex(context, tag, &written) != 1 ||
      EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, kGcmTagBytes, tag) != 1) {
    return Failed("AES-256-GCM seal failed");
  }
  return absl::OkStatus();
}

absl::Status AesGcmOpen(absl::Span<const uint8_t> key, absl::Span<const uint8_t> nonce,
                        absl::Span<const uint8_t> aad, absl::Span<const uint8_t> sealed,
                        absl::Span<uint8_t> out) {
  if (sealed.size() < kGcmTagBytes || !SizesFit(key, nonce, aad, sealed.size() - kGcmTagBytes) ||
      out.size() != sealed.size() - kGcmTagBytes) {
    return absl::InvalidArgumentError("AES-256-GCM open: wrong size");
  }
  const absl::Span<const uint8_t> text = sealed.subspan(0, out.size());
  uint8_t tag[kGcmTagBytes];
  std::copy(sealed.end() - kGcmTagBytes, sealed.end(), tag);
  EVP_CIPHER_CTX* const context = ThreadContext(/*encrypt=*/false);
  int written = 0;
  uint8_t none[kGcmTagBytes];
  if (context == nullptr || EVP_DecryptInit_ex2(context, nullptr, key.data(), nonce.data(), nullptr) != 1 ||
      (!aad.empty() && EVP_DecryptUpdate(context, nullptr, &written, aad.data(), Int(aad.size())) != 1) ||
      (!text.empty() &&
       EVP_DecryptUpdate(context, out.data(), &written, text.data(), Int(text.size())) != 1) ||
      EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, kGcmTagBytes, tag) != 1) {
    OPENSSL_cleanse(out.data(), out.size());
    return Failed("AES-256-GCM open failed");
  }
  if (EVP_DecryptFinal_ex(context, none, &written) != 1) {
    // What was decrypted is not authentic: nobody may see it.
    OPENSSL_cleanse(out.data(), out.size());
    ERR_clear_error();
    return absl::DataLossError("authentication failed");
  }
  return absl::OkStatus();
}

}  // namespace signet::crypto
