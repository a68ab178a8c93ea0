// Connections to the KMS server: who gets in, how many, and what becomes of odd ones.
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "tests/testing/poll.h"
#include "tests/unit/plugin/server/kms_server_fixture.h"
#include "tests/unit/plugin/server/raw_client.h"

namespace signet {
namespace {

using ::signet::testing::IsOk;
using ::signet::testing::kHttp2Preface;
using ::signet::testing::KmsCaller;
using ::signet::testing::KmsServerTest;
using ::signet::testing::PollUntil;
using ::signet::testing::RawClient;

size_t OpenDescriptors() {
  return static_cast<size_t>(std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {}));
}

class KmsServerConnectionTest : public KmsServerTest {
 protected:
  bool Serves() { return KmsCaller(path()).Status().ok(); }
};

TEST_F(KmsServerConnectionTest, ServesEveryAuthorityThatApiserversSend) {
  StartServer();
  std::string encoded = path();
  for (size_t at = 0; (at = encoded.find('/', at)) != std::string::npos;) encoded.replace(at, 1, "%2F");
  for (const std::string& authority : {std::string("localhost"), path(), encoded, std::string("@signet")}) {
    KmsCaller caller(path(), std::chrono::seconds(20), authority);
    EXPECT_THAT(caller.Status(), IsOk()) << authority;
    EXPECT_THAT(caller.Encrypt("seed"), IsOk()) << authority;
  }
}

TEST_F(KmsServerConnectionTest, ServesAnAbstractSocket) {
  listener_options_.path = absl::StrCat("@signet-kms-test-", ::getpid());
  listener_options_.allow_abstract = true;
  StartServer();
  EXPECT_TRUE(Serves());
}

TEST_F(KmsServerConnectionTest, ServesSeveralConnectionsAtOnce) {
  StartServer();
  std::vector<std::unique_ptr<KmsCaller>> callers;
  for (int i = 0; i < 8; ++i) {
    callers.push_back(std::make_unique<KmsCaller>(path()));
    ASSERT_THAT(callers.back()->Status(), IsOk());
  }
  EXPECT_EQ(server_->State().connections, 8U);
  for (const auto& caller : callers) EXPECT_THAT(caller->Status(), IsOk());
}

TEST_F(KmsServerConnectionTest, GarbageHttp1AndSilenceDoNotDisturbOthers) {
  options_.preface_timeout = absl::Milliseconds(50);
  StartServer();
  KmsCaller caller(path());
  ASSERT_THAT(caller.Status(), IsOk());
  // A busy machine may have cost the caller an attempt.
  const uint64_t before = server_->State().rejected_connections;
  RawClient http1(path());
  RawClient garbage(path());
  RawClient silent(path());
  RawClient slow(path());
  http1.Send("POST /v2.KeyManagementService/Status HTTP/1.1\r\nHost: localhost\r\n\r\n");
  garbage.Send(std::string(4096, '\xff'));
  slow.Send("PRI * HT");
  EXPECT_THAT(caller.Status(), IsOk());
  EXPECT_TRUE(http1.IsClosedByPeer());
  EXPECT_TRUE(garbage.IsClosedByPeer());
  EXPECT_TRUE(silent.IsClosedByPeer());
  EXPECT_TRUE(slow.IsClosedByPeer());
  EXPECT_THAT(caller.Status(), IsOk());
  EXPECT_EQ(server_->State().rejected_connections, before + 4);
}

TEST_F(KmsServerConnectionTest, GarbageBehindThePrefaceEndsOnlyItsOwnConnection) {
  StartServer();
  KmsCaller caller(path());
  ASSERT_THAT(caller.Status(), IsOk());
  for (const std::string& junk :
       {std::string(64, '\xff'), std::string("\x7f\xff\xff\x04\x00\x00\x00\x00\x00", 9),
        std::string(kHttp2Preface)}) {
    RawClient raw(path());
    ASSERT_TRUE(raw.Send(kHttp2Preface));
    raw.Send(junk);
    EXPECT_TRUE(raw.IsClosedByPeer());
  }
  EXPECT_THAT(caller.Status(), IsOk());
}

TEST_F(KmsServerConnectionTest, ClosesTheSixtyFifthConnectionAndServesTheOthers) {
  StartServer();
  KmsCaller caller(path());
  ASSERT_THAT(caller.Status(), IsOk());
  std::vector<std::unique_ptr<RawClient>> others;
  for (int i = 0; i < 63; ++i) {
    others.push_back(std::make_unique<RawClient>(path()));
    ASSERT_TRUE(others.back()->Send(kHttp2Preface));
    ASSERT_TRUE(others.back()->HearsSomething());
  }
  RawClient late(path());
  EXPECT_TRUE(late.IsClosedByPeer());
  EXPECT_THAT(caller.Status(), IsOk());
  others.clear();
  EXPECT_TRUE(Serves()) << "the places were not given back";
}

TEST_F(KmsServerConnectionTest, TenThousandConnectionsInARowLeakNothing) {
  StartServer();
  KmsCaller caller(path());
  ASSERT_THAT(caller.Status(), IsOk());
  const size_t before = OpenDescriptors();
  for (int i = 0; i < 10000; ++i) {
    RawClient raw(path());
    ASSERT_TRUE(raw.connected());
    // Some end before gRPC has them, some after.
    if (i % 4 != 0) {
      ASSERT_TRUE(raw.Send(kHttp2Preface));
    }
    if (i % 4 == 2) {
      ASSERT_TRUE(raw.HearsSomething()) << i;
    }
  }
  EXPECT_TRUE(PollUntil([&] { return server_->State().connections == 1; }));
  EXPECT_TRUE(PollUntil([&] { return OpenDescriptors() == before; }));
  EXPECT_EQ(server_->State().rejected_connections, 0U);
  EXPECT_THAT(caller.Status(), IsOk());
}

TEST_F(KmsServerConnectionTest, RefusesTheConnectionOfAUidThatIsNotListed) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root to be somebody else";
  listener_options_.mode = 0666;
  ASSERT_EQ(::chmod(temp_.path().c_str(), 0755), 0);
  StartServer();
  const pid_t child = ::fork();
  if (child == 0) {
    if (::setgid(65534) != 0 || ::setuid(65534) != 0) ::_exit(3);
    RawClient raw(path());
    if (!raw.connected()) ::_exit(4);
    raw.Send(kHttp2Preface);
    ::_exit(raw.IsClosedByPeer() ? 0 : 5);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(server_->State().rejected_peers, 1U);
  EXPECT_EQ(server_->State().calls, 0U);
  EXPECT_TRUE(Serves());
}

}  // namespace
}  // namespace signet
