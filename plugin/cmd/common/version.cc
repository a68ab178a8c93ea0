#include "plugin/cmd/common/version.h"

#include <google/protobuf/stubs/common.h>
#include <grpcpp/grpcpp.h>

#include "absl/base/config.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "crypto/openssl_version.h"

namespace signet {
namespace {

std::string AbseilVersion() {
#ifdef ABSL_LTS_RELEASE_VERSION
  return absl::StrCat(ABSL_LTS_RELEASE_VERSION, ".", ABSL_LTS_RELEASE_PATCH_LEVEL);
#else
  return "head";
#endif
}

}  // namespace

absl::string_view SignetVersion() { return SIGNET_VERSION; }

std::vector<LibraryVersion> LibraryVersions() {
  return {{"gRPC", grpc::Version()},
          {"protobuf", google::protobuf::internal::VersionString(GOOGLE_PROTOBUF_VERSION)},
          {"OpenSSL", std::string(crypto::OpenSslVersion())},
          {"Abseil", AbseilVersion()},
          {"yaml-cpp", SIGNET_YAML_CPP_VERSION}};
}

std::string VersionText(absl::string_view program) {
  std::string text = absl::StrCat(program, " ", SignetVersion(), "\ncommit    ", SignetCommit());
  for (const LibraryVersion& library : LibraryVersions()) {
    absl::StrAppendFormat(&text, "\n%-9s %s", library.name, library.version);
  }
  return text;
}

}  // namespace signet
