// signetctl explain: what a stored blob is.
#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "plugin/cmd/common/exit_code.h"
#include "plugin/cmd/common/safe_text.h"
#include "plugin/cmd/common/table.h"
#include "plugin/cmd/signetctl/commands.h"
#include "plugin/cmd/signetctl/explain_input.h"
#include "plugin/cmd/signetctl/explain_print.h"

namespace signet::ctl {
namespace {

struct ExplainOptions {
  std::string file = "-";
  bool hex = false;
  bool base64 = false;
};

constexpr char kDescription[] =
    "Tell what a stored blob is: who encrypted it, under which key_id, how big, is it intact.\n"
    "Works on the bytes alone: no daemon, no KMS, no key, and never prints what is encrypted.\n"
    "\n"
    "Takes a whole value of etcd (k8s:enc:…), what etcdctl prints with --print-value-only or -w json,\n"
    "a bare ciphertext of signetd, or a bare record (the annotation kek.signet.internal). Data of other\n"
    "KMS plugins, of aescbc, aesgcm and secretbox, and unencrypted objects are recognised.\n"
    "\n"
    "  etcdctl get /registry/secrets/default/s1 --print-value-only | signetctl explain\n"
    "  etcdctl get /registry/secrets/ --prefix -w json | signetctl explain -o json\n"
    "\n"
    "With -o json one value is an object, the values of an etcdctl dump are an array.";

int Run(const CommandContext& context, const ExplainOptions& options) {
  const absl::StatusOr<std::string> text = ReadExplainInput(options.file, context.streams.in);
  if (!text.ok()) return Fail(context, text.status());
  const InputEncoding encoding = options.hex      ? InputEncoding::kHex
                                 : options.base64 ? InputEncoding::kBase64
                                                  : InputEncoding::kRaw;
  const absl::StatusOr<std::vector<etcd::KeyValue>> blobs = DecodeExplainInput(*text, encoding);
  if (!blobs.ok()) return Fail(context, blobs.status());

  int exit_code = kExitDone;
  nlohmann::ordered_json json = nlohmann::ordered_json::array();
  for (const etcd::KeyValue& blob : *blobs) {
    const absl::StatusOr<etcd::Explanation> explanation = etcd::Explain(blob.value);
    if (!explanation.ok()) {
      const std::string hint = encoding == InputEncoding::kRaw ? HintForRawInput(blob.value) : "";
      const std::string name = blob.key.empty() ? "" : SafeText(blob.key) + ": ";
      exit_code =
          Fail(context, absl::InvalidArgumentError(absl::StrCat(name, explanation.status().message(), hint)));
      continue;
    }
    if (!explanation->problems.empty()) exit_code = std::max(exit_code, kExitNo);
    if (context.globals.json()) {
      json.push_back(ExplanationToJson(blob.key, *explanation));
    } else {
      PrintExplanation(blob.key, *explanation, context.streams.out);
    }
  }
  if (context.globals.json() && !json.empty()) {
    PrintJson(blobs->size() == 1 ? json[0] : json, context.streams.out);
  }
  return exit_code;
}

}  // namespace

void AddExplainCommand(CLI::App& app, CommandContext& context) {
  auto options = std::make_shared<ExplainOptions>();
  CLI::App* command = app.add_subcommand("explain", kDescription);
  command->add_option("FILE", options->file, "File to read, - for the standard input")
      ->capture_default_str()
      ->type_name("");
  CLI::Option* hex =
      command->add_flag("--hex", options->hex, "The input is hex; blanks, 0x and \\x are skipped");
  command->add_flag("--base64", options->base64, "The input is base64, standard or URL-safe")->excludes(hex);
  command->footer(
      HelpFooter("0 explained and intact, 1 explained but broken or contradictory, 2 not recognised,\n"
                 "3 the file cannot be read"));
  command->callback(
      [&context, options] { context.action = [&context, options] { return Run(context, *options); }; });
}

}  // namespace signet::ctl
