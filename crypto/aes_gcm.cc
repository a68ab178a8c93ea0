#include "crypto/aes_gcm.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>

#include <algorithm>
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

// OpenSSL wipes what a context holds before it frees it.
using Context = std::unique_ptr<EVP_CIPHER_CTX, Free>;

// One context per thread and direction, so that the cipher is bound once and only key and nonce change.
// Null: OpenSSL has no memory or no cipher.
Context& ThreadContext(bool encrypt) {
  thread_local Context contexts[2];
  Context& context = contexts[encrypt ? 1 : 0];
  if (context == nullptr) {
    context.reset(EVP_CIPHER_CTX_new());
    if (context != nullptr &&
        EVP_CipherInit_ex2(context.get(), Cipher(), nullptr, nullptr, encrypt ? 1 : 0, nullptr) != 1) {
      context.reset();
    }
  }
  return context;
}

// Leaves nothing of a failed call: neither its output nor the context, whose state is not to be relied on and
// which still holds the key, nor OpenSSL's error queue.
absl::Status Failed(Context& context, absl::Span<uint8_t> out, absl::Status status) {
  if (!out.empty()) OPENSSL_cleanse(out.data(), out.size());
  context.reset();
  ERR_clear_error();
  return status;
}

// Expanding another key over the last one is cheaper than a new context for every call. Should it fail, the
// context goes.
void Finish(Context& context, ExpandedKey after) {
  static constexpr uint8_t kNoKey[kAesKeyBytes] = {};
  if (after == ExpandedKey::kLeaveForNextCall) return;
  if (EVP_CipherInit_ex2(context.get(), nullptr, kNoKey, nullptr, -1, nullptr) != 1) {
    context.reset();
    ERR_clear_error();
  }
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
                        absl::Span<uint8_t> out, ExpandedKey after) {
  if (!SizesFit(key, nonce, aad, plaintext.size()) || out.size() != plaintext.size() + kGcmTagBytes) {
    return absl::InvalidArgumentError("AES-256-GCM seal: wrong size");
  }
  Context& owner = ThreadContext(/*encrypt=*/true);
  EVP_CIPHER_CTX* const context = owner.get();
  int written = 0;
  uint8_t* const tag = out.data() + plaintext.size();
  if (context == nullptr || EVP_EncryptInit_ex2(context, nullptr, key.data(), nonce.data(), nullptr) != 1 ||
      (!aad.empty() && EVP_EncryptUpdate(context, nullptr, &written, aad.data(), Int(aad.size())) != 1) ||
      (!plaintext.empty() &&
       EVP_EncryptUpdate(context, out.data(), &written, plaintext.data(), Int(plaintext.size())) != 1) ||
      EVP_EncryptFinal_ex(context, tag, &written) != 1 ||
      EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, kGcmTagBytes, tag) != 1) {
    return Failed(owner, out, absl::InternalError("AES-256-GCM seal failed"));
  }
  Finish(owner, after);
  return absl::OkStatus();
}

absl::Status AesGcmOpen(absl::Span<const uint8_t> key, absl::Span<const uint8_t> nonce,
                        absl::Span<const uint8_t> aad, absl::Span<const uint8_t> sealed,
                        absl::Span<uint8_t> out, ExpandedKey after) {
  if (sealed.size() < kGcmTagBytes || !SizesFit(key, nonce, aad, sealed.size() - kGcmTagBytes) ||
      out.size() != sealed.size() - kGcmTagBytes) {
    return absl::InvalidArgumentError("AES-256-GCM open: wrong size");
  }
  const absl::Span<const uint8_t> text = sealed.subspan(0, out.size());
  // OpenSSL takes the tag without const, and does not write to it.
  uint8_t tag[kGcmTagBytes];
  std::copy(sealed.end() - kGcmTagBytes, sealed.end(), tag);
  Context& owner = ThreadContext(/*encrypt=*/false);
  EVP_CIPHER_CTX* const context = owner.get();
  int written = 0;
  if (context == nullptr || EVP_DecryptInit_ex2(context, nullptr, key.data(), nonce.data(), nullptr) != 1 ||
      (!aad.empty() && EVP_DecryptUpdate(context, nullptr, &written, aad.data(), Int(aad.size())) != 1) ||
      (!text.empty() &&
       EVP_DecryptUpdate(context, out.data(), &written, text.data(), Int(text.size())) != 1) ||
      EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, kGcmTagBytes, tag) != 1) {
    return Failed(owner, out, absl::InternalError("AES-256-GCM open failed"));
  }
  uint8_t none[kGcmTagBytes];  // GCM has nothing left to write here, but OpenSSL asks for a place.
  if (EVP_DecryptFinal_ex(context, none, &written) != 1) {
    return Failed(owner, out, absl::DataLossError("authentication failed"));
  }
  Finish(owner, after);
  return absl::OkStatus();
}

}  // namespace signet::crypto
