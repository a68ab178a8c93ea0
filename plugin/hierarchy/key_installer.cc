#include "plugin/hierarchy/key_installer.h"

#include "base/status_macros.h"

namespace signet {

absl::Status KeyInstaller::MakeAndInstall(const KeyTarget& target, absl::string_view reason,
                                          KeyMaker::Missing missing) {
  SIGNET_ASSIGN_OR_RETURN(const MadeKey made, parts_.maker.Make(target, missing, parts_.cancellation));
  const absl::Status installed = parts_.publisher.Install(target, made, reason);
  if (installed.ok()) return installed;
  return FallBackToUnstored(target, installed);
}

// The key that could not be written is dropped, not used: the disk may hold it all the same, with fewer uses
// than it would have had.
absl::Status KeyInstaller::FallBackToUnstored(const KeyTarget& target, const absl::Status& write_error) {
  parts_.observer.OnStateProblem("state", write_error);
  if (!parts_.publisher.MayPublishUnstored(target)) return write_error;
  const std::shared_ptr<const PublishedKey> current = parts_.slot.Get();
  if (current != nullptr && !NeedsRenewal(*current)) return write_error;
  SIGNET_ASSIGN_OR_RETURN(const MadeKey made,
                          parts_.maker.Make(target, KeyMaker::Missing::kRefuse, parts_.cancellation));
  parts_.publisher.PublishUnstored(target, made);
  parts_.problems.Set(kNotStored, "the state directory cannot be written; this key ends with the process",
                      "make room, or give signetd its directory back");
  return absl::OkStatus();
}

}  // namespace signet
