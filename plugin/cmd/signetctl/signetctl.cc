#include "plugin/cmd/signetctl/signetctl.h"

#include <map>
#include <memory>
#include <sstream>

#include "plugin/cmd/common/exit_code.h"
#include "plugin/cmd/common/version.h"
#include "plugin/cmd/signetctl/commands.h"

namespace signet::ctl {
namespace {

constexpr char kDescription[] =
    "signetctl: set up, watch, drive and repair signetd, the KMS v2 plugin between kube-apiserver and a KMS.";

constexpr char kFooter[] =
    "\nExit codes: 0 yes or done; 1 the answer is no (unhealthy, self-test failed, verification failed);\n"
    "2 bad arguments, bad input or a bad configuration; 3 the daemon or a file cannot be reached.\n"
    "'signetctl VERB --help' documents a verb.";

// Lists a verb with the first line of its description; the rest is for its own help.
class ShortListFormatter final : public CLI::Formatter {
 public:
  std::string make_subcommand(const CLI::App* verb) const override {
    const std::string description = verb->get_description();
    std::ostringstream line;
    CLI::detail::format_help(line, verb->get_name(), description.substr(0, description.find('\n')),
                             get_column_width());
    return line.str();
  }
};

void AddGlobalOptions(CLI::App& app, GlobalOptions& globals) {
  app.add_option("--config", globals.config, "signetd's configuration file; names the sockets and files")
      ->type_name("FILE")
      ->capture_default_str()
      ->each([&globals](const std::string&) { globals.config_given = true; });
  app.add_option("--admin-socket", globals.admin_socket, "signetd's admin socket, instead of --config's")
      ->type_name("PATH");
  app.add_option("--kms-socket", globals.kms_socket,
                 "signetd's KMS socket, instead of --config's; @name for an abstract one")
      ->type_name("PATH");
  const std::map<std::string, OutputFormat> formats = {{"table", OutputFormat::kTable},
                                                       {"json", OutputFormat::kJson}};
  app.add_option("-o,--output", globals.output, "table for people, json for programs")
      ->type_name("table|json")
      ->transform(CLI::CheckedTransformer(formats).description(""));
}

}  // namespace

int RunSignetctl(const std::vector<std::string>& arguments, const Streams& streams) {
  CommandContext context{streams, {}, {}};
  CLI::App app(kDescription, "signetctl");
  app.set_version_flag("--version", VersionText("signetctl"));
  app.footer(kFooter);
  app.require_subcommand(1);
  auto formatter = std::make_shared<ShortListFormatter>();
  formatter->column_width(28);
  app.formatter(formatter);
  // Global options may stand behind the verb as well.
  app.fallthrough();
  AddGlobalOptions(app, context.globals);
  // In the order an operator meets them.
  AddInitCommand(app, context);
  AddPolicyCommand(app, context);
  AddKmsCommand(app, context);
  AddEncryptionConfigCommand(app, context);
  AddHealthCommand(app, context);
  AddStatusCommand(app, context);
  AddWaitCommand(app, context);
  AddWatchCommand(app, context);
  AddSelfTestCommand(app, context);
  AddKeysCommand(app, context);
  AddRotateCommand(app, context);
  AddRefreshCommand(app, context);
  AddPurgeCommand(app, context);
  AddAcceptKeyIdCommand(app, context);
  AddReloadCommand(app, context);
  AddExplainCommand(app, context);
  AddKeyringCommand(app, context);

  std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());
  try {
    app.parse(reversed);
  } catch (const CLI::ParseError& error) {
    return app.exit(error, streams.out, streams.err) == 0 ? kExitDone : kExitUsage;
  }
  return context.action();
}

}  // namespace signet::ctl
