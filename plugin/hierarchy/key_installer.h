// KeyInstaller: makes a key, proves it and has it published; where the disk cannot be written, another one
// that is never stored, if that is allowed and needed.
//
// Not thread-safe: its owner's strand. Blocks on KMS and disk.
#ifndef SIGNET_PLUGIN_HIERARCHY_KEY_INSTALLER_H_
#define SIGNET_PLUGIN_HIERARCHY_KEY_INSTALLER_H_

#include <memory>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "base/cancellation.h"
#include "base/clock.h"
#include "plugin/hierarchy/active_key_slot.h"
#include "plugin/hierarchy/hierarchy_observer.h"
#include "plugin/hierarchy/key_maker.h"
#include "plugin/hierarchy/problem_board.h"
#include "plugin/hierarchy/publisher.h"

namespace signet {

class KeyInstaller {
 public:
  static constexpr absl::string_view kNotStored = "not_stored";

  // All outlive the object.
  struct Parts {
    const KeyMaker& maker;
    Publisher& publisher;
    const ActiveKeySlot& slot;
    ProblemBoard& problems;
    HierarchyObserver& observer;
    const Clock& clock;
    const std::shared_ptr<CancellationToken>& cancellation;
  };
  explicit KeyInstaller(Parts parts) : parts_(parts) {}

  // Errors: the KMS's, as KeyMaker::Make, or the disk's, which is reported too.
  absl::Status MakeAndInstall(const KeyTarget& target, absl::string_view reason,
                              KeyMaker::Missing missing = KeyMaker::Missing::kRefuse);
  // After `write_error`, which it returns when no key that is never stored may take the place.
  absl::Status FallBackToUnstored(const KeyTarget& target, const absl::Status& write_error);

  // Two thirds of its lifetime or of its uses are gone.
  bool NeedsRenewal(const PublishedKey& published) const {
    return published.uses->NeedsRenewal() || parts_.clock.BootTime() >= published.renew_at;
  }

 private:
  const Parts parts_;
};

}  // namespace signet

#endif  // SIGNET_PLUGIN_HIERARCHY_KEY_INSTALLER_H_
