// CompletionTag: what is posted to a completion queue and told when it comes back.
#ifndef SIGNET_PLUGIN_SERVER_COMPLETION_TAG_H_
#define SIGNET_PLUGIN_SERVER_COMPLETION_TAG_H_

namespace signet {

// Owned by whoever posted it.
class CompletionTag {
 public:
  // On the polling thread; must not block.
  virtual void OnEvent(bool ok) = 0;

 protected:
  ~CompletionTag() = default;
};

}  // namespace signet

#endif  // SIGNET_PLUGIN_SERVER_COMPLETION_TAG_H_
