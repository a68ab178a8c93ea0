// Reloader: takes a changed configuration file up while signetd runs: for SIGHUP and for ReloadConfig, one at
// a time, on the main thread. All or nothing: the file is read and judged as a whole first, and taking up
// the live settings (config_difference.h) cannot fail.
//
// Request and last are thread-safe and do not block; the rest belongs to one thread.
#ifndef SIGNET_PLUGIN_CMD_SIGNETD_RELOAD_H_
#define SIGNET_PLUGIN_CMD_SIGNETD_RELOAD_H_

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/clock.h"
#include "base/mutex.h"
#include "plugin/config/config_difference.h"
#include "plugin/observability/log.h"

namespace signet {

struct ReloadReport {
  absl::Time time;
  absl::Status status;          // as LoadConfigFile: the file's problems, one per line; nothing changed then
  ConfigDifference difference;  // to what ran before; empty on an error
};

// What `config` asks of the log.
Log::Options LogOptionsFrom(const Config& config);

class Reloader {
 public:
  using Callback = std::function<void(const ReloadReport&)>;

  // `apply` hands the live settings to those who use them; must not fail. `wake` makes the thread call Run;
  // it may be called from any thread. `clock` and `log` outlive the object.
  Reloader(std::string file, Config running, std::function<void(const Config&)> apply,
           std::function<void()> wake, const Clock& clock, Log& log);

  // Has Run called; `done` is told what came of it, on the thread that runs, or never, if it stops before.
  void Request(Callback done);
  // Reloads once for everybody who asked by now. Blocks on reading the file.
  void Run();

  // What signetd runs with.
  const Config& running() const { return running_; }
  // Of the last Run, if there was one.
  std::optional<ReloadReport> last() const;

 private:
  ReloadReport Reload();
  void Write(const ReloadReport& report);

  const std::string file_;
  Config running_;
  const std::function<void(const Config&)> apply_;
  const std::function<void()> wake_;
  const Clock& clock_;
  Log& log_;
  mutable Mutex mutex_;
  std::vector<Callback> waiting_ ABSL_GUARDED_BY(mutex_);
  std::optional<ReloadReport> last_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace signet

#endif  // SIGNET_PLUGIN_CMD_SIGNETD_RELOAD_H_
