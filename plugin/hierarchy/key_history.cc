#include "plugin/hierarchy/key_history.h"

#include <algorithm>

namespace signet {
namespace {

bool SameKey(const AnnouncedKey& a, const AnnouncedKey& b) {
  return a.provider_type == b.provider_type && a.fingerprint == b.fingerprint;
}

// True when `later` alone makes Judge refuse `earlier`.
bool Implies(const AnnouncedKey& later, const AnnouncedKey& earlier) {
  return SameKey(later, earlier) && later.generation >= earlier.generation && later.number.has_value() &&
         earlier.number.has_value() && *later.number > *earlier.number;
}

}  // namespace

KeyHistory::Verdict KeyHistory::Judge(const AnnouncedKey& candidate) const {
  if (entries_.empty()) return Verdict::kNew;
  if (entries_.back().key_id == candidate.key_id) return Verdict::kNewest;
  for (const AnnouncedKey& entry : entries_) {
    if (entry.key_id == candidate.key_id || Implies(entry, candidate)) return Verdict::kSuperseded;
  }
  return Verdict::kNew;
}

uint32_t KeyHistory::NextGeneration(const AnnouncedKey& candidate) const {
  uint32_t highest = candidate.generation;
  for (const AnnouncedKey& entry : entries_) {
    if (SameKey(entry, candidate)) highest = std::max(highest, entry.generation);
  }
  return highest + 1;
}

void KeyHistory::Append(AnnouncedKey key) {
  entries_.push_back(std::move(key));
  if (entries_.size() <= kMaxEntries) return;
  auto forgotten = entries_.begin();
  for (auto entry = entries_.begin(); entry != entries_.end(); ++entry) {
    const bool implied = std::any_of(entry + 1, entries_.end(),
                                     [&entry](const AnnouncedKey& later) { return Implies(later, *entry); });
    if (implied) {
      forgotten = entry;
      break;
    }
  }
  entries_.erase(forgotten);
}

}  // namespace signet
