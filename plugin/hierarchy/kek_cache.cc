#include "plugin/hierarchy/kek_cache.h"

#include <utility>

namespace signet {

std::shared_ptr<const VerifiedKek> KekCache::Find(const crypto::LocalKekId& id) {
  MutexLock lock(mutex_);
  const auto found = by_id_.find(id);
  if (found == by_id_.end()) return nullptr;
  entries_.splice(entries_.begin(), entries_, found->second);
  return found->second->kek;
}

bool KekCache::Contains(const crypto::LocalKekId& id) const {
  MutexLock lock(mutex_);
  return by_id_.contains(id);
}

std::vector<RemoteKeyName> NamesIn(const crypto::Record& record) {
  std::vector<RemoteKeyName> names;
  for (const crypto::RecordEntry& entry : record.entries) {
    names.push_back({entry.provider_type, entry.fingerprint});
  }
  return names;
}

uint64_t KekCache::epoch() const {
  MutexLock lock(mutex_);
  return epoch_;
}

size_t KekCache::EraseIf(const std::function<bool(const VerifiedKek&)>& drop) {
  std::list<Entry> dropped;
  MutexLock lock(mutex_);
  ++epoch_;
  for (auto entry = entries_.begin(); entry != entries_.end();) {
    const auto here = entry++;
    if (!drop(*here->kek)) continue;
    by_id_.erase(here->id);
    dropped.splice(dropped.end(), entries_, here);
  }
  return dropped.size();
}

bool KekCache::Insert(const crypto::LocalKekId& id, std::shared_ptr<const VerifiedKek> kek, Place place,
                      std::optional<uint64_t> epoch) {
  // Wiping happens after the lock is gone.
  std::shared_ptr<const VerifiedKek> evicted;
  MutexLock lock(mutex_);
  if (capacity_ == 0) return false;
  if (epoch.has_value() && *epoch != epoch_) return false;
  if (const auto known = by_id_.find(id); known != by_id_.end()) {
    evicted = std::exchange(known->second->kek, std::move(kek));
    if (place == Place::kNewest) entries_.splice(entries_.begin(), entries_, known->second);
    return false;
  }
  const bool full = entries_.size() >= capacity_;
  if (place == Place::kOldest) {
    if (!full) by_id_[id] = entries_.insert(entries_.end(), Entry{id, std::move(kek)});
    return false;
  }
  by_id_[id] = entries_.insert(entries_.begin(), Entry{id, std::move(kek)});
  if (!full) return false;
  evicted = std::move(entries_.back().kek);
  by_id_.erase(entries_.back().id);
  entries_.pop_back();
  return true;
}

void KekCache::Clear() {
  std::list<Entry> evicted;
  MutexLock lock(mutex_);
  by_id_.clear();
  evicted.swap(entries_);
}

std::vector<std::pair<crypto::LocalKekId, std::shared_ptr<const VerifiedKek>>> KekCache::List() const {
  std::vector<std::pair<crypto::LocalKekId, std::shared_ptr<const VerifiedKek>>> list;
  MutexLock lock(mutex_);
  list.reserve(entries_.size());
  for (const Entry& entry : entries_) list.emplace_back(entry.id, entry.kek);
  return list;
}

size_t KekCache::size() const {
  MutexLock lock(mutex_);
  return entries_.size();
}

}  // namespace signet
