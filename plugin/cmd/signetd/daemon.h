// Daemon: everything signetd is made of, put together from its configuration, started and stopped in order.
#ifndef SIGNET_PLUGIN_CMD_SIGNETD_DAEMON_H_
#define SIGNET_PLUGIN_CMD_SIGNETD_DAEMON_H_

#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "plugin/cmd/signetd/admin_state.h"
#include "plugin/cmd/signetd/keyring_news.h"
#include "plugin/cmd/signetd/reload.h"
#include "plugin/config/config.h"
#include "plugin/hierarchy/key_hierarchy.h"
#include "plugin/observability/log.h"
#include "plugin/observability/log_observer.h"
#include "plugin/server/admin_server.h"
#include "plugin/server/kms_server.h"
#include "plugin/service/kms_service.h"

namespace signet {

// Not thread-safe.
class Daemon {
 public:
  // Opens the sockets first, so that callers wait instead of failing, then reads keyring and state. Makes no
  // remote call and starts no thread of ours. `wake` asks for a Reload from any thread. `log` outlives the
  // daemon. INVALID_ARGUMENT: the configuration or what systemd passed; all else: a socket, keyring or state
  // directory that is missing, in use or not ours.
  static absl::StatusOr<std::unique_ptr<Daemon>> Create(const Config& config, const std::string& config_file,
                                                        bool memory_locked, std::function<void()> wake,
                                                        Log& log);

  // Serves; the active key is obtained in the background.
  void Start();
  // Takes a changed configuration file up; see Reloader. Blocks on reading it. To be called whenever `wake`
  // was called or somebody else wants it.
  void Reload() { reloader_.Run(); }
  // Drains within shutdown_grace, then ends what is left. Blocks.
  void Stop();

 private:
  Daemon(const Config& config, const std::string& config_file, std::function<void()> wake, Log& log);
  absl::Status Init(bool memory_locked);
  AdminHandlers MakeAdminHandlers();
  void Apply(const Config& config);

  const Config config_;  // as started; what a reload can change is in reloader_.running()
  const std::string config_file_;
  Log& log_;
  LogObserver observer_;
  KeyringNews keyring_news_;
  Reloader reloader_;
  DaemonFacts facts_;
  std::unique_ptr<KeyHierarchy> hierarchy_;
  std::unique_ptr<KmsService> service_;
  std::unique_ptr<KmsServer> kms_server_;
  std::unique_ptr<AdminServer> admin_server_;
};

}  // namespace signet

#endif  // SIGNET_PLUGIN_CMD_SIGNETD_DAEMON_H_
