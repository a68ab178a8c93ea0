// KeyringNews: tells the log and, once there is one, the hierarchy that a keyring file has changed, so that
// what it brings is used at once. Thread-safe; blocks as the log does.
#ifndef SIGNET_PLUGIN_CMD_SIGNETD_KEYRING_NEWS_H_
#define SIGNET_PLUGIN_CMD_SIGNETD_KEYRING_NEWS_H_

#include <atomic>

#include "kms_client/local/keyring_observer.h"
#include "plugin/hierarchy/key_hierarchy.h"

namespace signet {

class KeyringNews final : public kms::KeyringObserver {
 public:
  // `log` outlives the object.
  explicit KeyringNews(kms::KeyringObserver& log) : log_(log) {}

  // `hierarchy` outlives every client that reports here; null ends it.
  void Connect(KeyHierarchy* hierarchy) { hierarchy_ = hierarchy; }

  void OnKeyringReloaded(absl::string_view path, uint64_t revision) override {
    log_.OnKeyringReloaded(path, revision);
    if (KeyHierarchy* const hierarchy = hierarchy_; hierarchy != nullptr) hierarchy->NoticeProviderChange();
  }
  void OnKeyringVersionActivated(absl::string_view path, uint32_t number) override {
    log_.OnKeyringVersionActivated(path, number);
  }
  void OnKeyringProblem(absl::string_view path, const absl::Status& status) override {
    log_.OnKeyringProblem(path, status);
  }

 private:
  kms::KeyringObserver& log_;
  std::atomic<KeyHierarchy*> hierarchy_{nullptr};
};

}  // namespace signet

#endif  // SIGNET_PLUGIN_CMD_SIGNETD_KEYRING_NEWS_H_
