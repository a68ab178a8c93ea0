// signetctl rotate and refresh: changes of the key that can be followed.
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "plugin/cmd/common/exit_code.h"
#include "plugin/cmd/signetctl/admin_command.h"
#include "plugin/cmd/signetctl/commands.h"
#include "plugin/cmd/signetctl/confirm.h"
#include "plugin/cmd/signetctl/key_change.h"
#include "plugin/cmd/signetctl/timeout_option.h"

namespace signet::ctl {
namespace {

using admin::v1::GetStateResponse;
using admin::v1::KeyOperationResponse;

constexpr char kDescription[] =
    "Make a new local KEK, or have the KMS make a new version of its key\n"
    "kube-apiserver keeps its seed until it restarts or sees a new key_id: a new local KEK alone changes\n"
    "nothing for what it writes before that.";

constexpr char kLocalDescription[] =
    "Make a new local KEK under the key_id that is announced\n"
    "kube-apiserver keeps its seed until it restarts or sees a new key_id, so what it writes goes on under "
    "the old\n"
    "local KEK until then. For new seeds everywhere: rotate remote, or raise key_id_generation.";

constexpr char kRemoteDescription[] =
    "Have the KMS make a new version of its key; asks first\n"
    "signetd confirms the new version, prepares and proves a local KEK under it, and announces the new "
    "key_id "
    "after\n"
    "the activation delay; every replica does so by itself. With --wait this shows every step until the new "
    "key_id is\n"
    "announced here. Versions cannot be taken back; old ones must stay in the KMS while stored data needs "
    "them.";

constexpr char kSeedSentence[] =
    "kube-apiserver keeps its seed until it restarts or sees a new key_id; what it writes until then stays "
    "under the\nold local KEK.";
constexpr char kNotYetSentence[] =
    "The new key_id is not announced yet: confirmation and activation delay come first. Follow with "
    "signetctl "
    "watch\nor signetctl status.";

constexpr char kRotateThereSentence[] =
    "This KMS makes no new version for signetd: make it there, then signetctl refresh --wait.";

constexpr char kRefreshDescription[] =
    "Have signetd ask the KMS for its key's version now, and probe every provider\n"
    "Also forgets remembered refusals. Nothing is announced sooner: confirmation and activation delay stay. "
    "With\n--wait a version that is pending is followed until its key_id is announced.";

constexpr char kRemoteWarning[] =
    "The KMS will make a new version of the key, for every cluster and program that uses this key. That "
    "cannot be\ntaken back.\n";

struct Options {
  PatienceOption patience{"10m"};
  bool wait = false;
  bool yes = false;
  std::string provider;
};

int RotateLocal(const CommandContext& context, const Options& options) {
  KeyChange change(context, options.patience, options.wait);
  if (const int code = change.Begin(); code != kExitDone) return code;
  const auto answer = change.admin().RotateLocalKek(change.Left());
  if (!answer.ok()) return FailOperation(context, answer.status());
  if (options.wait) {
    const int code = change.WaitFor([&answer](const GetStateResponse& state) {
      return state.active().local_kek_id() == answer->local_kek_id();
    });
    if (code != kExitDone) return code;
  }
  KeyOperationResponse result = *answer;
  if (!context.globals.json()) result.clear_note();  // it is the sentence below
  PrintOperation(context, "a new local KEK encrypts", result);
  Say(context, kSeedSentence);
  return kExitDone;
}

int RotateRemote(const CommandContext& context, const Options& options) {
  if (!options.yes) {
    context.streams.err << kRemoteWarning;
    const absl::Status confirmed = Confirm(context.streams, "Type yes to go on:", "yes");
    if (!confirmed.ok()) return Fail(context, confirmed);
  }
  KeyChange change(context, options.patience, options.wait);
  if (const int code = change.Begin(); code != kExitDone) return code;
  const auto before = change.admin().GetState(kQuickAnswer);
  if (!before.ok()) return FailOperation(context, before.status());
  const auto answer = change.admin().RotateRemoteKey(options.provider, change.Left());
  if (!answer.ok()) {
    const int code = FailOperation(context, answer.status());
    if (answer.status().code() == absl::StatusCode::kUnimplemented) {
      context.streams.err << kRotateThereSentence << '\n';
    }
    return code;
  }
  if (!options.wait) {
    PrintOperation(context, "the KMS made a new version", *answer);
    Say(context, kNotYetSentence);
    return kExitDone;
  }
  context.streams.err << "the KMS made a new version; waiting until its key_id is announced\n";
  const int code = change.WaitFor([&before](const GetStateResponse& state) {
    return state.can_encrypt() && state.active().key_id() != before->active().key_id();
  });
  if (code == kExitDone) change.PrintAnnounced("");
  return code;
}

int Refresh(const CommandContext& context, const Options& options) {
  KeyChange change(context, options.patience, options.wait);
  if (const int code = change.Begin(); code != kExitDone) return code;
  const auto answer = change.admin().RefreshRemoteKey(change.Left());
  if (!answer.ok()) return FailOperation(context, answer.status());
  if (answer->pending_key_id().empty() || !options.wait) {
    PrintOperation(context, "refreshed", *answer);
    if (!answer->pending_key_id().empty()) Say(context, kNotYetSentence);
    return kExitDone;
  }
  context.streams.err << "a version is pending; waiting until its key_id is announced\n";
  const int code = change.WaitFor([&answer](const GetStateResponse& state) {
    return state.can_encrypt() && state.active().key_id() == answer->pending_key_id();
  });
  if (code == kExitDone) change.PrintAnnounced("");
  return code;
}

void AddWaitOptions(CLI::App& verb, Options& options) {
  verb.add_flag("--wait", options.wait, "Show the progress, and return only when it is done");
  AddPatienceOption(verb, options.patience, "How long to wait for the whole, such as 90s or 10m");
  verb.footer(HelpFooter(kOperationExitCodes));
}

}  // namespace

void AddRotateCommand(CLI::App& app, CommandContext& context) {
  CLI::App* rotate = app.add_subcommand("rotate", kDescription);
  rotate->require_subcommand(1);
  auto local = std::make_shared<Options>();
  CLI::App* local_verb = rotate->add_subcommand("local", kLocalDescription);
  AddWaitOptions(*local_verb, *local);
  local_verb->callback(
      [&context, local] { context.action = [&context, local] { return RotateLocal(context, *local); }; });
  auto remote = std::make_shared<Options>();
  CLI::App* remote_verb = rotate->add_subcommand("remote", kRemoteDescription);
  AddWaitOptions(*remote_verb, *remote);
  remote_verb
      ->add_option("--provider", remote->provider,
                   "The provider whose key to rotate; default: the active one")
      ->type_name("NAME");
  remote_verb->add_flag("--yes", remote->yes, "Do not ask; needed where there is no terminal");
  remote_verb->callback(
      [&context, remote] { context.action = [&context, remote] { return RotateRemote(context, *remote); }; });
}

void AddRefreshCommand(CLI::App& app, CommandContext& context) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("refresh", kRefreshDescription);
  AddWaitOptions(*command, *options);
  command->callback(
      [&context, options] { context.action = [&context, options] { return Refresh(context, *options); }; });
}

}  // namespace signet::ctl
