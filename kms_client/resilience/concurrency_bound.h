// A bound on how many calls one KMS gets from us at the same time, so that a stampede of ours never becomes
// theirs.
#ifndef SIGNET_KMS_CLIENT_RESILIENCE_CONCURRENCY_BOUND_H_
#define SIGNET_KMS_CLIENT_RESILIENCE_CONCURRENCY_BOUND_H_

#include <cstddef>
#include <memory>

#include "base/clock.h"
#include "kms_client/kms_client.h"

namespace signet::kms {

// At most `most` calls run inside; others wait for their turn. RESOURCE_EXHAUSTED, class throttled: a
// caller's deadline came while it waited; CANCELLED: it left. `clock` outlives the client.
std::unique_ptr<KmsClient> MakeBoundedKmsClient(std::unique_ptr<KmsClient> inner, size_t most,
                                                const Clock& clock);

}  // namespace signet::kms

#endif  // SIGNET_KMS_CLIENT_RESILIENCE_CONCURRENCY_BOUND_H_
