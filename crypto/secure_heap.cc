#include "crypto/secure_heap.h"

#include <openssl/crypto.h>
#include <openssl/err.h>

#include "absl/strings/str_cat.h"

namespace signet::crypto {
namespace {

// The smallest block OpenSSL hands out: one AES key or digest without waste.
constexpr int kMinimumBlockBytes = 32;
constexpr size_t kMinimumHeapBytes = size_t{64} << 10;
constexpr size_t kMaximumHeapBytes = size_t{1} << 30;

}  // namespace

absl::Status InitializeSecureHeap(size_t bytes) {
  if (CRYPTO_secure_malloc_initialized() == 1) return absl::OkStatus();
  if (bytes < kMinimumHeapBytes || bytes > kMaximumHeapBytes || (bytes & (bytes - 1)) != 0) {
    return absl::InvalidArgumentError(absl::StrCat("secure heap of ", bytes,
                                                   " bytes: must be a power of two from ", kMinimumHeapBytes,
                                                   " to ", kMaximumHeapBytes));
  }
  switch (CRYPTO_secure_malloc_init(bytes, kMinimumBlockBytes)) {
    case 1:
      return absl::OkStatus();
    case 2:
      return absl::FailedPreconditionError(
          "secure heap reserved but not locked: raise RLIMIT_MEMLOCK or grant CAP_IPC_LOCK");
    default:
      ERR_clear_error();
      return absl::ResourceExhaustedError("secure heap: out of memory");
  }
}

size_t SecureHeapBytesInUse() { return CRYPTO_secure_used(); }

}  // namespace signet::crypto
