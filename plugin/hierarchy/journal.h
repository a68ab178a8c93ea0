// Journal: the records that Decrypt has met, newest kept, so that a restarted signetd can unwrap them before
// kube-apiserver asks. It promises nothing: a torn, foreign or newer file is dropped, a lost one costs a
// remote call per record. File layout: STATE_FORMAT.md, "Journal".
//
// Thread-safe. Add, Contains, NewestFirst and size do not block; Load and WriteIfChanged block on the disk.
#ifndef SIGNET_PLUGIN_HIERARCHY_JOURNAL_H_
#define SIGNET_PLUGIN_HIERARCHY_JOURNAL_H_

#include <cstddef>
#include <cstdint>
#include <list>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "base/durable_files.h"
#include "base/mutex.h"
#include "crypto/record.h"

namespace signet {

inline constexpr size_t kMaxJournalRecords = 65536;

// The whole file; records oldest first, 1 to 4,096 bytes each, at most kMaxJournalRecords.
std::string EncodeJournal(const std::vector<std::string>& records);
// Strict, every record included. DATA_LOSS: torn, foreign or malformed; FAILED_PRECONDITION: newer.
absl::StatusOr<std::vector<std::string>> DecodeJournal(absl::string_view bytes);

class Journal {
 public:
  // Keeps at most `capacity` records (1 to kMaxJournalRecords). `files` outlives the object.
  Journal(std::string path, size_t capacity, DurableFiles& files);

  // Fills an empty journal from the file. An error only says what was dropped; NOT_FOUND is none.
  absl::Status Load();

  // Makes `record` the newest. Only after a good MAC; longer ones than we write are ignored.
  void Add(const crypto::LocalKekId& id, absl::string_view record);
  bool Contains(const crypto::LocalKekId& id) const;
  std::vector<std::string> NewestFirst() const;
  size_t size() const;

  // Writes the file when something was added since the last success. One caller at a time.
  absl::Status WriteIfChanged();

 private:
  struct Entry {
    crypto::LocalKekId id;
    std::string record;
  };

  const std::string path_;
  const size_t capacity_;
  DurableFiles& files_;
  mutable Mutex mutex_;
  std::list<Entry> entries_ ABSL_GUARDED_BY(mutex_);  // oldest first
  absl::flat_hash_map<crypto::LocalKekId, std::list<Entry>::iterator> by_id_ ABSL_GUARDED_BY(mutex_);
  uint64_t version_ ABSL_GUARDED_BY(mutex_) = 0;  // counts changes
  uint64_t written_version_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace signet

#endif  // SIGNET_PLUGIN_HIERARCHY_JOURNAL_H_
