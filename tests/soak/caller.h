// Caller: one client of the daemon with a connection of its own, and the mixed load that it makes.
#ifndef SIGNET_TESTS_SOAK_CALLER_H_
#define SIGNET_TESTS_SOAK_CALLER_H_

#include <grpcpp/grpcpp.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <random>
#include <string>

#include "absl/status/status.h"
#include "proto/kms/v2/api.grpc.pb.h"
#include "tests/soak/judge.h"
#include "tests/soak/objects.h"
#include "tests/soak/stop_signal.h"

namespace signet::soak {

// Not thread-safe. Every answer goes to the judge.
class Caller {
 public:
  // The references outlive the object.
  Caller(const std::string& socket_path, uint64_t seed, Judge& judge, Objects& objects);

  // Mixed load until the end: Encrypt, Decrypt of new and of old objects, Status, forged requests, calls that
  // are cancelled or out of time, and now and then a new connection.
  void Run(StopSignal& stop);

  void Encrypt();
  void Status();
  // Of what Encrypt handed out: must come back.
  void Decrypt(const Object& object);
  // Must be refused.
  void DecryptForgery(const v2::DecryptRequest& request);
  // One bit of ciphertext, key_id, annotation or its name is another one.
  v2::DecryptRequest Forge(const Object& object);

 private:
  void Connect();
  void GiveUpEncrypt();
  void GiveUpDecrypt(const Object& object);
  std::string NewPlaintext();
  // From 0 to `most`.
  uint64_t Roll(uint64_t most) { return std::uniform_int_distribution<uint64_t>(0, most)(random_); }
  // Starts a call, and cancels it or lets its deadline pass a moment later; returns how it ended.
  using Ended = std::function<void(grpc::Status)>;
  using StartCall = std::function<void(grpc::ClientContext& context, Ended ended)>;
  absl::Status CallAndGiveUp(const StartCall& start);

  const std::string socket_path_;
  std::mt19937_64 random_;
  Judge& judge_;
  Objects& objects_;
  std::unique_ptr<v2::KeyManagementService::Stub> stub_;
};

}  // namespace signet::soak

#endif  // SIGNET_TESTS_SOAK_CALLER_H_
