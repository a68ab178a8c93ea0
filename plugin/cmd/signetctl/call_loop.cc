#include "plugin/cmd/signetctl/call_loop.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"

namespace signet::ctl {
namespace {

constexpr size_t kPlaintextBytes = 32;
constexpr absl::Duration kRestAfterFailure = absl::Milliseconds(10);

struct Object {
  std::string plaintext;
  v2::DecryptRequest request;
};

class CallLoop {
 public:
  CallLoop(KmsConnection& connection, absl::Duration timeout, crypto::RandomSource& random)
      : connection_(connection), timeout_(timeout), random_(random) {}

  CallLoopReport Run(const std::function<bool(absl::Duration)>& stop) {
    absl::Duration rest;
    while (!stop(rest)) {
      const uint64_t before = report_.failures;
      Round();
      rest = report_.failures == before ? absl::ZeroDuration() : kRestAfterFailure;
    }
    return std::move(report_);
  }

 private:
  void Round() {
    if (std::optional<Object> fresh = Encrypt(); fresh.has_value()) {
      Decrypt(*fresh);
      Keep(*std::move(fresh));
    }
    if (!kept_.empty()) Decrypt(kept_[next_++ % kept_.size()]);
  }

  std::optional<Object> Encrypt() {
    Object object;
    object.plaintext.resize(kPlaintextBytes);
    v2::EncryptRequest request;
    if (absl::Status filled = random_.Fill(
            absl::MakeSpan(reinterpret_cast<uint8_t*>(object.plaintext.data()), object.plaintext.size()));
        !filled.ok()) {
      Fail("randomness", filled);
      return std::nullopt;
    }
    request.set_plaintext(object.plaintext);
    request.set_uid(absl::StrCat("signetctl-loop-", ++report_.encrypts));
    absl::StatusOr<v2::EncryptResponse> response = connection_.Encrypt(request, timeout_);
    if (!response.ok()) {
      Fail("Encrypt", response.status());
      return std::nullopt;
    }
    object.request.set_ciphertext(response->ciphertext());
    object.request.set_key_id(response->key_id());
    object.request.set_uid(request.uid());
    *object.request.mutable_annotations() = std::move(*response->mutable_annotations());
    return object;
  }

  void Decrypt(const Object& object) {
    ++report_.decrypts;
    const absl::StatusOr<v2::DecryptResponse> response = connection_.Decrypt(object.request, timeout_);
    if (!response.ok()) return Fail("Decrypt", response.status());
    if (response->plaintext() != object.plaintext) {
      Fail("Decrypt", absl::DataLossError("other bytes came back"));
    }
  }

  void Keep(Object object) {
    const std::string& key_id = object.request.key_id();
    const bool known =
        std::find(report_.key_ids.begin(), report_.key_ids.end(), key_id) != report_.key_ids.end();
    if (known) return;
    report_.key_ids.push_back(key_id);
    kept_.push_back(std::move(object));
  }

  void Fail(absl::string_view call, const absl::Status& status) {
    if (report_.failures++ > 0) return;
    report_.first_failure =
        absl::StrCat(call, ": ", absl::StatusCodeToString(status.code()), ": ", status.message());
  }

  KmsConnection& connection_;
  const absl::Duration timeout_;
  crypto::RandomSource& random_;
  CallLoopReport report_;
  std::vector<Object> kept_;
  size_t next_ = 0;
};

}  // namespace

CallLoopReport RunCallLoop(KmsConnection& connection, absl::Duration timeout, crypto::RandomSource& random,
                           const std::function<bool(absl::Duration)>& stop) {
  return CallLoop(connection, timeout, random).Run(stop);
}

}  // namespace signet::ctl
