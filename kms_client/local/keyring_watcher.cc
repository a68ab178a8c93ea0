#include "kms_client/local/keyring_watcher.h"

#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "kms_client/local/keyring_merge.h"

namespace signet::kms {
namespace {

constexpr absl::Duration kForcedReadInterval = absl::Seconds(1);
constexpr absl::Duration kRetryInterval = absl::Seconds(5);
constexpr absl::Duration kRememberingInterval = absl::Seconds(60);

int64_t Nanoseconds(const struct timespec& time) {
  return int64_t{time.tv_sec} * 1'000'000'000 + int64_t{time.tv_nsec};
}

}  // namespace

absl::StatusOr<std::unique_ptr<KeyringWatcher>> KeyringWatcher::Open(KeyringFile file, const Clock& clock,
                                                                     KeyringObserver& observer) {
  // Looked at before it is read: a change in between is seen by the next call.
  const FileMark mark = Look(file.path());
  SIGNET_ASSIGN_OR_RETURN(Keyring keyring, file.Load());
  return std::unique_ptr<KeyringWatcher>(
      new KeyringWatcher(std::move(file), mark, std::move(keyring), clock, observer));
}

KeyringWatcher::KeyringWatcher(KeyringFile file, const FileMark& mark, Keyring keyring, const Clock& clock,
                               KeyringObserver& observer)
    : file_(std::move(file)),
      fingerprint_(keyring.fingerprint()),
      clock_(clock),
      observer_(observer),
      mark_(mark),
      keyring_(std::make_shared<const Keyring>(std::move(keyring))),
      retry_at_(absl::InfiniteDuration()),
      next_forced_read_(-absl::InfiniteDuration()),
      next_remembering_(-absl::InfiniteDuration()) {}

KeyringWatcher::FileMark KeyringWatcher::Look(const std::string& path) {
  struct stat info {};
  if (::lstat(path.c_str(), &info) != 0) return FileMark{};
  return FileMark{info.st_dev, info.st_ino, info.st_size, Nanoseconds(info.st_mtim),
                  Nanoseconds(info.st_ctim)};
}

absl::StatusOr<ActiveVersion> KeyringWatcher::Active(const CallContext& call) {
  SIGNET_RETURN_IF_ERROR(Refresh(call, Reread::kIfChanged).status());
  ActiveVersion active;
  bool is_new = false;
  {
    MutexLock lock(mutex_);
    // The newest content, which has every version that was active here.
    active.keyring = keyring_;
    active.version = keyring_->Active(clock_.Wall());
    // Whatever the clock says now: what was active stays.
    if (active.version == nullptr || active.version->number < highest_active_) {
      active.version = keyring_->Find(highest_active_);
    }
    if (active.version == nullptr) {
      return absl::FailedPreconditionError("the keyring has no active version");
    }
    is_new = active.version->number > highest_active_;
    highest_active_ = active.version->number;
  }
  if (!active.version->activated) {
    if (is_new) observer_.OnKeyringVersionActivated(file_.path(), active.version->number);
    RememberActivation(active.version->number);
  }
  return active;
}

absl::StatusOr<std::shared_ptr<const Keyring>> KeyringWatcher::KeyringWith(const CallContext& call,
                                                                           absl::string_view version_id) {
  SIGNET_ASSIGN_OR_RETURN(std::shared_ptr<const Keyring> keyring, Refresh(call, Reread::kIfChanged));
  if (keyring->FindById(version_id) != nullptr) return keyring;
  {
    MutexLock lock(mutex_);
    const MonotonicTime now = clock_.Monotonic();
    if (now < next_forced_read_) return keyring;
    next_forced_read_ = now + kForcedReadInterval;
  }
  return Refresh(call, Reread::kAlways);
}

absl::StatusOr<std::shared_ptr<const Keyring>> KeyringWatcher::Refresh(const CallContext& call,
                                                                       Reread reread) {
  const FileMark mark = Look(file_.path());
  std::shared_ptr<const Keyring> held;
  {
    MutexLock lock(mutex_);
    while (!(reread == Reread::kIfChanged && IsCurrent(mark)) && busy_) {
      if (clock_.Monotonic() >= call.deadline) {
        return absl::DeadlineExceededError("the keyring is being read");
      }
      clock_.WaitUntil(mutex_, idle_, call.deadline);
    }
    if (reread == Reread::kIfChanged && IsCurrent(mark)) return keyring_;
    busy_ = true;
    held = keyring_;
  }
  absl::StatusOr<std::shared_ptr<const Keyring>> loaded = LoadSuccessor(*held);
  bool is_news = false;
  {
    MutexLock lock(mutex_);
    busy_ = false;
    idle_.NotifyAll();
    is_news = !(mark == mark_) || loaded.status() != problem_;
    mark_ = mark;
    problem_ = loaded.status();
    // What failed may have passed: a disk, memory, a passphrase that was not there yet.
    retry_at_ = loaded.ok() ? absl::InfiniteDuration() : clock_.Monotonic() + kRetryInterval;
    if (loaded.ok()) keyring_ = held = *loaded;
  }
  if (is_news && loaded.ok()) observer_.OnKeyringReloaded(file_.path(), held->revision());
  if (is_news && !loaded.ok()) observer_.OnKeyringProblem(file_.path(), loaded.status());
  return held;
}

bool KeyringWatcher::IsCurrent(const FileMark& mark) const {
  return mark == mark_ && clock_.Monotonic() < retry_at_;
}

absl::StatusOr<std::shared_ptr<const Keyring>> KeyringWatcher::LoadSuccessor(const Keyring& held) {
  SIGNET_ASSIGN_OR_RETURN(Keyring next, file_.Load());
  if (const absl::Status fits = CheckSuccessor(held, next); !fits.ok()) {
    return absl::Status(fits.code(), absl::StrCat(file_.path(), ": not taken up: ", fits.message()));
  }
  return std::make_shared<const Keyring>(std::move(next));
}

absl::Status KeyringWatcher::Rotate(const CallContext& call, crypto::RandomSource& random) {
  std::shared_ptr<const Keyring> held;
  {
    MutexLock lock(mutex_);
    while (busy_) {
      if (clock_.Monotonic() >= call.deadline) {
        return absl::DeadlineExceededError("the keyring is being read");
      }
      clock_.WaitUntil(mutex_, idle_, call.deadline);
    }
    busy_ = true;
    held = keyring_;
  }
  const absl::Status added = AddActiveVersion(*held, random);
  MutexLock lock(mutex_);
  busy_ = false;
  idle_.NotifyAll();
  return added;
}

absl::Status KeyringWatcher::AddActiveVersion(const Keyring& held, crypto::RandomSource& random) {
  const absl::Time now = clock_.Wall();
  const auto change = [&](Keyring& keyring) -> absl::Status {
    SIGNET_RETURN_IF_ERROR(CheckSuccessor(held, keyring));
    for (const KeyringVersion& version : keyring.versions()) {
      const bool waits = version.state == KeyringVersionState::kEnabled && !version.activated &&
                         version.activate_at.has_value() && *version.activate_at > now;
      if (waits) {
        return absl::FailedPreconditionError(
            absl::StrCat("version ", version.number, " of the keyring waits for its activation time"));
      }
    }
    SIGNET_ASSIGN_OR_RETURN(const uint32_t number, keyring.Add(random, now, "rotated by signetd"));
    return keyring.Activate(number, std::nullopt, now);
  };
  return file_.Update(change, KeyringFile::Wait::kNever);
}

void KeyringWatcher::RememberActivation(uint32_t number) {
  {
    MutexLock lock(mutex_);
    const MonotonicTime now = clock_.Monotonic();
    if (busy_ || now < next_remembering_) return;
    next_remembering_ = now + kRememberingInterval;
    busy_ = true;
  }
  const absl::Status remembered = file_.Update(
      [number](Keyring& keyring) -> absl::Status {
        KeyringVersion* const version = keyring.MutableVersion(number);
        if (version == nullptr || version->activated || !version->activate_at.has_value()) {
          return absl::AbortedError("the file says something else by now");
        }
        // Not by Latch: the clock may have been set back since the activation was seen.
        version->activated = true;
        return absl::OkStatus();
      },
      KeyringFile::Wait::kNever);
  {
    MutexLock lock(mutex_);
    busy_ = false;
    idle_.NotifyAll();
  }
  if (!remembered.ok() && !absl::IsAborted(remembered)) {
    observer_.OnKeyringProblem(file_.path(), remembered);
  }
}

}  // namespace signet::kms
