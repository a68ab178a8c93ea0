// Objects: what the daemon handed out, as etcd would hold it, with what must come back.
#ifndef SIGNET_TESTS_SOAK_OBJECTS_H_
#define SIGNET_TESTS_SOAK_OBJECTS_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/mutex.h"
#include "proto/kms/v2/api.pb.h"

namespace signet::soak {

struct Object {
  std::string plaintext;
  v2::EncryptResponse encrypted;
};

// Thread-safe. Bounded: once full, each new object takes the place of a random one, so that some of every age
// stay.
class Objects {
 public:
  explicit Objects(size_t capacity) : capacity_(capacity) {}

  // `random` is uniform over its type in both.
  void Add(Object object, uint64_t random) {
    auto shared = std::make_shared<const Object>(std::move(object));
    MutexLock lock(mutex_);
    ++added_;
    if (objects_.size() < capacity_) {
      objects_.push_back(std::move(shared));
    } else if (const uint64_t place = random % added_; place < capacity_) {
      objects_[place] = std::move(shared);
    }
  }
  // Null while there is none.
  std::shared_ptr<const Object> Pick(uint64_t random) const {
    MutexLock lock(mutex_);
    return objects_.empty() ? nullptr : objects_[random % objects_.size()];
  }
  std::vector<std::shared_ptr<const Object>> All() const {
    MutexLock lock(mutex_);
    return objects_;
  }

 private:
  const size_t capacity_;
  mutable Mutex mutex_;
  std::vector<std::shared_ptr<const Object>> objects_ ABSL_GUARDED_BY(mutex_);
  uint64_t added_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace signet::soak

#endif  // SIGNET_TESTS_SOAK_OBJECTS_H_
