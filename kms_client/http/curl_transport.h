// The HttpTransport over libcurl: kept-alive connections that are reused, HTTP/2 where TLS offers it, TLS 1.2
// or newer, always verified.
#ifndef SIGNET_KMS_CLIENT_HTTP_CURL_TRANSPORT_H_
#define SIGNET_KMS_CLIENT_HTTP_CURL_TRANSPORT_H_

#include <memory>

#include "base/clock.h"
#include "kms_client/http/http_settings.h"
#include "kms_client/http/http_transport.h"

namespace signet::kms {

// InitializeHttpLibrary() came before. `clock` outlives the transport, which makes no connection until the
// first call. Destroy it when no call is running.
std::unique_ptr<HttpTransport> MakeCurlTransport(HttpSettings settings, const Clock& clock);

}  // namespace signet::kms

#endif  // SIGNET_KMS_CLIENT_HTTP_CURL_TRANSPORT_H_
