// What the server answers, call by call. Connections and their end: kms_server_connection_test.cc; calls in
// flight, cancelling and draining: kms_server_flight_test.cc.
#include "plugin/server/kms_server.h"

#include <grpcpp/generic/generic_stub.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "tests/testing/poll.h"
#include "tests/unit/plugin/server/kms_server_fixture.h"

namespace signet {
namespace {

using ::signet::testing::kAnnotation;
using ::signet::testing::KmsServerTest;
using ::signet::testing::PollUntil;

TEST_F(KmsServerTest, StatusNamesVersionHealthAndKeyId) {
  StartServer();
  v2::StatusResponse response;
  ASSERT_TRUE(Status(*Client(), &response).ok());
  EXPECT_EQ(response.version(), "v2");
  EXPECT_EQ(response.healthz(), "ok");
  EXPECT_EQ(response.key_id(), "local-v1-0123456789abcdef");
}

TEST_F(KmsServerTest, StatusIsAnRpcErrorWhileEncryptCannotWork) {
  StartServer();
  hierarchy_.SetStatus(absl::UnavailableError("no key yet"));
  const grpc::Status status = Status(*Client());
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(status.error_message(), "no key yet");
}

TEST_F(KmsServerTest, EncryptAnswersCiphertextKeyIdAndOneAnnotation) {
  StartServer();
  v2::EncryptResponse response;
  ASSERT_TRUE(Encrypt(*Client(), "seed", &response).ok());
  EXPECT_EQ(response.ciphertext(), "dees");
  EXPECT_EQ(response.key_id(), "local-v1-0123456789abcdef");
  ASSERT_EQ(response.annotations().size(), 1U);
  EXPECT_EQ(response.annotations().at(kAnnotation), "the record");
}

TEST_F(KmsServerTest, DecryptAnswersThePlaintext) {
  StartServer();
  v2::DecryptResponse response;
  ASSERT_TRUE(Decrypt(*Client(), RequestFor("dees"), &response).ok());
  EXPECT_EQ(response.plaintext(), "seed");
}

TEST_F(KmsServerTest, AnswersOfOneCallDoNotLeakIntoTheNext) {
  StartServer();
  const auto client = Client();
  for (int i = 0; i < 100; ++i) {
    v2::EncryptResponse encrypted;
    ASSERT_TRUE(Encrypt(*client, absl::StrCat("plaintext ", i), &encrypted).ok());
    v2::DecryptResponse decrypted;
    ASSERT_TRUE(Decrypt(*client, RequestFor(encrypted.ciphertext()), &decrypted).ok());
    EXPECT_EQ(decrypted.plaintext(), absl::StrCat("plaintext ", i));
    v2::DecryptRequest bad = RequestFor("");
    bad.clear_annotations();
    v2::DecryptResponse nothing;
    EXPECT_EQ(Decrypt(*client, bad, &nothing).error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  }
}

TEST_F(KmsServerTest, RefusesAnEmptyUid) {
  StartServer();
  v2::EncryptResponse response;
  EXPECT_EQ(Encrypt(*Client(), "seed", &response, "").error_code(), grpc::StatusCode::INVALID_ARGUMENT);
}

TEST_F(KmsServerTest, AnswersAMessageOverTheCapWithResourceExhausted) {
  StartServer();
  const auto client = Client();
  v2::EncryptResponse response;
  EXPECT_EQ(Encrypt(*client, "seed", &response, std::string(1 << 20, 'u')).error_code(),
            grpc::StatusCode::RESOURCE_EXHAUSTED);
  v2::DecryptResponse decrypted;
  EXPECT_EQ(Decrypt(*client, RequestFor(std::string(4 << 20, 'c')), &decrypted).error_code(),
            grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_TRUE(Encrypt(*client, "seed", &response).ok());
}

// A few kilobytes that unpack to half a megabyte never get as far as being unpacked.
TEST_F(KmsServerTest, RefusesCompressedMessages) {
  StartServer();
  const auto client = Client();
  for (const grpc_compression_algorithm algorithm : {GRPC_COMPRESS_GZIP, GRPC_COMPRESS_DEFLATE}) {
    grpc::ClientContext context;
    SetDeadline(context);
    context.set_compression_algorithm(algorithm);
    v2::DecryptResponse response;
    EXPECT_EQ(client->Decrypt(&context, RequestFor(std::string(1 << 19, 'c')), &response).error_code(),
              grpc::StatusCode::UNIMPLEMENTED);
  }
  EXPECT_TRUE(Status(*client).ok());
}

TEST_F(KmsServerTest, TakesTheLargestRequestThereCanBe) {
  StartServer();
  v2::DecryptRequest request = RequestFor(std::string(65536 + 108, 'c'));
  (*request.mutable_annotations())[kAnnotation] = std::string(32768 - sizeof(kAnnotation) + 1, 'r');
  request.set_key_id(std::string(1024, 'k'));
  v2::DecryptResponse response;
  ASSERT_TRUE(Decrypt(*Client(), request, &response).ok());
  EXPECT_EQ(response.plaintext(), std::string(65536 + 108, 'c'));
}

TEST_F(KmsServerTest, SurvivesInvalidUtf8) {
  StartServer();
  const auto client = Client();
  v2::EncryptResponse response;
  EXPECT_FALSE(Encrypt(*client, "seed", &response, "\xff\xfe").ok());
  EXPECT_TRUE(Encrypt(*client, "seed", &response).ok());
}

TEST_F(KmsServerTest, AnswersAnUnknownMethodWithUnimplemented) {
  StartServer();
  grpc::GenericStub stub(signet::testing::ConnectTo(path()));
  for (const char* method : {"/v2.KeyManagementService/Rotate", "/v1beta1.KeyManagementService/Version",
                             "/v2.KeyManagementService/status"}) {
    grpc::ClientContext context;
    SetDeadline(context);
    grpc::CompletionQueue queue;
    const auto call = stub.PrepareUnaryCall(&context, method, grpc::ByteBuffer(), &queue);
    call->StartCall();
    grpc::ByteBuffer response;
    grpc::Status status;
    call->Finish(&response, &status, nullptr);
    void* tag = nullptr;
    bool ok = false;
    ASSERT_TRUE(queue.Next(&tag, &ok));
    EXPECT_EQ(status.error_code(), grpc::StatusCode::UNIMPLEMENTED) << method;
    queue.Shutdown();
  }
}

TEST_F(KmsServerTest, TellsItsObserverOfEveryCall) {
  StartServer();
  const auto client = Client();
  v2::EncryptResponse encrypted;
  ASSERT_TRUE(Encrypt(*client, "seed", &encrypted).ok());
  ASSERT_TRUE(Status(*client).ok());
  v2::DecryptRequest bad = RequestFor("x");
  bad.clear_annotations();
  v2::DecryptResponse nothing;
  Decrypt(*client, bad, &nothing);

  const auto calls = observer_.calls();
  ASSERT_EQ(calls.size(), 3U);
  EXPECT_EQ(calls[0].api, "kms");
  EXPECT_EQ(calls[0].method, "Encrypt");
  EXPECT_EQ(calls[0].code, absl::StatusCode::kOk);
  EXPECT_EQ(calls[0].uid, "uid-1");
  EXPECT_EQ(calls[0].key_id, "local-v1-0123456789abcdef");
  EXPECT_EQ(calls[0].peer.uid, ::geteuid());
  EXPECT_EQ(calls[0].peer.pid, ::getpid());
  EXPECT_GE(calls[0].duration, absl::ZeroDuration());
  EXPECT_EQ(calls[1].method, "Status");
  EXPECT_EQ(calls[2].method, "Decrypt");
  EXPECT_EQ(calls[2].code, absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(calls[2].uid, "uid-2");
}

TEST_F(KmsServerTest, CountsCallsAndConnections) {
  StartServer();
  const auto client = Client();
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(Status(*client).ok());
  const KmsServerState state = server_->State();
  EXPECT_EQ(state.path, path());
  EXPECT_EQ(state.calls, 3U);
  EXPECT_EQ(state.connections, 1U);
  EXPECT_EQ(state.max_connections, 64U);
  EXPECT_TRUE(PollUntil([&] { return server_->State().calls_in_flight == 0; }));
}

}  // namespace
}  // namespace signet
