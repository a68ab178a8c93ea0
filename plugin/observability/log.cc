#include "plugin/observability/log.h"

#include <spdlog/logger.h>
#include <spdlog/sinks/ostream_sink.h>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_format.h"

namespace signet {
namespace {

absl::string_view SeverityName(LogSeverity severity) {
  switch (severity) {
    case LogSeverity::kDebug:
      return "debug";
    case LogSeverity::kInfo:
      return "info";
    case LogSeverity::kWarning:
      return "warning";
    case LogSeverity::kError:
      return "error";
  }
  return "error";
}

// JSON's own escapes; `text` is printable ASCII already.
std::string JsonString(absl::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') quoted.push_back('\\');
    quoted.push_back(c);
  }
  quoted.push_back('"');
  return quoted;
}

// Bare where a reader, or a splitter at blanks, cannot take it for something else.
std::string TextValue(const std::string& text) {
  for (const char c : text) {
    if (!absl::ascii_isalnum(static_cast<unsigned char>(c)) &&
        !absl::StrContains("-._:/@+,", absl::string_view(&c, 1))) {
      std::string quoted = "\"";
      for (const char each : text) {
        if (each == '"') quoted.push_back('\\');
        quoted.push_back(each);
      }
      return quoted + "\"";
    }
  }
  return text;
}

}  // namespace

std::string EscapeForLog(absl::string_view text, size_t max_bytes) {
  std::string escaped;
  for (const char c : text.substr(0, max_bytes)) {
    if (c == '\\') {
      escaped += "\\\\";
    } else if (absl::ascii_isprint(static_cast<unsigned char>(c))) {
      escaped.push_back(c);
    } else {
      absl::StrAppendFormat(&escaped, "\\x%02x", static_cast<unsigned char>(c));
    }
  }
  if (text.size() > max_bytes) escaped += "...";
  return escaped;
}

Log::Log(const Options& options, const Clock& clock, std::ostream& out)
    : minimum_(options.minimum),
      json_(options.json),
      clock_(clock),
      logger_(std::make_unique<spdlog::logger>(
          "signet", std::make_shared<spdlog::sinks::ostream_sink_mt>(out, /*force_flush=*/true))) {
  // Severity, time and escaping are ours: the line goes out as it is.
  logger_->set_level(spdlog::level::trace);
  logger_->set_pattern("%v", spdlog::pattern_time_type::utc);
}

Log::~Log() = default;

void Log::SetOptions(const Options& options) {
  minimum_ = options.minimum;
  json_ = options.json;
}

void Log::Write(LogSeverity severity, absl::string_view message, std::initializer_list<LogField> fields) {
  if (!Enabled(severity)) return;
  const bool json = json_;
  const std::string time = absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", clock_.Wall(), absl::UTCTimeZone());
  std::string line = json ? absl::StrCat("{\"time\":\"", time, "\",\"level\":\"", SeverityName(severity),
                                         "\",\"message\":", JsonString(message))
                          : absl::StrCat(time, " ", SeverityName(severity), " ", message);
  for (const LogField& field : fields) {
    if (field.value.empty()) continue;
    const std::string value = EscapeForLog(field.value, field.max_bytes);
    if (json) {
      absl::StrAppend(&line, ",\"", field.name, "\":", field.quoted ? JsonString(value) : value);
    } else {
      absl::StrAppend(&line, " ", field.name, "=", field.quoted ? TextValue(value) : value);
    }
  }
  if (json) line.push_back('}');
  logger_->log(spdlog::level::info, spdlog::string_view_t(line.data(), line.size()));
}

}  // namespace signet
