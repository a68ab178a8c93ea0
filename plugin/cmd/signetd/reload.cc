#include "plugin/cmd/signetd/reload.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/unshared_status.h"
#include "plugin/config/config_loader.h"

namespace signet {
namespace {

// All problems of a file at once.
constexpr size_t kMaxLoggedBytes = 16384;

LogSeverity SeverityFrom(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return LogSeverity::kDebug;
    case LogLevel::kInfo:
      return LogSeverity::kInfo;
    case LogLevel::kWarning:
      return LogSeverity::kWarning;
    case LogLevel::kError:
      return LogSeverity::kError;
  }
  return LogSeverity::kInfo;
}

std::string FieldsOf(const std::vector<ConfigChange>& changes) {
  return absl::StrJoin(changes, ", ", [](std::string* out, const ConfigChange& change) {
    absl::StrAppend(out, change.field, ": ", change.old_value, " -> ", change.new_value);
  });
}

// For another thread.
ReloadReport CopyOf(const ReloadReport& report) {
  return {report.time, UnsharedCopy(report.status), report.difference};
}

}  // namespace

Log::Options LogOptionsFrom(const Config& config) {
  return {SeverityFrom(config.log_level), config.log_format == LogFormat::kJson};
}

Reloader::Reloader(std::string file, Config running, std::function<void(const Config&)> apply,
                   std::function<void()> wake, const Clock& clock, Log& log)
    : file_(std::move(file)),
      running_(std::move(running)),
      apply_(std::move(apply)),
      wake_(std::move(wake)),
      clock_(clock),
      log_(log) {}

void Reloader::Request(Callback done) {
  {
    MutexLock lock(mutex_);
    waiting_.push_back(std::move(done));
  }
  wake_();
}

void Reloader::Run() {
  std::vector<Callback> waiting;
  {
    MutexLock lock(mutex_);
    waiting.swap(waiting_);
  }
  const ReloadReport report = Reload();
  Write(report);
  {
    MutexLock lock(mutex_);
    last_ = CopyOf(report);
  }
  for (const Callback& done : waiting) done(CopyOf(report));
}

ReloadReport Reloader::Reload() {
  ReloadReport report;
  report.time = clock_.Wall();
  const absl::StatusOr<Config> file = LoadConfigFile(file_);
  report.status = file.status();
  if (!file.ok()) return report;
  report.difference = CompareConfigs(running_, *file);
  running_ = WithLiveSettings(std::move(running_), *file);
  apply_(running_);
  return report;
}

void Reloader::Write(const ReloadReport& report) {
  if (!report.status.ok()) {
    log_.Write(LogSeverity::kError, "configuration not reloaded, nothing changed",
               {{"code", absl::StatusCodeToString(report.status.code())},
                {"error", report.status.message(), kMaxLoggedBytes}});
    return;
  }
  log_.Write(report.difference.needs_restart.empty() ? LogSeverity::kInfo : LogSeverity::kWarning,
             "configuration reloaded",
             {{"applied", FieldsOf(report.difference.live), kMaxLoggedBytes},
              {"needs_restart", FieldsOf(report.difference.needs_restart), kMaxLoggedBytes}});
}

std::optional<ReloadReport> Reloader::last() const {
  MutexLock lock(mutex_);
  if (!last_.has_value()) return std::nullopt;
  return CopyOf(*last_);
}

}  // namespace signet
