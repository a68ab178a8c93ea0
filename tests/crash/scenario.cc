#include "tests/crash/scenario.h"

#include <signal.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "base/durable_files.h"
#include "base/status_macros.h"
#include "crypto/digest.h"
#include "tests/crash/node.h"
#include "tests/crash/operation_log.h"
#include "tests/testing/paths.h"
#include "tests/testing/poll.h"

namespace signet::testing {
namespace {

// The use count is reserved in blocks of this size, so that more uses need the second reservation.
constexpr uint64_t kReservedBlock = 65536;

}  // namespace

namespace {

std::string ShowKeyring(const std::string& path) {
  const ProcessResult result = RunProcess(
      {.arguments = {ProgramPath("signetctl"), "keyring", "list", "--keyring", path, "-o", "json"}});
  if (result.exit_code != 0) return absl::StrCat("exit ", result.exit_code);
  nlohmann::json json = nlohmann::json::parse(result.output, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return "no JSON";
  // The first names this folder, the second depends on the clock.
  json.erase("keyring");
  json.erase("active");
  return json.dump();
}

std::string ShowSealedCopy(const std::string& path) {
  const absl::StatusOr<std::string> bytes = PosixDurableFiles().Read(path, {.max_bytes = 1 << 20});
  return bytes.ok() ? crypto::KeyIdHash(*bytes) : absl::StatusCodeToString(bytes.status().code());
}

}  // namespace

std::map<std::string, std::string> ShowKeyrings(const std::string& folder) {
  std::map<std::string, std::string> shown;
  for (const char* keyring : {kNodeKeyring, kPeerKeyring}) {
    shown[keyring] = ShowKeyring(absl::StrCat(folder, "/", keyring));
  }
  for (const char* copy : {kFirstCopy, kSecondCopy})
    shown[copy] = ShowSealedCopy(absl::StrCat(folder, "/", copy));
  return shown;
}

std::vector<std::string> Scenario::Environment() const {
  return {absl::StrCat("LD_PRELOAD=", ProgramPath("libcrash_recorder.so")),
          absl::StrCat("SIGNET_RECORD_ROOT=", root()), absl::StrCat("SIGNET_RECORD_LOG=", log())};
}

absl::Status Scenario::Mark() {
  expectations_.push_back(now_);
  return AppendMark(log(), expectations_.size() - 1);
}

absl::Status Scenario::Step(const std::string& moment, const std::function<absl::Status()>& work,
                            const ReadableByKeyId& after) {
  const auto set_readable = [&](const std::string& key_id, Readable readable) {
    for (size_t i = 0; i < tuples_.size(); ++i) {
      if (tuples_[i].key_id == key_id) now_.tuples[i] = readable;
    }
  };
  now_.moment = absl::StrCat("during: ", moment);
  for (const auto& [key_id, readable] : after) set_readable(key_id, Readable::kMay);
  SIGNET_RETURN_IF_ERROR(Mark());
  const size_t in_flight = expectations_.size() - 1;
  if (const absl::Status done = work(); !done.ok()) {
    return absl::Status(done.code(), absl::StrCat(moment, ": ", done.message()));
  }
  for (const auto& [path, listing] : ShowKeyrings(root())) {
    std::vector<std::string>& allowed = expectations_[in_flight].keyrings[path];
    if (std::find(allowed.begin(), allowed.end(), listing) == allowed.end()) allowed.push_back(listing);
    now_.keyrings[path] = {listing};
  }
  now_.moment = absl::StrCat("after: ", moment);
  for (const auto& [key_id, readable] : after) set_readable(key_id, readable);
  return Mark();
}

absl::Status Scenario::Control(const std::vector<std::string>& arguments) {
  ProcessOptions options{.environment = Environment()};
  options.arguments = {ProgramPath("signetctl")};
  options.arguments.insert(options.arguments.end(), arguments.begin(), arguments.end());
  const ProcessResult result = RunProcess(options);
  if (result.exit_code == 0) return absl::OkStatus();
  return absl::InternalError(absl::StrCat("signetctl ", absl::StrJoin(arguments, " "), ": exit ",
                                          result.exit_code, ": ", result.errors));
}

absl::Status Scenario::Keyring(const std::string& keyring, const std::string& verb,
                               const std::vector<std::string>& arguments) {
  std::vector<std::string> all = {"keyring", verb};
  all.insert(all.end(), arguments.begin(), arguments.end());
  all.insert(all.end(), {"--keyring", root_.File(keyring)});
  return Control(all);
}

absl::Status Scenario::ReadState() {
  SIGNET_ASSIGN_OR_RETURN(const std::string key_id, client_->KeyId());
  SIGNET_ASSIGN_OR_RETURN(const auto state, client_->State());
  if (state.active().key_id() != key_id) return absl::InternalError("Status and GetState differ");
  if (now_.key_ids.empty() || now_.key_ids.back() != key_id) now_.key_ids.push_back(key_id);
  now_.local_kek_id = state.active().local_kek_id();
  now_.uses = state.active().local_kek_uses();
  return absl::OkStatus();
}

absl::Status Scenario::StartDaemon() {
  const std::string node = root_.File(kNodeFolder);
  daemon_ = std::make_unique<Process>(
      ProcessOptions{.arguments = {ProgramPath("signetd"), "--config", absl::StrCat(node, "/signetd.yaml")},
                     .environment = Environment()});
  client_ = std::make_unique<NodeClient>(node);
  SIGNET_RETURN_IF_ERROR(AwaitKey(*daemon_, node, *client_));
  return ReadState();
}

absl::Status Scenario::StopDaemon(int signal) {
  if (signal == SIGTERM) clean_stops_.insert(expectations_.size() - 1);
  daemon_->Signal(signal);
  const int exit_code = daemon_->Wait();
  if (exit_code == (signal == SIGKILL ? 128 + SIGKILL : 0)) return absl::OkStatus();
  return absl::InternalError(absl::StrCat("signetd ends with ", exit_code, ": ", daemon_->Errors()));
}

absl::Status Scenario::Restart(const std::string& moment, int signal) {
  SIGNET_RETURN_IF_ERROR(Step(absl::StrCat("stop before ", moment), [&] { return StopDaemon(signal); }));
  SIGNET_RETURN_IF_ERROR(Step(moment, [&] { return StartDaemon(); }));
  SIGNET_RETURN_IF_ERROR(Step("decrypt everything", [&] { return DecryptEverything(); }));
  return Step("encrypt", [&] { return EncryptSome(); });
}

absl::Status Scenario::DecryptEverything() {
  for (size_t i = 0; i < tuples_.size(); ++i) {
    const absl::StatusOr<std::string> plaintext = client_->Decrypt(tuples_[i]);
    const Readable readable = now_.tuples.at(i);
    if (readable == Readable::kMust && (!plaintext.ok() || *plaintext != tuples_[i].plaintext)) {
      return absl::InternalError(absl::StrCat("object ", i, ": ", plaintext.status().ToString()));
    }
    if (readable == Readable::kMustNot && plaintext.ok()) {
      return absl::InternalError(absl::StrCat("object ", i, " is still readable"));
    }
  }
  return absl::OkStatus();
}

absl::Status Scenario::EncryptSome() {
  for (int i = 0; i < 3; ++i) {
    SIGNET_ASSIGN_OR_RETURN(Tuple tuple,
                            client_->Encrypt(absl::StrCat("object ", tuples_.size(), " of the run")));
    if (tuple.key_id != now_.key_ids.back()) return absl::InternalError("Encrypt and Status differ");
    now_.tuples[tuples_.size()] = Readable::kMust;
    tuples_.push_back(std::move(tuple));
  }
  return ReadState();
}

absl::Status Scenario::Use(uint64_t until) {
  std::atomic<bool> failed{false};
  while (now_.uses < until && !failed) {
    std::vector<std::thread> callers;
    for (int caller = 0; caller < 8; ++caller) {
      callers.emplace_back([&] {
        for (int i = 0; i < 1000 && !failed; ++i) {
          if (!client_->Encrypt("one of many").ok()) failed = true;
        }
      });
    }
    for (std::thread& caller : callers) caller.join();
    SIGNET_RETURN_IF_ERROR(ReadState());
  }
  return failed ? absl::InternalError("Encrypt failed") : absl::OkStatus();
}

absl::Status Scenario::SetUp() {
  return Step("init", [&] {
    SIGNET_RETURN_IF_ERROR(Control({"init", "--dir", root_.File(kNodeFolder)}));
    now_.running = true;
    return absl::OkStatus();
  });
}

absl::Status Scenario::Live() {
  SIGNET_RETURN_IF_ERROR(Step("first start", [&] { return StartDaemon(); }));
  SIGNET_RETURN_IF_ERROR(Step("encrypt", [&] { return EncryptSome(); }));
  SIGNET_RETURN_IF_ERROR(Restart("restart after SIGTERM", SIGTERM));
  SIGNET_RETURN_IF_ERROR(Restart("restart after SIGKILL", SIGKILL));
  const uint64_t until = now_.uses + kReservedBlock + 1000;
  return Step("use up a reserved block", [&] { return Use(until); });
}

absl::Status Scenario::Rotate() {
  SIGNET_RETURN_IF_ERROR(
      Step("keyring add --activate", [&] { return Keyring(kNodeKeyring, "add", {"--activate"}); }));
  SIGNET_RETURN_IF_ERROR(Restart("restart under version 2", SIGTERM));
  if (now_.key_ids.size() != 2) return absl::InternalError("version 2 was not announced");
  SIGNET_RETURN_IF_ERROR(Step("keyring add", [&] { return Keyring(kNodeKeyring, "add"); }));
  const absl::Time at = absl::FromUnixSeconds(absl::ToUnixSeconds(absl::Now()) + 3);
  SIGNET_RETURN_IF_ERROR(Step("keyring activate --at", [&] {
    return Keyring(kNodeKeyring, "activate",
                   {"3", "--at", absl::FormatTime(absl::RFC3339_sec, at, absl::UTCTimeZone())});
  }));
  SIGNET_RETURN_IF_ERROR(Step("wait for the activation", [&] {
    return PollUntil([&] { return absl::Now() > at + absl::Seconds(1); }) ? absl::OkStatus()
                                                                          : absl::InternalError("clock");
  }));
  SIGNET_RETURN_IF_ERROR(Restart("restart under version 3", SIGKILL));
  return now_.key_ids.size() == 3 ? absl::OkStatus() : absl::InternalError("version 3 was not announced");
}

absl::Status Scenario::Retire() {
  const std::string first = now_.key_ids[0];
  SIGNET_RETURN_IF_ERROR(Step("keyring disable 1", [&] { return Keyring(kNodeKeyring, "disable", {"1"}); },
                              {{first, Readable::kMustNot}}));
  SIGNET_RETURN_IF_ERROR(Restart("restart with version 1 disabled", SIGTERM));
  SIGNET_RETURN_IF_ERROR(Step("keyring enable 1", [&] { return Keyring(kNodeKeyring, "enable", {"1"}); },
                              {{first, Readable::kMust}}));
  SIGNET_RETURN_IF_ERROR(Restart("restart with version 1 enabled", SIGTERM));
  return Step("keyring destroy 1",
              [&] {
                return Keyring(kNodeKeyring, "destroy", {"1", "--yes"});
              },
              {{first, Readable::kMustNot}});
}

absl::Status Scenario::Share() {
  SIGNET_RETURN_IF_ERROR(Step("stop for good", [&] { return StopDaemon(SIGTERM); }));
  const std::string passphrase = log_folder_.File("passphrase");
  std::ofstream(passphrase) << "a passphrase for the copy\n";
  std::filesystem::permissions(passphrase, std::filesystem::perms(0600));
  const std::vector<std::string> sealing = {"--copy-passphrase-file", passphrase};
  const auto export_as = [&](const char* copy) {
    return Keyring(kNodeKeyring, "export", {"--sealed", root_.File(copy), sealing[0], sealing[1]});
  };
  const auto import = [&](const char* copy) {
    return Keyring(kPeerKeyring, "import", {root_.File(copy), sealing[0], sealing[1]});
  };
  SIGNET_RETURN_IF_ERROR(Step("keyring export", [&] { return export_as(kFirstCopy); }));
  SIGNET_RETURN_IF_ERROR(Step("keyring import into nothing", [&] { return import(kFirstCopy); }));
  SIGNET_RETURN_IF_ERROR(Step("keyring add", [&] { return Keyring(kNodeKeyring, "add"); }));
  SIGNET_RETURN_IF_ERROR(Step("keyring export again", [&] { return export_as(kSecondCopy); }));
  return Step("keyring import again", [&] { return import(kSecondCopy); });
}

absl::Status Scenario::Record() {
  now_.moment = "before anything";
  for (const auto& [path, listing] : ShowKeyrings(root())) now_.keyrings[path] = {listing};
  expectations_.push_back(now_);
  SIGNET_RETURN_IF_ERROR(SetUp());
  SIGNET_RETURN_IF_ERROR(Live());
  SIGNET_RETURN_IF_ERROR(Rotate());
  SIGNET_RETURN_IF_ERROR(Retire());
  return Share();
}

}  // namespace signet::testing
