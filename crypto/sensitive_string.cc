#include "crypto/sensitive_string.h"

#include <openssl/crypto.h>

namespace signet::crypto {

void WipeString(std::string& text) {
  // Capacity, not size: a shortened string still holds what it was shortened by.
  text.resize(text.capacity());
  OPENSSL_cleanse(text.data(), text.size());
  text.clear();
}

}  // namespace signet::crypto
