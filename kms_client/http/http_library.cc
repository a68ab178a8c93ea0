#include "kms_client/http/http_library.h"

#include <curl/curl.h>
#include <malloc.h>
#include <signal.h>
#include <string.h>

#include <algorithm>
#include <cstdlib>

namespace signet::kms {
namespace {

void WipingFree(void* memory) {
  if (memory == nullptr) return;
  ::explicit_bzero(memory, ::malloc_usable_size(memory));
  std::free(memory);
}

// The C library's would leave the old bytes behind when it moves them.
void* WipingRealloc(void* memory, size_t size) {
  if (memory == nullptr) return std::malloc(size);
  const size_t before = ::malloc_usable_size(memory);
  // Shrinking in place keeps libcurl's frequent trims cheap; what is cut off is wiped with the rest later.
  if (size != 0 && size <= before && before / 2 <= size) return memory;
  void* const moved = std::malloc(std::max<size_t>(size, 1));
  if (moved == nullptr) return nullptr;
  std::copy_n(static_cast<const char*>(memory), std::min(before, size), static_cast<char*>(moved));
  WipingFree(memory);
  return moved;
}

char* Duplicate(const char* text) { return ::strdup(text); }
void* Allocate(size_t size) { return std::malloc(size); }
void* AllocateZeroed(size_t count, size_t size) { return std::calloc(count, size); }

}  // namespace

absl::Status InitializeHttpLibrary() {
  // OpenSSL writes to sockets without MSG_NOSIGNAL, and libcurl must not touch signals in a threaded program.
  ::signal(SIGPIPE, SIG_IGN);
  if (::curl_global_init_mem(CURL_GLOBAL_ALL, Allocate, WipingFree, WipingRealloc, Duplicate,
                             AllocateZeroed) != CURLE_OK) {
    return absl::InternalError("libcurl cannot be initialised");
  }
  const curl_version_info_data* const info = ::curl_version_info(CURLVERSION_NOW);
  if ((info->features & CURL_VERSION_SSL) == 0) return absl::InternalError("libcurl has no TLS");
  // Without it a name that does not resolve would block a call past its deadline.
  if ((info->features & CURL_VERSION_ASYNCHDNS) == 0) {
    return absl::InternalError("libcurl has no asynchronous name resolution");
  }
  return absl::OkStatus();
}

}  // namespace signet::kms
