// KeyHistory: every key_id this node has announced, oldest first, and the judgement whether another may
// follow. kube-apiserver must never see an old key_id come back. Not thread-safe; nothing blocks.
#ifndef SIGNET_PLUGIN_HIERARCHY_KEY_HISTORY_H_
#define SIGNET_PLUGIN_HIERARCHY_KEY_HISTORY_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "crypto/record.h"

namespace signet {

struct AnnouncedKey {
  std::string key_id;  // 1 to 64 bytes
  absl::Time first_announced;
  uint8_t provider_type = 0;
  crypto::Fingerprint fingerprint{};
  uint32_t generation = 0;
  std::optional<uint64_t> number;  // of the remote version, where versions are ordered

  friend bool operator==(const AnnouncedKey&, const AnnouncedKey&) = default;
};

class KeyHistory {
 public:
  // Eleven years of a rotation a day.
  static constexpr size_t kMaxEntries = 4096;

  enum class Verdict {
    kNewest,      // it is the last one announced
    kNew,         // it may be announced
    kSuperseded,  // it was announced before another, or its number is lower than one announced
  };

  KeyHistory() = default;
  explicit KeyHistory(std::vector<AnnouncedKey> entries) : entries_(std::move(entries)) {}

  // A raised generation makes room below a number announced under a lower generation.
  Verdict Judge(const AnnouncedKey& candidate) const;

  // The least key_id_generation under which the remote key of `candidate` can be announced whatever its
  // version.
  uint32_t NextGeneration(const AnnouncedKey& candidate) const;

  // Appends what Judge called kNew. Over the bound one entry is forgotten: the oldest whose number a later
  // entry of the same key and generation exceeds (Judge refuses it by that number still), else the oldest.
  void Append(AnnouncedKey key);

  bool empty() const { return entries_.empty(); }
  // Not on an empty history.
  const AnnouncedKey& newest() const { return entries_.back(); }
  const std::vector<AnnouncedKey>& entries() const { return entries_; }

  friend bool operator==(const KeyHistory&, const KeyHistory&) = default;

 private:
  std::vector<AnnouncedKey> entries_;
};

}  // namespace signet

#endif  // SIGNET_PLUGIN_HIERARCHY_KEY_HISTORY_H_
