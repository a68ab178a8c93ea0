// signetd: the daemon between kube-apiserver and the KMS. Foreground, logs to stderr; SIGHUP reloads the
// configuration. Exit codes: 0 stopped in order; 2 bad arguments or configuration; 3 a socket, lock, keyring
// or state directory in use or not permitted.
#include <signal.h>

#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "base/clock.h"
#include "crypto/secure_heap.h"
#include "plugin/cmd/common/exit_code.h"
#include "plugin/cmd/common/version.h"
#include "plugin/cmd/signetd/daemon.h"
#include "plugin/cmd/signetd/library_logs.h"
#include "plugin/cmd/signetd/process_hardening.h"
#include "plugin/cmd/signetd/reload.h"
#include "plugin/cmd/signetd/signals.h"
#include "plugin/config/config_loader.h"
#include "plugin/observability/log.h"

namespace signet {
namespace {

int ExitCodeOfStart(const absl::Status& status) {
  return absl::IsInvalidArgument(status) ? kExitUsage : kExitUnreachable;
}

// Locks memory as the configuration asks. Error: it asks for what cannot be had.
absl::StatusOr<bool> LockMemory(const Config& config, const absl::Status& secure_heap, Log& log) {
  const absl::Status locked = LockAllMemory();
  const absl::Status& problem = secure_heap.ok() ? locked : secure_heap;
  if (problem.ok()) return true;
  if (config.memory_lock == MemoryLock::kRequired) {
    return absl::FailedPreconditionError(absl::StrCat("memory_lock: required, but ", problem.message()));
  }
  log.Write(LogSeverity::kWarning,
            secure_heap.ok() ? "only keys are locked in memory" : "memory is not locked: keys may reach swap",
            {{"reason", std::string(problem.message())}});
  return false;
}

void ServeUntilEnd(Daemon& daemon) {
  while (WaitForSignal() == SIGHUP) daemon.Reload();
}

int Run(const std::string& config_file, const Config& config, const absl::Status& secure_heap) {
  // Never destroyed: gRPC's own threads may still log after main.
  Log& log = *new Log(LogOptionsFrom(config), SystemClock(), std::cerr);
  RouteLibraryLogs(log);
  const auto fail = [&log](const absl::Status& status) {
    log.Write(LogSeverity::kError, "cannot start", {{"error", std::string(status.message())}});
    return ExitCodeOfStart(status);
  };
  const absl::StatusOr<bool> memory_locked = LockMemory(config, secure_heap, log);
  if (!memory_locked.ok()) return fail(memory_locked.status());
  BlockSignals();
  absl::StatusOr<std::unique_ptr<Daemon>> daemon =
      Daemon::Create(config, config_file, *memory_locked, WakeForReload, log);
  if (!daemon.ok()) return fail(daemon.status());
  (*daemon)->Start();
  ServeUntilEnd(**daemon);
  LetInterruptKill();
  (*daemon)->Stop();
  return kExitDone;
}

int Main(int argc, char** argv) {
  // First of all, before anything can allocate a key.
  const absl::Status secure_heap = crypto::InitializeSecureHeap();
  HardenProcess();
  if (!secure_heap.ok() && secure_heap.code() != absl::StatusCode::kFailedPrecondition) {
    std::cerr << "signetd: " << std::string(secure_heap.message()) << '\n';
    return kExitUnreachable;
  }
  std::string config_file = "/etc/signet/signetd.yaml";
  std::string checked_file;
  bool version = false;
  CLI::App app("signetd: KMS v2 plugin for kube-apiserver", "signetd");
  app.add_option("--config", config_file, "Configuration file")->capture_default_str();
  const CLI::Option* const check_config =
      app.add_option("--check-config", checked_file,
                     "Print every problem of this file, or of --config's, and exit: 0 none, 2 some")
          ->expected(0, 1)
          ->type_name("[FILE]");
  app.add_flag("--version", version, "Print version, commit and libraries and exit");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kExitDone : kExitUsage;
  }
  if (version) {
    std::cout << VersionText("signetd") << '\n';
    return kExitDone;
  }
  if (!checked_file.empty()) config_file = checked_file;
  const absl::StatusOr<Config> config = LoadConfigFile(config_file);
  if (!config.ok()) {
    std::cerr << std::string(config.status().message()) << '\n';
    return kExitUsage;
  }
  if (check_config->count() > 0) return kExitDone;
  return Run(config_file, *config, secure_heap);
}

}  // namespace
}  // namespace signet

// Out of memory ends the process. NOLINTNEXTLINE(bugprone-exception-escape)
int main(int argc, char** argv) { return signet::Main(argc, argv); }
