// KeyChange: an operation whose effect is followed until it is there. Listens to the events before anything
// is asked for, so that nothing of what follows is missed, and judges by the state.
//
// One use; not thread-safe. The methods that return an int return kExitDone, or have printed why not and
// return the exit code. All block, for as long as the patience lasts.
#ifndef SIGNET_PLUGIN_CMD_SIGNETCTL_KEY_CHANGE_H_
#define SIGNET_PLUGIN_CMD_SIGNETCTL_KEY_CHANGE_H_

#include <functional>
#include <memory>
#include <optional>

#include "absl/time/time.h"
#include "base/clock.h"
#include "plugin/cmd/common/admin_client.h"
#include "plugin/cmd/signetctl/command.h"
#include "plugin/cmd/signetctl/timeout_option.h"
#include "proto/admin/v1/admin.pb.h"

namespace signet::ctl {

class KeyChange {
 public:
  // `context` and `patience`, which begins now, outlive the object. Without `wait` it does not listen.
  KeyChange(const CommandContext& context, const PatienceOption& patience, bool wait);

  int Begin();
  // After Begin.
  AdminConnection& admin() { return *connection_; }
  absl::Duration Left() const;

  // Only with `wait`. Prints the events to the error stream meanwhile. kExitNo: not in time, or the new
  // version is not taken up.
  int WaitFor(std::function<bool(const admin::v1::GetStateResponse&)> reached);

  // Prints the result for a key_id that WaitFor came to, and what it means for kube-apiserver.
  void PrintAnnounced(absl::string_view note) const;

 private:
  const CommandContext& context_;
  const PatienceOption& patience_;
  const bool wait_;
  const MonotonicTime until_;
  std::optional<AdminConnection> connection_;
  std::unique_ptr<EventReader> events_;
  admin::v1::GetStateResponse reached_;
};

// A sentence for people: behind the answer, or beside it where programs read that.
void Say(const CommandContext& context, absl::string_view sentence);

}  // namespace signet::ctl

#endif  // SIGNET_PLUGIN_CMD_SIGNETCTL_KEY_CHANGE_H_
