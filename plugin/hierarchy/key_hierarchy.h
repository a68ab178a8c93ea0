// KeyHierarchy: remote KEK → local KEK → DEK. Holds the active snapshot, the cache of local KEKs, the state
// directory and the workers that talk to the KMS.
//
// Thread-safe. Snapshot, Encrypt, State and Decrypt never block on the KMS or the disk: Decrypt answers
// through its callback, at once on a cached local KEK, else from a worker.
#ifndef SIGNET_PLUGIN_HIERARCHY_KEY_HIERARCHY_H_
#define SIGNET_PLUGIN_HIERARCHY_KEY_HIERARCHY_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "base/cancellation.h"
#include "base/clock.h"
#include "base/durable_files.h"
#include "crypto/random.h"
#include "crypto/sensitive_string.h"
#include "kms_client/kms_client.h"
#include "plugin/hierarchy/active_key.h"
#include "plugin/hierarchy/hierarchy_observer.h"
#include "plugin/hierarchy/hierarchy_state.h"
#include "plugin/hierarchy/key_control.h"

namespace signet {

struct HierarchyOptions {
  std::string cluster_id;
  std::vector<std::string> previous_cluster_ids;  // tried on read
  std::string active_provider;
  uint32_t key_id_generation = 0;  // 0 to 99999
  std::string state_directory;     // exists, 0700, ours

  absl::Duration local_kek_lifetime = absl::Hours(24 * 30);  // renewal starts at two thirds
  uint64_t local_kek_max_uses = uint64_t{1} << 24;
  size_t cached_local_keks = 1024;
  size_t journal_records = 4096;

  // The watcher. All but the delays between nodes may go down to 100 ms, for tests.
  absl::Duration watch_interval = absl::Seconds(150);   // between two looks at the version, ± 20 %
  absl::Duration confirm_interval = absl::Seconds(10);  // between looks that confirm a changed answer
  absl::Duration activation_delay = absl::Seconds(60);  // from its confirmation to the announcement
  absl::Duration probe_interval = absl::Seconds(240);   // between two proofs by Unwrap, ± 10 %
  bool allow_remote_rotation = false;                   // whether operators may have the KMS rotate its key

  // Encrypt goes on for so long after the last remote Wrap or Unwrap that succeeded.
  absl::Duration offline_limit = absl::Hours(24 * 7);
  bool decrypt_past_offline_limit = true;        // with local KEKs in memory
  absl::Duration denied_grace = absl::Hours(1);  // from "denied" to the purge of local KEKs; 0: at once

  // Moving from one provider, wrap-set or generation to another: what was in force serves on until
  // `active_from` where it is given, else until this node has known the new one for `move_delay`.
  absl::Time active_from = absl::InfinitePast();
  std::string active_before;  // the provider that writes until active_from; empty: what was in force
  absl::Duration move_delay = absl::Minutes(10);

  // Other providers that wrap every new local KEK; the active one may stand among them.
  std::vector<std::string> also_wrap_with;
  bool allow_degraded_start = false;  // without any key yet, those that are unreachable may be missing
  bool fall_back_on_revoked = false;  // a denied or revoked provider does not speak for the others

  // A local KEK per Encrypt, wrapped by the KMS and used once; no local KEK stays in memory for Decrypt. For
  // those who want every use of the key in the KMS's own audit log.
  bool direct = false;

  size_t remote_workers = 8;    // for cache misses
  size_t reserved_workers = 2;  // besides, for activation, renewal and pre-warm
  size_t max_waiting_decrypts = 4096;
  absl::Duration decrypt_timeout = absl::Milliseconds(2700);      // at most; kube-apiserver's default is 3 s
  absl::Duration remote_call_timeout = absl::Milliseconds(2500);  // one unwrap
};

// A configured KMS key. Shared: a call in progress outlives a reload.
struct Provider {
  std::string name;
  std::shared_ptr<kms::KmsClient> client;
};

struct EncryptResult {
  std::string ciphertext;
  std::shared_ptr<const ActiveKey> key;  // its key_id and record go into the response
};

struct EncryptInput {
  absl::string_view plaintext;  // borrowed during the call
  absl::string_view uid;        // likewise
  MonotonicTime deadline = absl::InfiniteDuration();
  std::shared_ptr<CancellationToken> cancellation;  // may be null
};
// Runs exactly once: on the calling thread or on a worker. Must not block.
using EncryptCallback = std::function<void(absl::StatusOr<EncryptResult>)>;

struct DecryptInput {
  // Borrowed until the callback has run.
  absl::string_view ciphertext;
  absl::string_view key_id;
  absl::string_view record;
  absl::string_view uid;
  MonotonicTime deadline = absl::InfiniteDuration();
  std::shared_ptr<CancellationToken> cancellation;  // may be null
};

// Runs exactly once: on the calling thread, on a worker, on the timer thread (DEADLINE_EXCEEDED) or inside
// CancellationToken::Cancel (CANCELLED). Must not block.
using DecryptCallback = std::function<void(absl::StatusOr<crypto::SensitiveString>)>;

class KeyHierarchy {
 public:
  // Reads the state directory; makes no remote call. INVALID_ARGUMENT: options, or two providers are the
  // same; NOT_FOUND: active_provider is not among `providers`, or no such directory; FAILED_PRECONDITION: the
  // state file is of a newer version, or another process uses the directory (the message names its lock
  // file); PERMISSION_DENIED: directory or file are not ours alone. A torn or foreign state file is not an
  // error: it is set aside and reported. `clock`, `random`, `files` and `observer` outlive the object.
  static absl::StatusOr<std::unique_ptr<KeyHierarchy>> Create(
      HierarchyOptions options, std::vector<Provider> providers, const Clock& clock,
      crypto::RandomSource& random, DurableFiles& files, HierarchyObserver& observer);
  virtual ~KeyHierarchy() = default;

  // Starts the workers: the active key is obtained in the background, then the journal is pre-warmed.
  virtual void Start() = 0;
  // Ends every wait with CANCELLED, joins the workers, writes what is owed to the disk. Idempotent.
  virtual void Stop() = 0;

  // Null until there is an active key.
  virtual std::shared_ptr<const ActiveKey> Snapshot() const = 0;

  // The snapshot while Encrypt can work, else the status that Status and Encrypt answer (UNAVAILABLE: not
  // yet).
  virtual absl::StatusOr<std::shared_ptr<const ActiveKey>> Writable() const = 0;

  // Errors: as Writable; INVALID_ARGUMENT: size; INTERNAL.
  // FAILED_PRECONDITION besides: encrypts_later.
  virtual absl::StatusOr<EncryptResult> Encrypt(absl::string_view plaintext) = 0;

  // `mode: direct`: Encrypt needs the KMS, so EncryptLater is to be called instead. Errors: as Writable and
  // Encrypt; UNAVAILABLE: the KMS wrapped under a version that is not announced yet (it is being taken up);
  // RESOURCE_EXHAUSTED: too many waiting; DEADLINE_EXCEEDED, CANCELLED, and what the KMS said.
  virtual bool encrypts_later() const = 0;
  virtual void EncryptLater(const EncryptInput& input, EncryptCallback callback) = 0;

  // Errors by design.md section 11: INVALID_ARGUMENT malformed, or the record is not the envelope's;
  // DATA_LOSS authentication failed; NOT_FOUND no configured provider, or key destroyed; RESOURCE_EXHAUSTED
  // too many waiting; UNAVAILABLE, DEADLINE_EXCEEDED, CANCELLED, and what the KMS said.
  virtual void Decrypt(const DecryptInput& input, DecryptCallback callback) = 0;

  // A provider's key may have changed (a keyring file did): remembered refusals are forgotten, and it is
  // looked at soon. From any thread; does not block.
  virtual void NoticeProviderChange() = 0;

  // From memory: no call to a KMS, no disk.
  virtual HierarchyState State() const = 0;

  // Lives as long as the hierarchy.
  virtual KeyControl& control() = 0;

  // Instead of Start, for a deterministic driver of one thread (simulations): no thread is made. RunPending
  // does on the calling thread, in a fixed order, all that is due on the clock, and returns whether there was
  // anything; NextDue is the monotonic time of the next timer, infinite when there is none. The driver moves
  // its clock there and calls RunPending again. Decrypt's callbacks run inside RunPending or Decrypt. Stop
  // ends it as ever. Latency of a fake KMS needs a clock whose WaitUntil moves the time itself.
  virtual void StartStepped() = 0;
  virtual bool RunPending() = 0;
  virtual MonotonicTime NextDue() const = 0;
};

}  // namespace signet

#endif  // SIGNET_PLUGIN_HIERARCHY_KEY_HIERARCHY_H_
