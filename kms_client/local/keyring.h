// Keyring: the `local` provider's key with all its versions, as it lives in the keyring file. This is the
// model with its rules; bytes are keyring_codec.h, the file is keyring_file.h.
//
// Which version is active: the one with the highest number among those that were active before and those
// that are enabled and whose activation time has passed. A passed activation is remembered (Latch), so no
// clock set back undoes it, and numbers only go up, so a key_id never comes back. A version that is not
// active only unwraps. Disabling the active version stops wrapping: nothing takes its place by itself.
//
// Not thread-safe; const access from several threads is fine. Nothing blocks. Key bytes are in SecretBytes;
// every mutator first latches what has passed at `now`, and changes nothing else when it fails.
#ifndef SIGNET_KMS_CLIENT_LOCAL_KEYRING_H_
#define SIGNET_KMS_CLIENT_LOCAL_KEYRING_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "crypto/random.h"
#include "crypto/record.h"
#include "crypto/secret_bytes.h"

namespace signet::kms {

inline constexpr size_t kKeyringIdBytes = 16;
inline constexpr size_t kKeyringVersionIdBytes = 8;
inline constexpr size_t kKeyringKeyBytes = 32;
inline constexpr size_t kMaxKeyringVersions = 1024;
inline constexpr size_t kMaxKeyringLabelBytes = 64;

using KeyringId = std::array<uint8_t, kKeyringIdBytes>;
using KeyringVersionId = std::array<uint8_t, kKeyringVersionIdBytes>;

// Stored: never renumber.
enum class KeyringVersionState : uint8_t {
  kEnabled = 1,
  kDisabled = 2,   // neither wraps nor unwraps; can be enabled again
  kDestroyed = 3,  // the key bytes are gone for good; the rest stays, so that the number never comes back
};

struct KeyringVersion {
  uint32_t number = 0;  // from 1
  KeyringVersionId id{};
  KeyringVersionState state = KeyringVersionState::kEnabled;
  // True once the version has been active: it stays so whatever the clock says.
  bool activated = false;
  // Whole seconds. Absent: never scheduled.
  std::optional<absl::Time> activate_at;
  absl::Time created;
  absl::Time state_changed;
  std::string label;        // printable ASCII, for people
  crypto::SecretBytes key;  // 32 bytes; empty when destroyed
};

class Keyring {
 public:
  // A new keyring whose version 1 is active. UNAVAILABLE: no randomness; RESOURCE_EXHAUSTED: no secure
  // memory; INVALID_ARGUMENT: label.
  static absl::StatusOr<Keyring> Generate(crypto::RandomSource& random, absl::Time now,
                                          absl::string_view label = "");
  // From parts that were read: checks every rule. DATA_LOSS names the one that is broken.
  static absl::StatusOr<Keyring> FromParts(const KeyringId& id, uint64_t revision, absl::Time created,
                                           std::vector<KeyringVersion> versions);

  const KeyringId& id() const { return id_; }
  // Grows by one with every write of this node's file.
  uint64_t revision() const { return revision_; }
  void set_revision(uint64_t revision) { revision_ = revision; }
  absl::Time created() const { return created_; }
  // By number, ascending.
  const std::vector<KeyringVersion>& versions() const { return versions_; }

  // What stands in records: ComputeFingerprint over the keyring id.
  crypto::Fingerprint fingerprint() const;
  // Null when there is none.
  const KeyringVersion* Find(uint32_t number) const;
  const KeyringVersion* FindById(absl::string_view version_id) const;
  const KeyringVersion* Active(absl::Time now) const;

  // Remembers every activation that has passed. True when something is new.
  bool Latch(absl::Time now);

  // Adds an enabled version that only unwraps and returns its number. RESOURCE_EXHAUSTED: too many versions
  // or no secure memory; INVALID_ARGUMENT: label; UNAVAILABLE: no randomness.
  absl::StatusOr<uint32_t> Add(crypto::RandomSource& random, absl::Time now, absl::string_view label = "");
  // Activates at once, or at `at`, which must lie in the future (INVALID_ARGUMENT): every node that has the
  // version by then switches together. A schedule that has not passed may be replaced. FAILED_PRECONDITION:
  // not enabled, or superseded by a version with a higher number. Already active and no `at`: OK.
  absl::Status Activate(uint32_t number, std::optional<absl::Time> at, absl::Time now);
  // FAILED_PRECONDITION: destroyed. Already so: OK. A disabled version is not taken up when its activation
  // time passes; Enable drops a schedule that passed meanwhile, so that enabling never activates.
  absl::Status Disable(uint32_t number, absl::Time now);
  absl::Status Enable(uint32_t number, absl::Time now);
  // Forgets the key bytes. FAILED_PRECONDITION: the active version. Already so: OK.
  absl::Status Destroy(uint32_t number, absl::Time now);
  // All four: NOT_FOUND: no such version.

  // For keyring_merge.cc: adds a version as it is, which has a number above all others or one that is free.
  void Insert(KeyringVersion version);
  KeyringVersion* MutableVersion(uint32_t number);

 private:
  Keyring(const KeyringId& id, uint64_t revision, absl::Time created)
      : id_(id), revision_(revision), created_(created) {}
  absl::StatusOr<KeyringVersion*> Require(uint32_t number);

  KeyringId id_;
  uint64_t revision_;
  absl::Time created_;
  std::vector<KeyringVersion> versions_;
};

// First 4 bytes, in hex, of HMAC-SHA256(key, domain ‖ keyring id ‖ version id): lets people compare a version
// on two nodes without seeing the key. "" when destroyed.
absl::StatusOr<std::string> KeyringCheckValue(const Keyring& keyring, const KeyringVersion& version);

// "enabled", "disabled", "destroyed".
absl::string_view KeyringVersionStateName(KeyringVersionState state);

}  // namespace signet::kms

#endif  // SIGNET_KMS_CLIENT_LOCAL_KEYRING_H_
