// signetctl encryption-config: the file that tells kube-apiserver about signetd.
#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "plugin/cmd/common/exit_code.h"
#include "plugin/cmd/common/table.h"
#include "plugin/cmd/signetctl/commands.h"
#include "plugin/cmd/signetctl/sockets.h"
#include "plugin/config/value_rules.h"

namespace signet::ctl {
namespace {

struct EncryptionConfigOptions {
  std::string name = "signet";
  std::vector<std::string> resources = {"secrets"};
  std::string timeout = "3s";
  bool no_identity = false;
};

constexpr char kDescription[] =
    "Print an EncryptionConfiguration for kube-apiserver that encrypts through this signetd.\n"
    "It goes to the standard output as YAML (or JSON with -o json), with what to do next in comments.\n"
    "No daemon needs to run.";

// A resource as kube-apiserver takes it: "secrets", "widgets.example.com", "*.apps", "*.*".
std::string CheckResource(const std::string& resource) {
  const bool plain = std::all_of(resource.begin(), resource.end(), [](unsigned char c) {
    return absl::ascii_islower(c) || absl::ascii_isdigit(c) || c == '.' || c == '-' || c == '*';
  });
  const size_t star = resource.rfind('*');
  const bool star_fits = star == std::string::npos || resource == "*.*" ||
                         (star == 0 && resource.size() > 1 && resource[1] == '.');
  if (!resource.empty() && plain && star_fits) return "";
  return absl::StrCat("'", resource,
                      "' is no resource; such as secrets, configmaps, widgets.example.com, *.apps");
}

// The name is stored in front of every object, up to a colon.
std::string CheckProviderName(const std::string& name) {
  const bool plain =
      !name.empty() && name.size() <= 63 && std::all_of(name.begin(), name.end(), [](unsigned char c) {
        return absl::ascii_isalnum(c) || c == '-' || c == '_' || c == '.';
      });
  return plain ? "" : "must be 1 to 63 of [A-Za-z0-9._-]";
}

std::string CheckTimeout(const std::string& timeout) {
  const auto rule = DurationBetween(absl::Milliseconds(100), absl::Minutes(1));
  return rule.parse(timeout).has_value() ? "" : absl::StrCat("must be ", rule.expected);
}

std::string MountedFolder(const std::string& socket) {
  return socket.front() == '@' ? "" : socket.substr(0, socket.rfind('/'));
}

void PrintYaml(const EncryptionConfigOptions& options, const std::string& socket, std::ostream& out) {
  out << "# EncryptionConfiguration for signetd, made by: signetctl encryption-config\n"
         "#\n"
         "# 1. Save it on every control-plane node, the same everywhere, readable by root only, and start\n"
         "#    kube-apiserver with --encryption-provider-config=<this file>.";
  const std::string folder = MountedFolder(socket);
  if (!folder.empty()) {
    out << " A static pod also mounts the\n#    folder " << folder
        << " (hostPath, the folder and never the socket itself).\n";
  } else {
    out << " A static pod needs\n#    hostNetwork: true to reach the abstract socket.\n";
  }
  out << "# 2. Rewrite what is stored already, per resource:\n";
  for (const std::string& resource : options.resources) {
    out << "#      kubectl get "
        << (resource.front() == '*' ? "<each resource of " + resource + ">" : resource)
        << " --all-namespaces -o json | kubectl replace -f -\n";
  }
  out << "# 3. Look at a stored value: etcdctl get <key> --print-value-only | signetctl explain\n";
  if (!options.no_identity) {
    out << "# 4. When nothing is stored unencrypted any more, take identity out (--no-identity), so that\n"
           "#    whoever can write to etcd cannot plant plain objects.\n";
  }
  out << "#\n"
         "# The provider's name stands in front of every stored object: never change it while data needs "
         "it.\n"
         "apiVersion: apiserver.config.k8s.io/v1\n"
         "kind: EncryptionConfiguration\n"
         "resources:\n"
         "  - resources:\n";
  for (const std::string& resource : options.resources) {
    out << "      - " << (resource.front() == '*' ? "'" + resource + "'" : resource) << '\n';
  }
  out << "    providers:\n"
         "      - kms:\n"
         "          apiVersion: v2\n"
         "          name: \""
      << options.name << "\"\n          endpoint: " << KmsEndpoint(socket)
      << "\n          timeout: " << options.timeout << '\n';
  if (!options.no_identity) out << "      - identity: {}\n";
}

nlohmann::ordered_json ToJson(const EncryptionConfigOptions& options, const std::string& socket) {
  nlohmann::ordered_json kms;
  kms["apiVersion"] = "v2";
  kms["name"] = options.name;
  kms["endpoint"] = KmsEndpoint(socket);
  kms["timeout"] = options.timeout;
  nlohmann::ordered_json providers = nlohmann::ordered_json::array({{{"kms", kms}}});
  if (!options.no_identity) providers.push_back({{"identity", nlohmann::ordered_json::object()}});
  nlohmann::ordered_json entry;
  entry["resources"] = options.resources;
  entry["providers"] = providers;
  nlohmann::ordered_json root;
  root["apiVersion"] = "apiserver.config.k8s.io/v1";
  root["kind"] = "EncryptionConfiguration";
  root["resources"] = nlohmann::ordered_json::array({entry});
  return root;
}

int Run(const CommandContext& context, const EncryptionConfigOptions& options) {
  const absl::StatusOr<std::string> socket = FindKmsSocket(context.globals);
  if (!socket.ok()) return Fail(context, socket.status());
  const auto rule = SocketPath(/*abstract=*/true);
  if (!rule.parse(*socket).has_value()) {
    return Fail(context, absl::InvalidArgumentError("--kms-socket: must be " + rule.expected));
  }
  if (context.globals.json()) {
    PrintJson(ToJson(options, *socket), context.streams.out);
  } else {
    PrintYaml(options, *socket, context.streams.out);
  }
  return kExitDone;
}

}  // namespace

void AddEncryptionConfigCommand(CLI::App& app, CommandContext& context) {
  auto options = std::make_shared<EncryptionConfigOptions>();
  CLI::App* command = app.add_subcommand("encryption-config", kDescription);
  command
      ->add_option("--name", options->name,
                   "Provider name; part of every stored object, so never change it while data needs it")
      ->type_name("NAME")
      ->check(CLI::Validator(CheckProviderName, ""))
      ->capture_default_str();
  command->add_option("--resources", options->resources, "Resources to encrypt, separated by commas")
      ->type_name("LIST")
      ->delimiter(',')
      ->check(CLI::Validator(CheckResource, ""))
      ->capture_default_str();
  command->add_option("--timeout", options->timeout, "Of one call of kube-apiserver, 100ms to 1m")
      ->type_name("DURATION")
      ->check(CLI::Validator(CheckTimeout, ""))
      ->capture_default_str();
  command->add_flag("--no-identity", options->no_identity,
                    "Leave out the identity provider: only when nothing is stored unencrypted any more");
  command->footer(
      HelpFooter("0 printed, 2 bad arguments or configuration, 3 the configuration cannot be read"));
  command->callback(
      [&context, options] { context.action = [&context, options] { return Run(context, *options); }; });
}

}  // namespace signet::ctl
