// A chain of sources: the first that is there at all decides, also when it fails.
#ifndef SIGNET_KMS_CLIENT_AUTH_CREDENTIALS_CHAIN_H_
#define SIGNET_KMS_CLIENT_AUTH_CREDENTIALS_CHAIN_H_

#include <memory>
#include <vector>

#include "kms_client/auth/credentials.h"

namespace signet::kms {

// Asks the providers in order until one returns anything but NOT_FOUND; NOT_FOUND when none is there. Stays
// with the provider that answered for `previous` as long as that one does.
std::unique_ptr<CredentialsProvider> MakeCredentialsChain(
    std::vector<std::unique_ptr<CredentialsProvider>> providers);

}  // namespace signet::kms

#endif  // SIGNET_KMS_CLIENT_AUTH_CREDENTIALS_CHAIN_H_
