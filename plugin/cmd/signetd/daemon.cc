#include "plugin/cmd/signetd/daemon.h"

#include <utility>

#include "base/clock.h"
#include "base/durable_files.h"
#include "base/status_macros.h"
#include "crypto/random.h"
#include "plugin/cmd/common/version.h"
#include "plugin/cmd/signetd/hierarchy_settings.h"
#include "plugin/cmd/signetd/providers.h"
#include "plugin/cmd/signetd/sockets.h"
#include "plugin/config/key_life_reader.h"
#include "plugin/server/systemd.h"

namespace signet {
namespace {

// For an operator's call in progress; there is nothing to lose.
constexpr absl::Duration kAdminGrace = absl::Milliseconds(200);

}  // namespace

Daemon::Daemon(const Config& config, const std::string& config_file, std::function<void()> wake, Log& log)
    : config_(config),
      config_file_(config_file),
      log_(log),
      observer_(log, SystemClock()),
      keyring_news_(observer_),
      reloader_(
          config_file, config, [this](const Config& running) { Apply(running); }, std::move(wake),
          SystemClock(), log) {}

absl::StatusOr<std::unique_ptr<Daemon>> Daemon::Create(const Config& config, const std::string& config_file,
                                                       bool memory_locked, std::function<void()> wake,
                                                       Log& log) {
  std::unique_ptr<Daemon> daemon(new Daemon(config, config_file, std::move(wake), log));
  SIGNET_RETURN_IF_ERROR(daemon->Init(memory_locked));
  return daemon;
}

absl::Status Daemon::Init(bool memory_locked) {
  facts_.config_file = config_file_;
  facts_.started = SystemClock().Wall();
  facts_.memory_locked = memory_locked;
  SIGNET_ASSIGN_OR_RETURN(InheritedSockets inherited, TakeInheritedSockets());
  SIGNET_ASSIGN_OR_RETURN(Sockets sockets, OpenSockets(config_, std::move(inherited)));

  SIGNET_ASSIGN_OR_RETURN(facts_.providers,
                          MakeProviders(config_.providers, SystemClock(), crypto::SystemRandom(),
                                        PosixDurableFiles(), keyring_news_, observer_));
  SIGNET_ASSIGN_OR_RETURN(hierarchy_,
                          KeyHierarchy::Create(HierarchyOptionsFrom(config_), facts_.providers, SystemClock(),
                                               crypto::SystemRandom(), PosixDurableFiles(), observer_));
  keyring_news_.Connect(hierarchy_.get());
  service_ = std::make_unique<KmsService>(
      KmsServiceOptions{config_.status_version, config_.max_plaintext_bytes}, *hierarchy_);

  KmsServerOptions kms_options;
  kms_options.allowed_uids = config_.kms_socket.allowed_uids;
  kms_options.max_connections = config_.kms_socket.max_connections;
  kms_options.max_calls_in_flight = config_.kms_socket.max_calls_in_flight;
  SIGNET_ASSIGN_OR_RETURN(kms_server_, KmsServer::Create(kms_options, std::move(sockets.kms), *service_,
                                                         observer_, SystemClock()));
  AdminServerOptions admin_options;
  admin_options.allowed_uids = config_.admin_socket.allowed_uids;
  SIGNET_ASSIGN_OR_RETURN(admin_server_, AdminServer::Create(admin_options, std::move(sockets.admin),
                                                             MakeAdminHandlers(), observer_, SystemClock()));
  return absl::OkStatus();
}

AdminHandlers Daemon::MakeAdminHandlers() {
  return {[this](admin::v1::GetStateResponse& response) {
            FillAdminState(config_, facts_, *hierarchy_, *kms_server_, reloader_, response);
          },
          [this](AdminHandlers::ReloadCallback done) {
            reloader_.Request(
                [done = std::move(done)](const ReloadReport& report) { done(ToReloadResponse(report)); });
          },
          hierarchy_->control()};
}

void Daemon::Apply(const Config& config) {
  log_.SetOptions(LogOptionsFrom(config));
  service_->SetMaxPlaintextBytes(config.max_plaintext_bytes);
  kms_server_->SetAllowedUids(config.kms_socket.allowed_uids);
  admin_server_->SetAllowedUids(config.admin_socket.allowed_uids);
  hierarchy_->NoticeProviderChange();
}

void Daemon::Start() {
  // The workers fetch the key while the servers get going.
  hierarchy_->Start();
  kms_server_->Start();
  admin_server_->Start();
  NotifyReady();
  log_.Write(LogSeverity::kInfo, "listening",
             {{"version", SignetVersion()},
              {"commit", SignetCommit()},
              {"cluster_id", config_.cluster_id},
              {"active", config_.active},
              {"kms_socket", config_.kms_socket.path},
              {"admin_socket", config_.admin_socket.path},
              {"memory_locked", facts_.memory_locked}});
  for (const std::string& warning : ConfigWarnings(config_)) {
    log_.Write(LogSeverity::kWarning, "setting for tests", {{"warning", warning}});
  }
}

void Daemon::Stop() {
  NotifyStopping();
  log_.Write(LogSeverity::kInfo, "draining", {{"grace_ms", reloader_.running().shutdown_grace}});
  kms_server_->Stop(reloader_.running().shutdown_grace);
  admin_server_->Stop(kAdminGrace);
  hierarchy_->Stop();
  keyring_news_.Connect(nullptr);
  log_.Write(LogSeverity::kInfo, "stopped");
}

}  // namespace signet
