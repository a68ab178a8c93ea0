// The process's locked memory: OpenSSL's secure heap, from which every SecretBytes comes.
#ifndef SIGNET_CRYPTO_SECURE_HEAP_H_
#define SIGNET_CRYPTO_SECURE_HEAP_H_

#include <cstddef>

#include "absl/status/status.h"

namespace signet::crypto {

inline constexpr size_t kDefaultSecureHeapBytes = size_t{1} << 20;

// Reserves and locks the heap. Call once, first thing in main, before any thread starts; a second call with
// the heap in place does nothing. INVALID_ARGUMENT: size is not a power of two from 64 KiB to 1 GiB
// (OpenSSL would abort the process); RESOURCE_EXHAUSTED: no memory; FAILED_PRECONDITION: reserved but could
// not be locked (RLIMIT_MEMLOCK) — usable, and the caller decides whether that is enough.
absl::Status InitializeSecureHeap(size_t bytes = kDefaultSecureHeapBytes);

// Bytes in use, for metrics and leak tests.
size_t SecureHeapBytesInUse();

}  // namespace signet::crypto

#endif  // SIGNET_CRYPTO_SECURE_HEAP_H_
