#include "plugin/cmd/signetctl/timeout_option.h"

#include "plugin/config/value_rules.h"

namespace signet::ctl {
namespace {

ValueRule<absl::Duration> TimeoutRule() { return DurationBetween(absl::Milliseconds(10), absl::Minutes(5)); }

}  // namespace

absl::Duration TimeoutOption::value() const { return TimeoutRule().parse(text).value_or(absl::Seconds(3)); }

void AddTimeoutOption(CLI::App& command, TimeoutOption& timeout) {
  const auto check = [](const std::string& text) {
    const auto rule = TimeoutRule();
    return rule.parse(text).has_value() ? std::string() : "must be " + rule.expected;
  };
  command.add_option("--timeout", timeout.text, "How long to wait for each answer, such as 500ms or 3s")
      ->type_name("DURATION")
      ->check(CLI::Validator(check, ""))
      ->capture_default_str();
}

}  // namespace signet::ctl
