#include "plugin/cmd/signetctl/timeout_option.h"

#include "plugin/config/value_rules.h"

namespace signet::ctl {
namespace {

ValueRule<absl::Duration> TimeoutRule() { return DurationBetween(absl::Milliseconds(10), absl::Minutes(5)); }

ValueRule<absl::Duration> PatienceRule() { return DurationBetween(absl::Milliseconds(10), absl::Hours(24)); }

CLI::Option* Add(CLI::App& command, const std::string& name, std::string& text,
                 const std::string& description, const ValueRule<absl::Duration>& rule) {
  const auto check = [rule](const std::string& given) {
    return rule.parse(given).has_value() ? std::string() : "must be " + rule.expected;
  };
  return command.add_option(name, text, description)
      ->type_name("DURATION")
      ->check(CLI::Validator(check, ""))
      ->capture_default_str();
}

}  // namespace

absl::Duration TimeoutOption::value() const { return TimeoutRule().parse(text).value_or(absl::Seconds(3)); }

void AddTimeoutOption(CLI::App& command, TimeoutOption& timeout) {
  Add(command, "--timeout", timeout.text, "How long to wait for each answer, such as 500ms or 3s",
      TimeoutRule());
}

absl::Duration PatienceOption::value() const { return PatienceRule().parse(text).value_or(absl::Minutes(1)); }

void AddPatienceOption(CLI::App& command, PatienceOption& patience, const std::string& description) {
  Add(command, "--timeout", patience.text, description, PatienceRule());
}

absl::Duration DurationOption::value() const {
  return PatienceRule().parse(text).value_or(absl::ZeroDuration());
}

CLI::Option* AddDurationOption(CLI::App& command, const std::string& name, DurationOption& duration,
                               const std::string& description) {
  return Add(command, name, duration.text, description, PatienceRule());
}

}  // namespace signet::ctl
