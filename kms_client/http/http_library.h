// What libcurl wants to be told once per process.
#ifndef SIGNET_KMS_CLIENT_HTTP_HTTP_LIBRARY_H_
#define SIGNET_KMS_CLIENT_HTTP_HTTP_LIBRARY_H_

#include "absl/status/status.h"

namespace signet::kms {

// Called by main, once, before any thread and any transport; libcurl then wipes every buffer that it frees,
// for its copies of our headers and bodies are among them. From then on the process ignores SIGPIPE.
// INTERNAL: libcurl refused or lacks TLS or asynchronous names.
absl::Status InitializeHttpLibrary();

}  // namespace signet::kms

#endif  // SIGNET_KMS_CLIENT_HTTP_HTTP_LIBRARY_H_
