// FirstKey: how a process without an active key comes by one: the stored record where it fits, else a new key
// under what the KMS names.
//
// Not thread-safe: its owner's strand. Obtain blocks on KMS and disk.
#ifndef SIGNET_PLUGIN_HIERARCHY_FIRST_KEY_H_
#define SIGNET_PLUGIN_HIERARCHY_FIRST_KEY_H_

#include <memory>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "base/cancellation.h"
#include "base/clock.h"
#include "plugin/hierarchy/key_installer.h"
#include "plugin/hierarchy/key_maker.h"
#include "plugin/hierarchy/key_planner.h"
#include "plugin/hierarchy/publisher.h"
#include "plugin/hierarchy/record_unwrapper.h"
#include "plugin/hierarchy/state_store.h"
#include "plugin/hierarchy/version_follower.h"

namespace signet {

class FirstKey {
 public:
  struct Options {
    absl::Duration remote_call_timeout;
    bool allow_degraded_start = false;
  };
  // All outlive the object.
  struct Parts {
    const KeyMaker& maker;
    KeyPlanner& planner;
    const RecordUnwrapper& unwrapper;
    Publisher& publisher;
    const StateStore& store;
    KeyInstaller& installer;
    VersionFollower& follower;
    const Clock& clock;
    const std::shared_ptr<CancellationToken>& cancellation;
  };
  FirstKey(Options options, Parts parts) : options_(options), parts_(parts) {}

  // Publishes a key and sets the follower's plan. Errors: the KMS's, the disk's, or FAILED_PRECONDITION while
  // the KMS names a superseded version (see superseded).
  absl::Status Obtain();

  // While versions in use of the providers `revoked` are: publishes a key that all of the wrap-set wrap now.
  // Where the provider that writes is among them only under a version that was never announced; else those
  // that are revoked are asked first whether they wrap at all. FAILED_PRECONDITION: none is named; else as
  // Obtain.
  absl::Status ObtainNewer(const std::vector<const Provider*>& revoked);

  // Not OK while the last attempt failed because only a superseded version could have been announced.
  const absl::Status& superseded() const { return superseded_; }
  // The stored record may be tried again.
  void Retry() { stored_rejected_ = false; }
  // There was a key: what is obtained from now on takes the place of one that was announced by this process.
  void NoteServed() { at_start_ = false; }

 private:
  void TakeUpPlan(const KeyPlan& plan);
  // The stored record, when it is what the plan would announce.
  std::optional<StoredRecord> FittingStoredRecord() const;
  absl::Status AdoptStored(const StoredRecord& stored);
  absl::Status Make(absl::string_view reason);
  absl::Status StayOnNewest();
  // For `local`, whose Describe only reads memory: true when it announced a version that is not the stored
  // record's.
  bool PreferDescribed(const StoredRecord& stored);

  const Options options_;
  const Parts parts_;
  bool at_start_ = true;
  bool stored_rejected_ = false;  // the stored record cannot be used by this process
  absl::Status superseded_;
};

}  // namespace signet

#endif  // SIGNET_PLUGIN_HIERARCHY_FIRST_KEY_H_
