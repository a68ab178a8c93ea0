#include "tests/crash/node.h"

#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/unique_fd.h"
#include "tests/crash/scenario.h"
#include "tests/testing/paths.h"
#include "tests/testing/poll.h"
#include "tests/testing/temp_dir.h"

namespace signet::testing {

namespace {

// Looked for often: a gRPC channel that meets no socket waits a tenth of a second before it looks again.
bool Listens(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof(address.sun_path)) return false;
  path.copy(address.sun_path, path.size());
  const UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  return ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
}

}  // namespace

absl::Status AwaitKey(Process& daemon, const std::string& folder, NodeClient& client) {
  absl::Status last = absl::UnavailableError("not asked");
  const bool listens = PollUntil([&] {
    return !daemon.Running() || (Listens(folder + "/kms.sock") && Listens(folder + "/admin.sock"));
  });
  if (listens && daemon.Running() && PollUntil([&] {
        last = client.KeyId().status();
        return last.ok() || !daemon.Running();
      })) {
    if (last.ok()) return last;
  }
  const std::string errors = daemon.Errors();
  return absl::UnavailableError(absl::StrCat(daemon.Running() ? "no key: " : "ended: ", last.ToString(), "; ",
                                             errors.substr(errors.size() > 600 ? errors.size() - 600 : 0)));
}

Observation Observe(const Image& image, const std::string& old_root, const std::vector<Tuple>& tuples,
                    bool start) {
  Observation observation;
  TempDir folder;
  observation.started = WriteImage(image, old_root, folder.path());
  if (!observation.started.ok()) return observation;
  // Before the daemon, which may write down that a scheduled version became active.
  observation.keyrings = ShowKeyrings(folder.path());
  observation.started = absl::UnavailableError("not tried");
  if (!start) return observation;
  observation.tried = true;
  const std::string node = folder.File(kNodeFolder);
  if (image.count(absl::StrCat(kNodeFolder, "/signetd.yaml")) == 0) {
    observation.started = absl::NotFoundError("no configuration");
    return observation;
  }
  Process daemon({.arguments = {ProgramPath("signetd"), "--config", absl::StrCat(node, "/signetd.yaml")}});
  NodeClient client(node);
  observation.started = AwaitKey(daemon, node, client);
  if (!observation.started.ok()) return observation;
  if (const auto key_id = client.KeyId(); key_id.ok()) observation.key_id = *key_id;
  if (const auto state = client.State(); state.ok()) {
    observation.history.assign(state->key_id_history().begin(), state->key_id_history().end());
    observation.local_kek_id = state->active().local_kek_id();
    observation.uses = state->active().local_kek_uses();
    observation.stored = state->active().stored();
  }
  for (const Tuple& tuple : tuples) observation.tuples.push_back(client.Decrypt(tuple));
  daemon.Signal(SIGKILL);
  daemon.Wait();
  return observation;
}

}  // namespace signet::testing
