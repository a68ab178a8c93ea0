// KekCache: the local KEKs that are not the active one, least recently used out first. An evicted key is
// wiped when the last call that works with it ends.
//
// Thread-safe; nothing blocks beyond a short lock.
#ifndef SIGNET_PLUGIN_HIERARCHY_KEK_CACHE_H_
#define SIGNET_PLUGIN_HIERARCHY_KEK_CACHE_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "base/mutex.h"
#include "crypto/local_kek.h"
#include "crypto/record.h"
#include "plugin/hierarchy/remote_key_name.h"

namespace signet {

// A local KEK whose record has proved itself by its MAC.
struct VerifiedKek {
  std::string key_id;                 // of the record
  uint64_t created_unix_seconds = 0;  // likewise; bounded to what fits an int64_t
  std::shared_ptr<const crypto::LocalKek> kek;
  std::vector<RemoteKeyName> providers{};  // of its record, configured or not
};

std::vector<RemoteKeyName> NamesIn(const crypto::Record& record);

class KekCache {
 public:
  // A capacity of 0 holds nothing.
  explicit KekCache(size_t capacity) : capacity_(capacity) {}

  // Null when unknown; else it becomes the most recently used.
  std::shared_ptr<const VerifiedKek> Find(const crypto::LocalKekId& id);
  bool Contains(const crypto::LocalKekId& id) const;
  // kOldest: the first to go again, and not inserted at all when the cache is full.
  enum class Place { kNewest, kOldest };
  // True when another one had to go.
  bool Insert(const crypto::LocalKekId& id, std::shared_ptr<const VerifiedKek> kek,
              Place place = Place::kNewest, std::optional<uint64_t> epoch = std::nullopt);
  // Drops all for which `drop` says so and returns how many. What was read before cannot come back: an Insert
  // with an earlier epoch does nothing. `drop` must not call back.
  size_t EraseIf(const std::function<bool(const VerifiedKek&)>& drop);
  uint64_t epoch() const;
  void Clear();

  // Most recently used first; uses nothing.
  std::vector<std::pair<crypto::LocalKekId, std::shared_ptr<const VerifiedKek>>> List() const;
  size_t size() const;
  size_t capacity() const { return capacity_; }

 private:
  struct Entry {
    crypto::LocalKekId id;
    std::shared_ptr<const VerifiedKek> kek;
  };

  const size_t capacity_;
  mutable Mutex mutex_;
  uint64_t epoch_ ABSL_GUARDED_BY(mutex_) = 0;
  std::list<Entry> entries_ ABSL_GUARDED_BY(mutex_);  // most recently used first
  absl::flat_hash_map<crypto::LocalKekId, std::list<Entry>::iterator> by_id_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace signet

#endif  // SIGNET_PLUGIN_HIERARCHY_KEK_CACHE_H_
