#include "tests/soak/caller.h"

#include <algorithm>
#include <future>
#include <utility>

#include "absl/strings/str_cat.h"
#include "tests/testing/kms_caller.h"

namespace signet::soak {
namespace {

using std::chrono::microseconds;
using testing::FromGrpc;

// Far beyond what any call may take: one that is not answered by then hangs.
constexpr std::chrono::seconds kHangs{30};
constexpr uint64_t kMostThinkMicroseconds = 40000;
constexpr uint64_t kMostPatienceMicroseconds = 3000;
constexpr size_t kSeedBytes = 32;
constexpr size_t kMostPlaintextBytes = 916;

void Prepare(grpc::ClientContext& context, microseconds deadline = kHangs) {
  context.set_wait_for_ready(true);
  context.set_deadline(std::chrono::system_clock::now() + deadline);
}

}  // namespace

Caller::Caller(const std::string& socket_path, uint64_t seed, Judge& judge, Objects& objects)
    : socket_path_(socket_path), random_(seed), judge_(judge), objects_(objects) {
  Connect();
}

void Caller::Connect() {
  stub_.reset();
  stub_ = v2::KeyManagementService::NewStub(testing::ConnectTo(socket_path_));
}

void Caller::Run(StopSignal& stop) {
  while (!stop.Pause(microseconds(Roll(kMostThinkMicroseconds)))) {
    const std::shared_ptr<const Object> object = objects_.Pick(random_());
    const uint64_t kind = Roll(999);
    if (object == nullptr || kind < 350) {
      Encrypt();
    } else if (kind < 800) {
      Decrypt(*object);
    } else if (kind < 880) {
      Status();
    } else if (kind < 930) {
      DecryptForgery(Forge(*object));
    } else if (kind < 960) {
      GiveUpEncrypt();
    } else if (kind < 995) {
      GiveUpDecrypt(*object);
    } else {
      Connect();
    }
  }
}

void Caller::Encrypt() {
  v2::EncryptRequest request;
  request.set_plaintext(NewPlaintext());
  request.set_uid(absl::StrCat("soak-", random_()));
  grpc::ClientContext context;
  Prepare(context);
  v2::EncryptResponse response;
  const Call call = judge_.Begin("Encrypt");
  const absl::Status status = FromGrpc(stub_->Encrypt(&context, request, &response));
  judge_.EncryptEnded(call, status, response.key_id());
  if (!status.ok()) return;
  const Object object{request.plaintext(), response};
  objects_.Add(object, random_());
  if (Roll(1) == 0) Decrypt(object);
}

void Caller::Status() {
  grpc::ClientContext context;
  Prepare(context);
  v2::StatusResponse response;
  const Call call = judge_.Begin("Status");
  const absl::Status status = FromGrpc(stub_->Status(&context, {}, &response));
  judge_.StatusEnded(call, status, response.key_id());
  if (status.ok() && response.healthz() != "ok") {
    judge_.Report(Broken::kOther, absl::StrCat("Status is Ok with healthz ", response.healthz()));
  }
}

void Caller::Decrypt(const Object& object) {
  grpc::ClientContext context;
  Prepare(context);
  v2::DecryptResponse response;
  const v2::DecryptRequest request = testing::DecryptRequestFor(object.encrypted);
  const Call call = judge_.Begin("Decrypt");
  const absl::Status status = FromGrpc(stub_->Decrypt(&context, request, &response));
  judge_.DecryptEnded(call, status, response.plaintext(), object.plaintext);
}

v2::DecryptRequest Caller::Forge(const Object& object) {
  v2::DecryptRequest request = testing::DecryptRequestFor(object.encrypted);
  const auto flip_bit = [this](std::string& bytes) {
    char& byte = bytes[Roll(bytes.size() - 1)];
    byte = static_cast<char>(byte ^ (1 << Roll(7)));
  };
  // Text stays ASCII: other bytes are refused before the daemon sees them.
  const auto change_letter = [this](std::string& text) {
    char& letter = text[Roll(text.size() - 1)];
    letter = letter == 'x' ? 'y' : 'x';
  };
  auto& annotations = *request.mutable_annotations();
  std::string name = annotations.begin()->first;
  std::string record = annotations.begin()->second;
  switch (Roll(4)) {
    case 0:
      change_letter(*request.mutable_key_id());
      return request;
    case 1:
      flip_bit(record);
      annotations[name] = record;
      return request;
    case 2:
      change_letter(name);
      annotations.clear();
      annotations[name] = record;
      return request;
    default:
      flip_bit(*request.mutable_ciphertext());
      return request;
  }
}

void Caller::DecryptForgery(const v2::DecryptRequest& request) {
  grpc::ClientContext context;
  Prepare(context);
  v2::DecryptResponse response;
  const Call call = judge_.Begin("forged Decrypt");
  judge_.ForgeryEnded(call, FromGrpc(stub_->Decrypt(&context, request, &response)));
}

absl::Status Caller::CallAndGiveUp(const StartCall& start) {
  grpc::ClientContext context;
  const microseconds patience(Roll(kMostPatienceMicroseconds));
  // Half of them by a deadline that the daemon hears of, half by hanging up.
  const bool by_deadline = Roll(1) == 0;
  Prepare(context, by_deadline ? patience : microseconds(kHangs));
  std::promise<grpc::Status> ended;
  start(context, [&ended](grpc::Status status) { ended.set_value(std::move(status)); });
  if (!by_deadline) {
    static_cast<void>(StopSignal().Pause(patience));
    context.TryCancel();
  }
  return FromGrpc(ended.get_future().get());
}

void Caller::GiveUpEncrypt() {
  v2::EncryptRequest request;
  request.set_plaintext(NewPlaintext());
  request.set_uid("soak-given-up");
  v2::EncryptResponse response;
  const Call call = judge_.Begin("Encrypt", /*given_up=*/true);
  const absl::Status status = CallAndGiveUp([&](grpc::ClientContext& context, Ended ended) {
    stub_->async()->Encrypt(&context, &request, &response, std::move(ended));
  });
  judge_.EncryptEnded(call, status, response.key_id());
  if (status.ok()) objects_.Add({request.plaintext(), response}, random_());
}

void Caller::GiveUpDecrypt(const Object& object) {
  const v2::DecryptRequest request = testing::DecryptRequestFor(object.encrypted);
  v2::DecryptResponse response;
  const Call call = judge_.Begin("Decrypt", /*given_up=*/true);
  const absl::Status status = CallAndGiveUp([&](grpc::ClientContext& context, Ended ended) {
    stub_->async()->Decrypt(&context, &request, &response, std::move(ended));
  });
  judge_.DecryptEnded(call, status, response.plaintext(), object.plaintext);
}

std::string Caller::NewPlaintext() {
  // Mostly what kube-apiserver sends.
  const size_t size = Roll(4) != 0 ? kSeedBytes : 1 + Roll(kMostPlaintextBytes - 1);
  std::string plaintext(size, '\0');
  std::generate(plaintext.begin(), plaintext.end(), [this] { return static_cast<char>(random_()); });
  return plaintext;
}

}  // namespace signet::soak
