// UnsharedCopy: a Status that shares nothing with the one it is made of, for handing one to another thread.
// Copies of a Status share a counted body, and Debian's Abseil counts in code that ThreadSanitizer does not
// see: to it, the thread that frees the body races with the one that read it. Thread-safe; nothing blocks.
#ifndef SIGNET_BASE_UNSHARED_STATUS_H_
#define SIGNET_BASE_UNSHARED_STATUS_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/cord.h"

namespace signet {

inline absl::Status UnsharedCopy(const absl::Status& status) {
  if (status.ok()) return absl::OkStatus();
  absl::Status copy(status.code(), status.message());
  status.ForEachPayload([&copy](absl::string_view url, const absl::Cord& payload) {
    copy.SetPayload(url, absl::Cord(std::string(payload)));
  });
  return copy;
}

}  // namespace signet

#endif  // SIGNET_BASE_UNSHARED_STATUS_H_
