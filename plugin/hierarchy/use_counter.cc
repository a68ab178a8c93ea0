#include "plugin/hierarchy/use_counter.h"

#include <algorithm>

namespace signet {

UseCounter::UseCounter(uint64_t used, uint64_t reserved, uint64_t max_uses)
    : max_uses_(max_uses),
      used_(std::min(used, max_uses)),
      reserved_(std::clamp(reserved, used_, max_uses)) {}

bool UseCounter::NeedsReservationLocked() const { return reserved_ < max_uses_ && Left() <= kBlock / 2; }

bool UseCounter::NeedsRenewalLocked() const {
  return used_ >= max_uses_ - max_uses_ / 3 || (reservation_failed_ && Left() <= kBlock / 4);
}

UseCounter::Grant UseCounter::Take() {
  MutexLock lock(mutex_);
  if (closed_ || used_ >= reserved_) return Grant::kRefused;
  const bool reservation = NeedsReservationLocked();
  const bool renewal = NeedsRenewalLocked();
  ++used_;
  const bool became_true = (!reservation && NeedsReservationLocked()) || (!renewal && NeedsRenewalLocked());
  return became_true ? Grant::kGrantedAttention : Grant::kGranted;
}

bool UseCounter::NeedsReservation() const {
  MutexLock lock(mutex_);
  return !closed_ && NeedsReservationLocked();
}

uint64_t UseCounter::NextReserved() const {
  MutexLock lock(mutex_);
  return std::min(max_uses_, reserved_ + kBlock);
}

void UseCounter::Extend(uint64_t reserved) {
  MutexLock lock(mutex_);
  reserved_ = std::max(reserved_, std::min(reserved, max_uses_));
  reservation_failed_ = false;
}

void UseCounter::ReservationFailed() {
  MutexLock lock(mutex_);
  reservation_failed_ = true;
}

bool UseCounter::NeedsRenewal() const {
  MutexLock lock(mutex_);
  return NeedsRenewalLocked();
}

bool UseCounter::Usable() const {
  MutexLock lock(mutex_);
  return !closed_ && used_ < reserved_;
}

uint64_t UseCounter::Close() {
  MutexLock lock(mutex_);
  closed_ = true;
  return used_;
}

uint64_t UseCounter::left() const {
  MutexLock lock(mutex_);
  return max_uses_ - used_;
}

uint64_t UseCounter::used() const {
  MutexLock lock(mutex_);
  return used_;
}

}  // namespace signet
