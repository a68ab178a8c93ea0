// ProviderHealth: what one remote key is good for, judged from the answers of its KMS. A single odd answer
// changes nothing: bad news must be heard again before they count.
//
// Not thread-safe (HealthBoard's lock guards it); nothing blocks.
#ifndef SIGNET_PLUGIN_HIERARCHY_PROVIDER_HEALTH_H_
#define SIGNET_PLUGIN_HIERARCHY_PROVIDER_HEALTH_H_

#include <optional>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "base/clock.h"
#include "plugin/hierarchy/confirmation.h"
#include "plugin/hierarchy/hierarchy_state.h"

namespace signet {

class ProviderHealth {
 public:
  // How often bad news must come again, and how far apart.
  static constexpr int kDeniedConfirmations = 3;
  static constexpr absl::Duration kDeniedApart = absl::Seconds(20);
  static constexpr int kRevokedConfirmations = 2;
  static constexpr int kUnreachableConfirmations = 2;
  static constexpr int kDescribeConfirmations = 2;

  // `apart`: between two answers that confirm, denials apart, which take twice as long.
  explicit ProviderHealth(absl::Duration apart) : apart_(apart) {}

  // A probe: an Unwrap of a record that is known to be good. The only source of "denied" and "revoked", and
  // of their end. A blob that the KMS calls bad says nothing.
  void HearProbe(const absl::Status& status, MonotonicTime now);
  // A refusal of Wrap, or several of Describe, degrades; a success ends it. Being unreachable says nothing,
  // and a refusal means more than that while the probe is refused, too.
  void HearWrap(const absl::Status& status);
  void HearDescribe(const absl::Status& status);
  // Any Unwrap: a success ends "unreachable".
  void HearUnwrap(const absl::Status& status);
  void SetRolledBack(bool rolled_back) { rolled_back_ = rolled_back; }

  ProviderClass provider_class() const;
  // Bad news that are not confirmed yet.
  std::optional<ProviderClass> suspected() const { return confirmation_.news(); }
  // When the next probe would count towards their confirmation; infinite when there are none.
  MonotonicTime next_confirmation() const {
    return confirmation_.news().has_value() ? confirmation_.next() : absl::InfiniteDuration();
  }
  bool describe_refused() const { return describe_refusals_ > kDescribeConfirmations; }

 private:
  // The key as a whole is refused, or may be.
  bool IsKeyRefused() const;

  const absl::Duration apart_;
  // By the probe alone: kUnknown, kHealthy, kUnreachable, kDenied or kRevoked.
  ProviderClass probed_ = ProviderClass::kUnknown;
  Confirmation<ProviderClass> confirmation_;
  bool wrap_refused_ = false;
  int describe_refusals_ = 0;  // in a row
  bool rolled_back_ = false;
};

}  // namespace signet

#endif  // SIGNET_PLUGIN_HIERARCHY_PROVIDER_HEALTH_H_
