#include "plugin/cmd/signetctl/event_print.h"

#include <string>

#include "absl/strings/str_format.h"
#include "plugin/cmd/common/safe_text.h"
#include "plugin/cmd/common/table.h"
#include "plugin/cmd/signetctl/time_text.h"

namespace signet::ctl {
namespace {

constexpr size_t kMaxDetailBytes = 1024;

void PrintLine(const admin::v1::KeyEvent& event, std::ostream& out) {
  out << TimeText(event.time()) << "  " << absl::StrFormat("%-16s", SafeText(event.kind()));
  if (!event.provider().empty()) out << "  provider " << SafeText(event.provider());
  if (!event.key_id().empty()) out << "  " << SafeText(event.key_id());
  if (!event.detail().empty()) out << "  " << SafeText(event.detail(), kMaxDetailBytes);
  out << '\n';
}

nlohmann::ordered_json ToJson(const admin::v1::KeyEvent& event) {
  nlohmann::ordered_json json;
  json["number"] = event.number();
  json["time"] = absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", ToTime(event.time()), absl::UTCTimeZone());
  json["kind"] = SafeText(event.kind());
  if (!event.provider().empty()) json["provider"] = SafeText(event.provider());
  if (!event.key_id().empty()) {
    json["key_id"] = SafeText(event.key_id());
    json["key_id_hash"] = SafeText(event.key_id_hash());
  }
  if (!event.local_kek_id().empty()) json["local_kek_id"] = SafeText(event.local_kek_id());
  if (!event.detail().empty()) json["detail"] = SafeText(event.detail(), kMaxDetailBytes);
  return json;
}

}  // namespace

void PrintEvents(const admin::v1::WatchEventsResponse& answer, OutputFormat format, std::ostream& out) {
  const bool json = format == OutputFormat::kJson;
  if (answer.dropped() > 0) {
    if (json) {
      PrintJsonLine({{"dropped", answer.dropped()}}, out);
    } else {
      out << "... " << answer.dropped() << " events were lost here: this reader was too slow\n";
    }
  }
  for (const admin::v1::KeyEvent& event : answer.events()) {
    if (json) {
      PrintJsonLine(ToJson(event), out);
    } else {
      PrintLine(event, out);
    }
  }
  out.flush();
}

}  // namespace signet::ctl
