#include "tests/simulation/node.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"

namespace signet::simulation {
namespace {

// Short lives, so that a schedule of a few days sees every limit.
constexpr absl::Duration kLifetime = absl::Hours(36);
constexpr absl::Duration kOfflineLimit = absl::Hours(12);

std::string Slurp(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream content;
  content << file.rdbuf();
  return content.str();
}

void Spill(const std::filesystem::path& path, const std::string& content) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << content;
}

}  // namespace

Node::Node(int number, std::vector<SimulatedLink> links, ScheduleRandom& random)
    : number_(number),
      random_(random),
      links_(std::move(links)),
      clock_(std::make_unique<testing::FakeClock>()) {}

Node::~Node() {
  if (running()) StopInOrder();
}

HierarchyOptions Node::Options() const {
  HierarchyOptions options;
  options.cluster_id = "simulated";
  options.active_provider = settings_.active;
  options.key_id_generation = settings_.generation;
  options.state_directory = directory_.path();
  options.local_kek_lifetime = kLifetime;
  options.offline_limit = kOfflineLimit;
  options.direct = settings_.direct;
  if (settings_.redundant) options.also_wrap_with = {"primary", "standby"};
  return options;
}

absl::Status Node::Start() {
  std::vector<Provider> providers;
  for (SimulatedLink& link : links_) providers.push_back({link.provider, MakeSimulatedClient(link, *clock_)});
  SIGNET_ASSIGN_OR_RETURN(
      hierarchy_, KeyHierarchy::Create(Options(), std::move(providers), *clock_, random_, files_, observer_));
  hierarchy_->StartStepped();
  RunDue();
  return absl::OkStatus();
}

void Node::StopInOrder() {
  hierarchy_->Stop();
  hierarchy_.reset();
}

void Node::Crash() {
  std::vector<std::pair<std::filesystem::path, std::string>> saved;
  for (const auto& entry : std::filesystem::directory_iterator(directory_.path())) {
    saved.emplace_back(entry.path(), Slurp(entry.path()));
  }
  StopInOrder();
  LoseState();
  for (const auto& [path, content] : saved) {
    Spill(path, content);
    std::filesystem::permissions(path,
                                 std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  }
}

void Node::Reboot(absl::Duration wall_jump) {
  const absl::Time wall = clock_->Wall();
  clock_ = std::make_unique<testing::FakeClock>();
  clock_->SetBootId(absl::StrCat("boot-", ++boots_));
  clock_->JumpWall(wall - clock_->Wall() + wall_jump);
}

void Node::LoseState() {
  for (const auto& entry : std::filesystem::directory_iterator(directory_.path())) {
    std::filesystem::remove_all(entry.path());
  }
}

bool Node::TearState() {
  const std::filesystem::path path = directory_.File("state");
  if (!std::filesystem::exists(path)) return false;
  std::string content = Slurp(path);
  if (content.empty()) return false;
  if (random_.OneIn(2)) {
    content.resize(random_.Below(content.size()));
  } else {
    const int bit = 1 << random_.Below(8);
    char& torn = content[random_.Below(content.size())];
    torn = static_cast<char>(torn ^ bit);
  }
  Spill(path, content);
  return true;
}

absl::Duration Node::UntilDue() const {
  if (!running()) return absl::InfiniteDuration();
  return std::max(hierarchy_->NextDue() - clock_->Monotonic(), absl::ZeroDuration());
}

void Node::RunDue() {
  while (running() && hierarchy_->RunPending()) {
  }
}

absl::StatusOr<std::string> Node::KeyId() const {
  if (!running()) return absl::UnavailableError("not running");
  SIGNET_ASSIGN_OR_RETURN(const std::shared_ptr<const ActiveKey> key, hierarchy_->Writable());
  return key->key_id;
}

absl::StatusOr<Encrypted> Node::Encrypt(const std::string& plaintext) {
  if (!running()) return absl::UnavailableError("not running");
  absl::StatusOr<EncryptResult> answer = absl::UnavailableError("no answer at once");
  if (hierarchy_->encrypts_later()) {
    EncryptInput input;
    input.plaintext = plaintext;
    input.cancellation = std::make_shared<CancellationToken>();
    hierarchy_->EncryptLater(input,
                             [&answer](absl::StatusOr<EncryptResult> result) { answer = std::move(result); });
    RunDue();
    input.cancellation->Cancel();
    RunDue();
  } else {
    answer = hierarchy_->Encrypt(plaintext);
  }
  SIGNET_ASSIGN_OR_RETURN(EncryptResult result, std::move(answer));
  return Encrypted{{std::move(result.ciphertext), result.key->key_id, result.key->record}, result.key};
}

absl::StatusOr<std::string> Node::Decrypt(const testing::Stored& stored) {
  if (!running()) return absl::UnavailableError("not running");
  testing::Answer answer;
  DecryptInput input = testing::HierarchyHarness::Input(stored);
  input.cancellation = std::make_shared<CancellationToken>();
  hierarchy_->Decrypt(input, answer.callback());
  RunDue();
  if (!answer.done()) {
    input.cancellation->Cancel();
    RunDue();
    return absl::UnavailableError("no answer at once");
  }
  return answer.Wait();
}

}  // namespace signet::simulation
