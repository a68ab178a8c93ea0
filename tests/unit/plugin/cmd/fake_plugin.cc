#include "tests/unit/plugin/cmd/fake_plugin.h"

#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "tests/testing/poll.h"

namespace signet::ctl {
namespace {

constexpr char kKeyId[] = "fake-1";
constexpr char kAnnotation[] = "fake.example.com";

std::string Scramble(std::string text) {
  for (char& c : text) c = static_cast<char>(c ^ 0x55);
  return text;
}

std::string Seal(absl::string_view key_id, absl::string_view annotation) {
  return absl::StrCat("|", key_id, "|", annotation);
}

}  // namespace

FakePlugin::FakePlugin() {
  status = [](v2::StatusResponse& response) {
    response.set_version("v2");
    response.set_healthz("ok");
    response.set_key_id(kKeyId);
    return grpc::Status::OK;
  };
  encrypt = [](const v2::EncryptRequest& request, v2::EncryptResponse& response) {
    response.set_ciphertext(Scramble(request.plaintext()) + Seal(kKeyId, "1"));
    response.set_key_id(kKeyId);
    (*response.mutable_annotations())[kAnnotation] = "1";
    return grpc::Status::OK;
  };
  decrypt = [](const v2::DecryptRequest& request, v2::DecryptResponse& response) {
    absl::string_view ciphertext = request.ciphertext();
    const auto annotation = request.annotations().find(kAnnotation);
    const std::string value = annotation == request.annotations().end() ? "" : annotation->second;
    if (!absl::ConsumeSuffix(&ciphertext, Seal(request.key_id(), value))) {
      return grpc::Status(grpc::StatusCode::DATA_LOSS, "changed");
    }
    response.set_plaintext(Scramble(std::string(ciphertext)));
    return grpc::Status::OK;
  };
  state = [](admin::v1::GetStateResponse&) { return grpc::Status::OK; };
  keys = [](admin::v1::ListKeysResponse&) { return grpc::Status::OK; };
  operation = [](const std::string&, admin::v1::KeyOperationResponse&) { return grpc::Status::OK; };
  reload = [](admin::v1::ReloadConfigResponse&) { return grpc::Status::OK; };
  // Heartbeats until the reader leaves.
  watch = [](grpc::ServerContext& context, const admin::v1::WatchEventsRequest&,
             grpc::ServerWriter<admin::v1::WatchEventsResponse>& writer) {
    admin::v1::WatchEventsResponse heartbeat;
    heartbeat.mutable_heartbeat()->set_seconds(10);
    const bool left = testing::PollUntil([&] { return context.IsCancelled() || !writer.Write(heartbeat); });
    return left ? grpc::Status::CANCELLED : grpc::Status(grpc::StatusCode::UNAVAILABLE, "shutting down");
  };

  grpc::ServerBuilder builder;
  builder.AddListeningPort("unix:" + socket_, grpc::InsecureServerCredentials());
  builder.RegisterService(static_cast<v2::KeyManagementService::Service*>(this));
  builder.RegisterService(static_cast<admin::v1::AdminService::Service*>(this));
  server_ = builder.BuildAndStart();
  if (server_ == nullptr) std::abort();
}

}  // namespace signet::ctl
