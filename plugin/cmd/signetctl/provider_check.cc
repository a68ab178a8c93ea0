#include "plugin/cmd/signetctl/provider_check.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "kms_client/failure_class.h"
#include "plugin/cmd/signetctl/kms_advice.h"

namespace signet::ctl {
namespace {

using kms::FailureClass;
using kms::GetFailureClass;
using kms::RemoteOperation;

constexpr size_t kPlaintextBytes = 32;
constexpr char kUid[] = "signetctl-kms-check";

// Nothing else will go better: the KMS cannot be asked at all.
bool IsHopeless(const absl::Status& status) {
  const FailureClass failure = GetFailureClass(status);
  return failure == FailureClass::kUnreachable || failure == FailureClass::kThrottled;
}

class Check {
 public:
  Check(kms::KmsClient& client, const ProviderConfig& provider, const CheckOptions& options,
        const Clock& clock)
      : client_(client), provider_(provider), options_(options), clock_(clock) {}

  void Describe() {
    const absl::StatusOr<kms::KeyDescription> description = client_.Describe(Call());
    if (description.ok()) {
      announced_ = description->current;
      return Pass("describe", absl::StrCat("the key's version is ", description->current.label));
    }
    if (!options_.writes && GetFailureClass(description.status()) == FailureClass::kDenied) {
      return Skip("describe", "not allowed, and not needed by a provider that only decrypts");
    }
    hopeless_ = IsHopeless(description.status());
    Fail("describe", RemoteOperation::kDescribe, description.status());
  }

  void Wrap(const crypto::SecretBytes& plaintext) {
    if (hopeless_) return Skip("wrap", "nothing can be asked");
    absl::StatusOr<kms::WrapResult> wrapped = client_.Wrap(Call(), plaintext, Context());
    if (!wrapped.ok()) {
      if (!options_.writes && GetFailureClass(wrapped.status()) == FailureClass::kDenied) {
        return Skip("wrap", "not allowed, and not needed by a provider that only decrypts");
      }
      return Fail("wrap", RemoteOperation::kWrap, wrapped.status());
    }
    wrapped_ = *std::move(wrapped);
    // Rotated between the two calls, or read from a node that lags: signetd copes with either.
    const bool differs = announced_.has_value() && wrapped_->version.label != announced_->label;
    Pass("wrap",
         absl::StrCat("32 bytes became ", wrapped_->blob.size(), " under version ", wrapped_->version.label,
                      differs ? ", not the one described: rotated just now?" : ""));
  }

  void Unwrap(const crypto::SecretBytes& plaintext) {
    if (!wrapped_.has_value()) return Skip("unwrap", "there is nothing to unwrap");
    const absl::StatusOr<kms::UnwrapResult> unwrapped =
        client_.Unwrap(Call(), wrapped_->backend_field, wrapped_->blob, Context());
    if (!unwrapped.ok()) return Fail("unwrap", RemoteOperation::kUnwrap, unwrapped.status());
    if (!(unwrapped->plaintext == plaintext)) {
      return Fail("unwrap", RemoteOperation::kUnwrap,
                  absl::DataLossError("other bytes came back than were wrapped"));
    }
    unwraps_ = true;
    Pass("unwrap", "the same 32 bytes came back");
  }

  void OtherContext() {
    if (!unwraps_) return Skip("context", "there is nothing to unwrap");
    const absl::StatusOr<kms::UnwrapResult> unwrapped = client_.Unwrap(
        Call(), wrapped_->backend_field, wrapped_->blob, kms::WrapContext{options_.cluster_id + "-other"});
    if (unwrapped.ok()) {
      return Fail("context", RemoteOperation::kUnwrap,
                  absl::DataLossError("the KMS unwrapped it for another cluster_id as well"));
    }
    if (GetFailureClass(unwrapped.status()) != FailureClass::kBadBlob) {
      return Fail("context", RemoteOperation::kUnwrap, unwrapped.status());
    }
    Pass("context", "refused for another cluster_id, as it must be");
  }

  std::vector<CheckLine> TakeLines() { return std::move(lines_); }

 private:
  kms::CallContext Call() const {
    kms::CallContext call;
    call.deadline = clock_.Monotonic() + options_.timeout;
    call.uid = kUid;
    return call;
  }
  kms::WrapContext Context() const { return kms::WrapContext{options_.cluster_id}; }

  void Pass(std::string check, std::string detail) {
    lines_.push_back({std::move(check), CheckResult::kPassed, std::move(detail), ""});
  }
  void Skip(std::string check, std::string why) {
    lines_.push_back({std::move(check), CheckResult::kNotTried, std::move(why), ""});
  }
  void Fail(std::string check, RemoteOperation operation, const absl::Status& status) {
    lines_.push_back({std::move(check), CheckResult::kFailed,
                      absl::StrCat(absl::StatusCodeToString(status.code()), ": ", status.message()),
                      KmsAdvice(provider_, operation, status)});
  }

  kms::KmsClient& client_;
  const ProviderConfig& provider_;
  const CheckOptions& options_;
  const Clock& clock_;
  bool hopeless_ = false;
  bool unwraps_ = false;
  std::optional<kms::RemoteVersion> announced_;
  std::optional<kms::WrapResult> wrapped_;
  std::vector<CheckLine> lines_;
};

}  // namespace

std::vector<CheckLine> CheckProvider(kms::KmsClient& client, const ProviderConfig& provider,
                                     const CheckOptions& options, const Clock& clock,
                                     crypto::RandomSource& random) {
  absl::StatusOr<crypto::SecretBytes> plaintext = crypto::SecretBytes::Create(kPlaintextBytes);
  const absl::Status filled = plaintext.ok() ? random.Fill(plaintext->ExposeMutable()) : plaintext.status();
  if (!filled.ok()) return {{"wrap", CheckResult::kFailed, std::string(filled.message()), ""}};
  Check check(client, provider, options, clock);
  check.Describe();
  check.Wrap(*plaintext);
  check.Unwrap(*plaintext);
  check.OtherContext();
  return check.TakeLines();
}

bool AllPassed(const std::vector<CheckLine>& lines) {
  return std::none_of(lines.begin(), lines.end(),
                      [](const CheckLine& line) { return line.result == CheckResult::kFailed; });
}

}  // namespace signet::ctl
