#include "plugin/cmd/signetctl/key_change.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "plugin/cmd/common/exit_code.h"
#include "plugin/cmd/common/safe_text.h"
#include "plugin/cmd/signetctl/admin_command.h"
#include "plugin/cmd/signetctl/event_print.h"
#include "plugin/cmd/signetctl/state_wait.h"

namespace signet::ctl {
namespace {

using admin::v1::GetStateResponse;

constexpr char kNextSentence[] =
    "kube-apiserver sees the new key_id at its next Status call, about a minute, and takes a new seed. What "
    "is "
    "stored\nstays under the old version until it is rewritten: kubectl get secrets -A -o json | kubectl "
    "replace -f -";

// Prints what happens and fails when it cannot come to a new key_id any more.
absl::Status Progress(const CommandContext& context, const admin::v1::WatchEventsResponse& answer) {
  PrintEvents(answer, OutputFormat::kTable, context.streams.err);
  for (const admin::v1::KeyEvent& event : answer.events()) {
    if (event.kind() != "pending_dropped" && event.kind() != "rolled_back") continue;
    return absl::AbortedError(absl::StrCat("the new version is not taken up: ", SafeText(event.kind()), " ",
                                           SafeText(event.key_id()), " ", SafeText(event.detail(), 1024)));
  }
  return absl::OkStatus();
}

}  // namespace

KeyChange::KeyChange(const CommandContext& context, const PatienceOption& patience, bool wait)
    : context_(context),
      patience_(patience),
      wait_(wait),
      until_(SystemClock().Monotonic() + patience.value()) {}

absl::Duration KeyChange::Left() const {
  return std::max(until_ - SystemClock().Monotonic(), absl::Milliseconds(10));
}

int KeyChange::Begin() {
  absl::StatusOr<AdminConnection> connection = OpenAdmin(context_);
  if (!connection.ok()) return Fail(context_, connection.status());
  connection_.emplace(*std::move(connection));
  if (!wait_) return kExitDone;
  events_ = connection_->WatchEvents(/*recent=*/false);
  const auto first = events_->Next(Left());
  return first.ok() ? kExitDone : FailOperation(context_, first.status());
}

int KeyChange::WaitFor(std::function<bool(const GetStateResponse&)> reached) {
  StateWait wait;
  wait.until = until_;
  wait.reached = std::move(reached);
  wait.on_events = [this](const admin::v1::WatchEventsResponse& answer) {
    return Progress(context_, answer);
  };
  auto state = WaitForState(*connection_, *events_, wait);
  if (state.status().code() == absl::StatusCode::kAborted) {
    Fail(context_, state.status());
    return kExitNo;
  }
  if (!state.ok()) return FailOperation(context_, state.status());
  if (!state->has_value()) {
    Fail(context_, absl::DeadlineExceededError(
                       absl::StrCat("not announced within ", patience_.text,
                                    "; signetd goes on with it: signetctl status tells what it waits for")));
    return kExitNo;
  }
  reached_ = **std::move(state);
  return kExitDone;
}

void KeyChange::PrintAnnounced(absl::string_view note) const {
  admin::v1::KeyOperationResponse result;
  result.set_key_id(reached_.active().key_id());
  result.set_local_kek_id(reached_.active().local_kek_id());
  result.set_note(std::string(note));
  PrintOperation(context_, "a new key_id is announced", result);
  Say(context_, kNextSentence);
}

void Say(const CommandContext& context, absl::string_view sentence) {
  (context.globals.json() ? context.streams.err : context.streams.out) << std::string(sentence) << '\n';
}

}  // namespace signet::ctl
