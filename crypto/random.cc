#include "crypto/random.h"

#include <sys/random.h>

#include <cerrno>
#include <system_error>

#include "absl/strings/str_cat.h"

namespace signet::crypto {
namespace {

class GetrandomSource final : public RandomSource {
 public:
  absl::Status Fill(absl::Span<uint8_t> out) override {
    while (!out.empty()) {
      // Up to 256 bytes come whole and uninterrupted; longer requests may be cut.
      const ssize_t got = ::getrandom(out.data(), out.size(), 0);
      if (got < 0) {
        if (errno == EINTR) continue;
        return absl::UnavailableError(absl::StrCat("getrandom: ", std::generic_category().message(errno)));
      }
      out.remove_prefix(static_cast<size_t>(got));
    }
    return absl::OkStatus();
  }
};

}  // namespace

RandomSource& SystemRandom() {
  static GetrandomSource* const source = new GetrandomSource();
  return *source;
}

}  // namespace signet::crypto
