// Log: structured lines, one per event, as text for people or JSON for machines. What it prints is printable
// ASCII whatever comes in: no value can forge a line, move a cursor or grow without bound.
//
// Thread-safe. A line is one write(2) to the stream, which blocks as long as that does.
#ifndef SIGNET_PLUGIN_OBSERVABILITY_LOG_H_
#define SIGNET_PLUGIN_OBSERVABILITY_LOG_H_

#include <atomic>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <ostream>
#include <string>
#include <type_traits>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "base/clock.h"

namespace spdlog {
class logger;
}

namespace signet {

enum class LogSeverity { kDebug, kInfo, kWarning, kError };

// A name, fixed by the program, and a value, which may come from anywhere.
struct LogField {
  LogField(absl::string_view field, absl::string_view text, size_t max_text_bytes = 1024)
      : name(field), value(text), max_bytes(max_text_bytes) {}
  LogField(absl::string_view field, const char* text) : LogField(field, absl::string_view(text)) {}
  LogField(absl::string_view field, const std::string& text) : LogField(field, absl::string_view(text)) {}
  LogField(absl::string_view field, bool yes) : name(field), value(yes ? "true" : "false"), quoted(false) {}
  template <typename Number, typename = std::enable_if_t<std::is_integral_v<Number>>>
  LogField(absl::string_view field, Number number)
      : name(field), value(absl::StrCat(number)), quoted(false) {}
  // In milliseconds, so the name should end in "_ms".
  LogField(absl::string_view field, absl::Duration duration)
      : name(field), value(absl::StrCat(absl::ToDoubleMilliseconds(duration))), quoted(false) {}

  absl::string_view name;
  std::string value;
  size_t max_bytes = 1024;  // the rest is cut
  bool quoted = true;       // in JSON
};

class Log {
 public:
  struct Options {
    LogSeverity minimum = LogSeverity::kInfo;
    bool json = false;
  };

  // `clock` and `out` outlive the log.
  Log(const Options& options, const Clock& clock, std::ostream& out);
  ~Log();
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  // For the lines from now on.
  void SetOptions(const Options& options);
  bool Enabled(LogSeverity severity) const { return severity >= minimum_.load(std::memory_order_relaxed); }
  // `message` is constant text. An empty value is left out.
  void Write(LogSeverity severity, absl::string_view message, std::initializer_list<LogField> fields = {});

 private:
  std::atomic<LogSeverity> minimum_;
  std::atomic<bool> json_;
  const Clock& clock_;
  const std::unique_ptr<spdlog::logger> logger_;
};

// At most `max_bytes` of `text`, every byte that is not printable ASCII, and the backslash, as an escape;
// "..." behind what was cut.
std::string EscapeForLog(absl::string_view text, size_t max_bytes);

}  // namespace signet

#endif  // SIGNET_PLUGIN_OBSERVABILITY_LOG_H_
