#include "plugin/server/accept_loop.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <deque>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "tests/testing/poll.h"
#include "tests/testing/status_matchers.h"
#include "tests/testing/temp_dir.h"
#include "tests/unit/plugin/server/raw_client.h"
#include "tests/unit/plugin/server/recording_rpc_observer.h"

namespace signet {
namespace {

using ::signet::testing::kHttp2Preface;
using ::signet::testing::PollUntil;
using ::signet::testing::RawClient;
using ::signet::testing::RecordingRpcObserver;
using ::signet::testing::TempDir;
using ::testing::ElementsAre;
using Refusal = RpcObserver::ConnectionRefusal;

constexpr uid_t kNobody = 65534;

class AcceptLoopTest : public ::testing::Test {
 protected:
  void SetUp() override {
    options_.api = "kms";
    UnixListenerOptions listener_options;
    listener_options.path = path_;
    listener_options.mode = 0666;
    ASSERT_OK_AND_ASSIGN(listener_, UnixListener::Create(listener_options));
    // So that other users reach the socket.
    ASSERT_EQ(::chmod(temp_.path().c_str(), 0755), 0);
  }
  void StartLoop() {
    ASSERT_OK_AND_ASSIGN(loop_, AcceptLoop::Create(options_, *listener_, peers_, observer_, SystemClock(),
                                                   [this](int fd) { Take(fd); }));
    loop_->Start();
  }
  void TearDown() override {
    if (loop_ != nullptr) loop_->Stop();
  }

  void Take(int fd) {
    MutexLock lock(mutex_);
    served_.emplace_back(fd);
  }
  size_t served() const {
    MutexLock lock(mutex_);
    return served_.size();
  }
  int served_fd(size_t i) const {
    MutexLock lock(mutex_);
    return served_[i].get();
  }
  // As gRPC ends a connection.
  void EndServed(size_t i) {
    MutexLock lock(mutex_);
    ::shutdown(served_[i].get(), SHUT_RDWR);
    served_[i].Close();
  }
  // Connects as this uid, from a process of its own.
  bool IsServedAs(uid_t uid) {
    const size_t before = served();
    const size_t refused = observer_.refused_peers().size();
    const pid_t child = ::fork();
    if (child == 0) {
      if (::setgid(uid) != 0 || ::setuid(uid) != 0) ::_exit(3);
      RawClient client(path_);
      if (!client.connected()) ::_exit(4);
      client.Send(kHttp2Preface);
      ::_exit(client.IsClosedByPeer() ? 0 : 5);
    }
    EXPECT_TRUE(PollUntil([&] {
      return served() > before ||
             (!options_.admit_refused_peers && observer_.refused_peers().size() > refused);
    }));
    const bool is_served = served() > before;
    if (is_served) EndServed(before);
    int status = 0;
    EXPECT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
    return is_served;
  }

  TempDir temp_;
  const std::string path_ = temp_.File("kms.sock");
  AcceptLoopOptions options_;
  std::unique_ptr<UnixListener> listener_;
  PeerTable peers_;
  RecordingRpcObserver observer_;
  mutable Mutex mutex_;
  std::deque<UniqueFd> served_ ABSL_GUARDED_BY(mutex_);
  std::unique_ptr<AcceptLoop> loop_;
};

TEST_F(AcceptLoopTest, HandsAConnectionOverOnceItsPrefaceIsThereAndLeavesItUnread) {
  StartLoop();
  RawClient client(path_);
  ASSERT_TRUE(client.Send(kHttp2Preface));
  ASSERT_TRUE(PollUntil([&] { return served() == 1; }));
  char bytes[64];
  EXPECT_EQ(::recv(served_fd(0), bytes, sizeof(bytes), 0), 24);
  EXPECT_EQ(absl::string_view(bytes, 24), kHttp2Preface);
}

TEST_F(AcceptLoopTest, TakesAPrefaceThatComesByteByByte) {
  StartLoop();
  RawClient client(path_);
  for (const char byte : kHttp2Preface) {
    EXPECT_EQ(served(), 0U);
    ASSERT_TRUE(client.Send(absl::string_view(&byte, 1)));
  }
  EXPECT_TRUE(PollUntil([&] { return served() == 1; }));
}

TEST_F(AcceptLoopTest, KnowsThePeerOfAServedConnection) {
  StartLoop();
  RawClient client(path_);
  ASSERT_TRUE(client.Send(kHttp2Preface));
  ASSERT_TRUE(PollUntil([&] { return served() == 1; }));
  const std::optional<Peer> peer = peers_.Find(absl::StrCat("fd:", served_fd(0)));
  ASSERT_TRUE(peer.has_value());
  EXPECT_TRUE(peer->allowed);
  EXPECT_EQ(peer->credentials.uid, ::geteuid());
  EXPECT_EQ(peer->credentials.pid, ::getpid());
}

TEST_F(AcceptLoopTest, ClosesWhatIsNotHttp2) {
  StartLoop();
  for (const std::string text :
       {"GET / HTTP/1.1\r\nHost: x\r\n\r\n", "\x16\x03\x01", "PRI * HTTP/1.1\r\n", "x"}) {
    RawClient client(path_);
    ASSERT_TRUE(client.Send(text));
    EXPECT_TRUE(client.IsClosedByPeer()) << text;
  }
  EXPECT_EQ(served(), 0U);
  EXPECT_THAT(observer_.refusals(),
              ElementsAre(Refusal::kNotHttp2, Refusal::kNotHttp2, Refusal::kNotHttp2, Refusal::kNotHttp2));
}

TEST_F(AcceptLoopTest, ClosesWhoDoesNotFinishThePrefaceInTime) {
  options_.preface_timeout = absl::Milliseconds(20);
  StartLoop();
  RawClient silent(path_);
  RawClient slow(path_);
  ASSERT_TRUE(slow.Send(kHttp2Preface.substr(0, 23)));
  EXPECT_TRUE(silent.IsClosedByPeer());
  EXPECT_TRUE(slow.IsClosedByPeer());
  EXPECT_EQ(served(), 0U);
  EXPECT_THAT(observer_.refusals(), ElementsAre(Refusal::kNoPreface, Refusal::kNoPreface));
}

TEST_F(AcceptLoopTest, SlowConnectionsDoNotHoldUpOthers) {
  StartLoop();
  std::vector<std::unique_ptr<RawClient>> slow;
  for (int i = 0; i < 63; ++i) {
    slow.push_back(std::make_unique<RawClient>(path_));
    ASSERT_TRUE(slow.back()->Send("PRI"));
  }
  RawClient client(path_);
  ASSERT_TRUE(client.Send(kHttp2Preface));
  EXPECT_TRUE(PollUntil([&] { return served() == 1; }));
}

TEST_F(AcceptLoopTest, ClosesTheConnectionOverTheBoundAtOnceAndRecovers) {
  StartLoop();
  std::vector<std::unique_ptr<RawClient>> clients;
  for (int i = 0; i < 64; ++i) {
    clients.push_back(std::make_unique<RawClient>(path_));
    ASSERT_TRUE(clients.back()->Send(kHttp2Preface));
  }
  ASSERT_TRUE(PollUntil([&] { return served() == 64; }));
  RawClient late(path_);
  EXPECT_TRUE(late.IsClosedByPeer());
  EXPECT_THAT(observer_.refusals(), ElementsAre(Refusal::kTooMany));
  EXPECT_EQ(loop_->counts().open, 64U);

  clients.front()->Close();
  RawClient next(path_);
  ASSERT_TRUE(next.Send(kHttp2Preface));
  EXPECT_TRUE(PollUntil([&] { return served() == 65; }));
}

TEST_F(AcceptLoopTest, NoticesThatEitherSideEndedAConnection) {
  StartLoop();
  RawClient first(path_);
  RawClient second(path_);
  ASSERT_TRUE(first.Send(kHttp2Preface));
  ASSERT_TRUE(second.Send(kHttp2Preface));
  ASSERT_TRUE(PollUntil([&] { return served() == 2; }));
  first.Close();
  EXPECT_TRUE(PollUntil([&] { return loop_->counts().open == 1; }));
  const int fd = served_fd(1);
  EndServed(1);
  EXPECT_TRUE(PollUntil([&] { return loop_->counts().open == 0; }));
  EXPECT_TRUE(second.IsClosedByPeer());
  EXPECT_FALSE(peers_.Find(absl::StrCat("fd:", fd)).has_value());
}

TEST_F(AcceptLoopTest, DoesNotUseADescriptorAgainSoon) {
  StartLoop();
  std::set<int> descriptors;
  for (size_t i = 0; i < 500; ++i) {
    RawClient client(path_);
    ASSERT_TRUE(client.Send(kHttp2Preface));
    ASSERT_TRUE(PollUntil([&] { return served() == i + 1; }));
    EXPECT_TRUE(descriptors.insert(served_fd(i)).second);
    EndServed(i);
  }
}

TEST_F(AcceptLoopTest, ServesUnderALowLimitOfDescriptors) {
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  rlimit low = before;
  low.rlim_cur = 200;
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &low), 0);
  StartLoop();
  RawClient client(path_);
  EXPECT_TRUE(client.Send(kHttp2Preface));
  EXPECT_TRUE(PollUntil([&] { return served() == 1; }));
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
}

TEST_F(AcceptLoopTest, GoesOnAfterRunningOutOfDescriptors) {
  // UndefinedBehaviorSanitizer needs a pipe the first time it checks an object's type.
  static_cast<RpcObserver&>(observer_).OnPeerRefused("", {});
  StartLoop();
  RawClient waiting(path_);
  ASSERT_TRUE(PollUntil([&] { return loop_->counts().open == 1; }));
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  // Every number below the limit is taken, so that accept4 fails.
  RawClient client(path_);
  std::vector<UniqueFd> fill;
  rlimit low = before;
  low.rlim_cur = 100;
  ASSERT_TRUE(PollUntil([&] { return loop_->counts().open == 2; }));
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &low), 0);
  while (true) {
    UniqueFd fd(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    if (!fd.valid()) break;
    fill.push_back(std::move(fd));
  }
  fill.pop_back();  // for the client's side of the next connection
  RawClient refused(path_);
  EXPECT_TRUE(PollUntil([&] { return !observer_.refusals().empty(); }));
  EXPECT_EQ(observer_.refusals().front(), Refusal::kOutOfDescriptors);
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  fill.clear();
  ASSERT_TRUE(refused.Send(kHttp2Preface));
  EXPECT_TRUE(PollUntil([&] { return served() == 1; }));
}

TEST_F(AcceptLoopTest, AdmitsOnlyListedUidsAndOurOwn) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root to be somebody else";
  options_.allowed_uids = {1234};
  StartLoop();
  EXPECT_TRUE(IsServedAs(0));
  EXPECT_TRUE(IsServedAs(1234));
  EXPECT_FALSE(IsServedAs(1235));
  ASSERT_EQ(observer_.refused_peers().size(), 1U);
  EXPECT_EQ(observer_.refused_peers()[0].uid, 1235U);
  EXPECT_GT(observer_.refused_peers()[0].pid, 0);
  EXPECT_EQ(loop_->counts().refused_peers, 1U);
}

TEST_F(AcceptLoopTest, ClosesTheConnectionsOfAUidThatIsTakenOffTheListAndKeepsOthers) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root to be somebody else";
  options_.allowed_uids = {1234, 1235};
  StartLoop();
  int closed = -1;
  int kept = -1;
  for (const auto& [uid, pid] : {std::pair<uid_t, int*>{1234, &closed}, {1235, &kept}}) {
    const size_t before = served();
    *pid = ::fork();
    if (*pid == 0) {
      if (::setgid(uid) != 0 || ::setuid(uid) != 0) ::_exit(3);
      RawClient client(path_);
      client.Send(kHttp2Preface);
      ::_exit(client.IsClosedByPeer() ? 0 : 5);
    }
    ASSERT_TRUE(PollUntil([&] { return served() > before; }));
  }
  loop_->SetAllowedUids({1235});
  int status = 0;
  EXPECT_EQ(::waitpid(closed, &status, 0), closed);
  EXPECT_EQ(status, 0);
  EXPECT_TRUE(PollUntil([&] { return loop_->counts().open == 1; }));
  EXPECT_EQ(::waitpid(kept, &status, WNOHANG), 0);
  EXPECT_FALSE(IsServedAs(1234));
  EndServed(1);
  EXPECT_EQ(::waitpid(kept, &status, 0), kept);
}

TEST_F(AcceptLoopTest, MarksAServedPeerAnewWhenTheListChanges) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root to be somebody else";
  options_.allowed_uids = {};
  options_.admit_refused_peers = true;
  StartLoop();
  const pid_t child = ::fork();
  if (child == 0) {
    if (::setgid(1234) != 0 || ::setuid(1234) != 0) ::_exit(3);
    RawClient client(path_);
    client.Send(kHttp2Preface);
    ::_exit(client.IsClosedByPeer() ? 0 : 5);
  }
  ASSERT_TRUE(PollUntil([&] { return served() == 1; }));
  const std::string name = absl::StrCat("fd:", served_fd(0));
  EXPECT_FALSE(peers_.Find(name).value_or(Peer()).allowed);
  loop_->SetAllowedUids({1234});
  EXPECT_TRUE(PollUntil([&] { return peers_.Find(name).value_or(Peer()).allowed; }));
  loop_->SetAllowedUids({});
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

TEST_F(AcceptLoopTest, NeverAdmitsTheUidOfUnmappedUsers) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root to be somebody else";
  options_.allowed_uids = {kNobody};
  StartLoop();
  EXPECT_FALSE(IsServedAs(kNobody));
}

TEST_F(AcceptLoopTest, HandsRefusedPeersOverMarkedWhenAskedTo) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root to be somebody else";
  options_.admit_refused_peers = true;
  StartLoop();
  EXPECT_TRUE(IsServedAs(1235));
  EXPECT_EQ(loop_->counts().refused_peers, 1U);
}

TEST_F(AcceptLoopTest, AfterStopNewConnectionsAreRefusedAndWaitingOnesClosed) {
  StartLoop();
  RawClient waiting(path_);
  ASSERT_TRUE(PollUntil([&] { return loop_->counts().open == 1; }));
  loop_->Stop();
  EXPECT_TRUE(waiting.IsClosedByPeer());
  EXPECT_FALSE(RawClient(path_).connected());
}

TEST_F(AcceptLoopTest, ServedConnectionsOutliveTheLoop) {
  StartLoop();
  RawClient client(path_);
  ASSERT_TRUE(client.Send(kHttp2Preface));
  ASSERT_TRUE(PollUntil([&] { return served() == 1; }));
  loop_->Stop();
  ASSERT_EQ(::send(served_fd(0), "x", 1, MSG_NOSIGNAL), 1);
  EXPECT_TRUE(client.HearsSomething());
}

}  // namespace
}  // namespace signet
