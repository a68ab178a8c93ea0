#include "tests/soak/controls.h"

#include <memory>
#include <vector>

#include "absl/strings/string_view.h"
#include "tests/soak/caller.h"
#include "tests/soak/judge.h"
#include "tests/soak/objects.h"
#include "tests/soak/resources.h"
#include "tests/testing/kms_caller.h"

namespace signet::soak {
namespace {

class Controls {
 public:
  Controls(const std::string& kms_socket, uint64_t seed, std::ostream& out)
      : caller_(kms_socket, seed, judge_, objects_), out_(out) {}

  bool Run() {
    caller_.Encrypt();
    const std::shared_ptr<const Object> good = objects_.Pick(0);
    if (good == nullptr) return Said("an object to plant faults in", false);
    caller_.Decrypt(*good);
    bool found = Said("an untouched object passes", judge_.broken() == 0);

    Object other_bytes = *good;
    other_bytes.plaintext.back() = static_cast<char>(other_bytes.plaintext.back() ^ 1);
    caller_.Decrypt(other_bytes);
    found &= Found("a wrong plaintext", Broken::kWrongPlaintext);

    Object damaged = *good;
    damaged.encrypted.mutable_ciphertext()->back() ^= 1;
    caller_.Decrypt(damaged);
    found &= Found("a stored object that is refused", Broken::kObjectRefused);

    caller_.DecryptForgery(testing::DecryptRequestFor(good->encrypted));
    found &= Found("a forgery that is accepted", Broken::kForgeryAccepted);

    judge_.StatusEnded(judge_.Begin("Status"), absl::OkStatus(), "local-v2-planted");
    judge_.StatusEnded(judge_.Begin("Status"), absl::OkStatus(), good->encrypted.key_id());
    found &= Found("a key_id that comes back", Broken::kKeyIdCameBack);

    judge_.EncryptEnded(judge_.Begin("Encrypt"), absl::UnavailableError("planted"), "");
    found &= Found("an error without a reason", Broken::kUnexcusedError);

    std::vector<int64_t> leaking;
    for (int64_t i = 0; i < 100; ++i) leaking.push_back(20000 + 100 * i);
    found &= Said("memory that grows", !JudgeFlatness(leaking, 2048).flat);
    return found;
  }

 private:
  bool Found(absl::string_view plant, Broken promise) {
    ++planted_;
    return Said(plant, judge_.broken(promise) == 1 && judge_.broken() == planted_);
  }
  bool Said(absl::string_view what, bool good) {
    out_ << "control: " << std::string(what) << (good ? ": yes\n" : ": NOT FOUND\n");
    return good;
  }

  Judge judge_;
  Objects objects_{1};
  Caller caller_;
  std::ostream& out_;
  uint64_t planted_ = 0;
};

}  // namespace

bool PlantedFaultsAreFound(const std::string& kms_socket, uint64_t seed, std::ostream& out) {
  return Controls(kms_socket, seed, out).Run();
}

}  // namespace signet::soak
