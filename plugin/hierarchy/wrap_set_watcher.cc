#include "plugin/hierarchy/wrap_set_watcher.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

namespace signet {
namespace {

std::string Text(const kms::RemoteVersion& version) { return absl::StrCat(version.label, " ", version.mark); }

bool IsOlder(const kms::RemoteVersion& version, const kms::RemoteVersion& than) {
  return version.number.has_value() && than.number.has_value() && *version.number < *than.number;
}

}  // namespace

void WrapSetWatcher::Follow(const PublishedKey& published) {
  if (followed_ == published.key->local_kek_id) return;
  followed_ = published.key->local_kek_id;
  std::map<std::string, Member> members;
  for (const Provider* provider : published.plan.wrap_set) {
    if (provider == published.plan.active) continue;
    VersionWatcher watcher(VersionWatcher::TimingFor(options_.timing, provider->client->type()), parts_.clock,
                           parts_.random);
    watcher.NoteAsked();
    const auto before = members_.find(provider->name);
    Member member{provider, std::move(watcher)};
    if (const auto wrapped = published.wrapped_under.find(provider->name);
        wrapped != published.wrapped_under.end()) {
      member.in_record = wrapped->second;
    }
    if (before != members_.end()) {
      member.tried = before->second.tried;
      member.not_before = before->second.not_before;
    }
    members.emplace(provider->name, std::move(member));
  }
  members_ = std::move(members);
}

void WrapSetWatcher::Step() {
  const std::shared_ptr<const PublishedKey> published = parts_.slot.Get();
  if (published == nullptr) return;
  Follow(*published);
  for (auto& [name, member] : members_) {
    if (member.watcher.Due()) Ask(member);
  }
}

void WrapSetWatcher::Ask(Member& member) {
  if (!parts_.budgets.TakeLook(*member.provider, !member.watcher.candidate().empty())) {
    return member.watcher.HearNothing();
  }
  kms::CallContext call;
  call.deadline = parts_.clock.Monotonic() + options_.remote_call_timeout;
  call.cancellation = parts_.cancellation;
  const absl::StatusOr<kms::KeyDescription> described = parts_.providers.Describe(*member.provider, call);
  if (!described.ok()) return member.watcher.HearNothing();
  const kms::RemoteVersion& current = described->current;
  if (!member.in_record.has_value()) member.in_record = current;
  const std::string expected = member.named.empty() ? Text(*member.in_record) : member.named;
  const std::string heard = IsOlder(current, *member.in_record) ? Text(*member.in_record) : Text(current);
  if (member.watcher.Hear(heard, expected) != VersionWatcher::Finding::kConfirmed) return;
  const bool is_news = heard != Text(*member.in_record);
  member.named = is_news ? heard : std::string();
  member.due = is_news ? parts_.clock.Monotonic() + options_.delay : absl::InfiniteDuration();
  if (is_news && heard == member.tried) member.due = std::max(member.due, member.not_before);
}

void WrapSetWatcher::HearProbe(const std::string& provider, const kms::RemoteVersion& version) {
  const auto member = members_.find(provider);
  if (member != members_.end()) member->second.in_record = version;
}

bool WrapSetWatcher::RenewalIsDue() const {
  return std::any_of(members_.begin(), members_.end(),
                     [this](const auto& entry) { return parts_.clock.Monotonic() >= entry.second.due; });
}

void WrapSetWatcher::NoteRenewal() {
  const MonotonicTime now = parts_.clock.Monotonic();
  for (auto& [name, member] : members_) {
    if (now < member.due) continue;
    member.tried = member.named;
    member.not_before = now + kBeforeTheSameAgain;
  }
}

void WrapSetWatcher::AskSoon() {
  for (auto& [name, member] : members_) member.watcher.AskSoon();
}

MonotonicTime WrapSetWatcher::next() const {
  MonotonicTime next = absl::InfiniteDuration();
  const MonotonicTime now = parts_.clock.Monotonic();
  for (const auto& [name, member] : members_) {
    next = std::min(next, member.watcher.next());
    if (now < member.due) next = std::min(next, member.due);
  }
  return next;
}

}  // namespace signet
