// VersionWatcher: judges what the KMS says its current version is, poll by poll. Knows no KMS: its owner asks
// when an answer is due and tells it here.
//
// Not thread-safe: its owner's strand. Nothing blocks.
#ifndef SIGNET_PLUGIN_HIERARCHY_VERSION_WATCHER_H_
#define SIGNET_PLUGIN_HIERARCHY_VERSION_WATCHER_H_

#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "base/clock.h"
#include "crypto/random.h"
#include "crypto/record.h"
#include "plugin/hierarchy/confirmation.h"
#include "plugin/hierarchy/rhythm.h"

namespace signet {

class VersionWatcher {
 public:
  struct Timing {
    absl::Duration interval = absl::Seconds(150);         // jittered by 20 %
    absl::Duration confirm_interval = absl::Seconds(10);  // between the answers that confirm
  };
  // A changed answer counts when it was heard once and then so often again.
  static constexpr int kConfirmations = 2;

  // As `timing`, but a keyring file costs a look and no call: its changes are seen soon whatever the
  // interval.
  static Timing TimingFor(Timing timing, crypto::ProviderType type);

  // Both references outlive the object.
  VersionWatcher(Timing timing, const Clock& clock, crypto::RandomSource& random)
      : timing_(timing), clock_(clock), rhythm_(timing.interval, 0.2, clock, random) {}

  bool Due() const { return rhythm_.Due(); }
  MonotonicTime next() const { return rhythm_.next(); }
  void AskSoon() { rhythm_.Soon(); }
  // It was asked just now, and the answer was taken up without confirmation.
  void NoteAsked() { rhythm_.Done(); }
  // At a reload or a move the old answers say nothing.
  void Forget() {
    confirmation_.Forget();
    rhythm_.Soon();
  }

  enum class Finding {
    kExpected,   // it is the one that is announced or prepared
    kSeen,       // another one, for the first time: it is asked again soon
    kConfirmed,  // another one, often enough
  };
  // The KMS names what would be announced as `key_id`; `expected` is what we hold it to be.
  Finding Hear(const std::string& key_id, absl::string_view expected);
  // No answer: what was heard before stays as it is.
  void HearNothing();

  // The key_id that is being confirmed; empty: none.
  std::string candidate() const { return confirmation_.news().value_or(std::string()); }

 private:
  const Timing timing_;
  const Clock& clock_;
  Rhythm rhythm_;
  Confirmation<std::string> confirmation_;
};

}  // namespace signet

#endif  // SIGNET_PLUGIN_HIERARCHY_VERSION_WATCHER_H_
