#include "plugin/cmd/signetctl/selftest.h"

#include <algorithm>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "plugin/cmd/common/safe_text.h"
#include "plugin/cmd/signetctl/kms_checks.h"
#include "plugin/cmd/signetctl/selftest_sample.h"

namespace signet::ctl {
namespace {

// As long as kube-apiserver's seed.
constexpr size_t kPlaintextBytes = 32;
constexpr size_t kUidBytes = 8;

std::string ErrorText(const absl::Status& status) {
  return absl::StrCat(absl::StatusCodeToString(status.code()), ": ", status.message());
}

// Changes the last bit: behind any header, in what must be authenticated.
void Flip(std::string& bytes) {
  if (!bytes.empty()) bytes.back() = static_cast<char>(bytes.back() ^ 1);
}

class SelfTest {
 public:
  SelfTest(KmsConnection& connection, absl::Duration timeout, const Clock& clock,
           crypto::RandomSource& random)
      : connection_(connection), timeout_(timeout), clock_(clock), random_(random) {}

  SelfTestReport Run() {
    if (Prepare() && AskStatus() && Encrypt() && Decrypt()) {
      v2::DecryptRequest tampered = request_;
      Flip(*tampered.mutable_ciphertext());
      if (!MustRefuse("refuses a changed ciphertext", tampered)) return std::move(report_);
      tampered = request_;
      Flip(*tampered.mutable_key_id());
      if (!MustRefuse("refuses a changed key_id", tampered)) return std::move(report_);
      tampered = request_;
      for (auto& [name, value] : *tampered.mutable_annotations()) Flip(value);
      if (tampered.annotations().empty()) (*tampered.mutable_annotations())["added.example.com"] = "x";
      MustRefuse("refuses a changed annotation", tampered);
    }
    return std::move(report_);
  }

 private:
  // Ends a step; false when it failed.
  bool Add(absl::string_view name, bool passed, std::string detail) {
    const MonotonicTime now = clock_.Monotonic();
    report_.steps.push_back({std::string(name), passed, std::move(detail), now - step_started_});
    step_started_ = now;
    return passed;
  }

  // False when the daemon did not answer the call, so that nothing can be said.
  bool Reached(const absl::Status& status) {
    if (status.ok() || AnsweredByDaemon(status)) return true;
    report_.reached = status;
    return false;
  }

  bool Prepare() {
    plaintext_.resize(kPlaintextBytes);
    std::string uid(kUidBytes, '\0');
    for (std::string* bytes : {&plaintext_, &uid}) {
      report_.reached =
          random_.Fill(absl::MakeSpan(reinterpret_cast<uint8_t*>(bytes->data()), bytes->size()));
      if (!report_.reached.ok()) return false;
    }
    uid_ = absl::StrCat("signetctl-selftest-", absl::BytesToHexString(uid));
    step_started_ = clock_.Monotonic();
    return true;
  }

  bool AskStatus() {
    const absl::StatusOr<v2::StatusResponse> status = connection_.Status(timeout_);
    if (!Reached(status.status())) return false;
    if (!status.ok()) return Add("status", false, ErrorText(status.status()));
    report_.key_id = status->key_id();
    const std::vector<std::string> objections = ObjectionsToStatus(*status);
    return Add("status", objections.empty(),
               objections.empty()
                   ? absl::StrCat("ok, API ", status->version(), ", key_id ", SafeText(status->key_id()))
                   : absl::StrJoin(objections, "; "));
  }

  bool Encrypt() {
    v2::EncryptRequest request;
    request.set_plaintext(plaintext_);
    request.set_uid(uid_);
    const absl::StatusOr<v2::EncryptResponse> response = connection_.Encrypt(request, timeout_);
    if (!Reached(response.status())) return false;
    if (!response.ok()) return Add("encrypt", false, ErrorText(response.status()));
    report_.bytes_per_object = StoredBytes(*response);
    request_.set_ciphertext(response->ciphertext());
    request_.set_key_id(response->key_id());
    request_.set_uid(uid_);
    *request_.mutable_annotations() = response->annotations();
    std::vector<std::string> objections = ObjectionsToEncrypt(*response, report_.key_id);
    if (response->ciphertext().find(plaintext_) != std::string::npos) {
      objections.push_back("the ciphertext contains the plaintext");
    }
    return Add("encrypt", objections.empty(),
               objections.empty()
                   ? absl::StrCat(kPlaintextBytes, " bytes became ", response->ciphertext().size(), "; ",
                                  report_.bytes_per_object, " are stored with every object")
                   : absl::StrJoin(objections, "; "));
  }

  bool Decrypt() {
    const absl::StatusOr<v2::DecryptResponse> response = connection_.Decrypt(request_, timeout_);
    if (!Reached(response.status())) return false;
    if (!response.ok()) return Add("decrypt", false, ErrorText(response.status()));
    const bool same = response->plaintext() == plaintext_;
    if (same) report_.sample = MakeSample(plaintext_, request_);
    return Add("decrypt", same, same ? "the same bytes came back" : "OTHER BYTES CAME BACK");
  }

  bool MustRefuse(absl::string_view name, const v2::DecryptRequest& tampered) {
    const absl::StatusOr<v2::DecryptResponse> response = connection_.Decrypt(tampered, timeout_);
    if (!Reached(response.status())) return false;
    // Later steps are worth seeing whatever this one shows.
    Add(name, !response.ok(), response.ok() ? "IT WAS DECRYPTED" : ErrorText(response.status()));
    return true;
  }

  KmsConnection& connection_;
  const absl::Duration timeout_;
  const Clock& clock_;
  crypto::RandomSource& random_;
  SelfTestReport report_;
  std::string plaintext_;
  std::string uid_;
  v2::DecryptRequest request_;
  MonotonicTime step_started_;
};

}  // namespace

bool SelfTestReport::passed() const {
  return reached.ok() && !steps.empty() &&
         std::all_of(steps.begin(), steps.end(), [](const SelfTestStep& step) { return step.passed; });
}

SelfTestReport RunSelfTest(KmsConnection& connection, absl::Duration timeout, const Clock& clock,
                           crypto::RandomSource& random) {
  return SelfTest(connection, timeout, clock, random).Run();
}

}  // namespace signet::ctl
