// signetd as a process: start, serve, drain, die and come back.
#include <gtest/gtest.h>

#include "tests/testing/daemon.h"
#include "tests/testing/kms_caller.h"
#include "tests/testing/status_matchers.h"

namespace signet {
namespace {

using ::signet::testing::DaemonHome;
using ::signet::testing::DaemonProcess;
using ::signet::testing::KmsCaller;

TEST(DaemonTest, ServesARoundTrip) {
  DaemonHome home;
  DaemonProcess daemon(home);
  ASSERT_TRUE(daemon.WaitUntilReady()) << daemon.Logs();
  KmsCaller caller(home.kms_socket());
  ASSERT_OK_AND_ASSIGN(const v2::StatusResponse status, caller.Status());
  ASSERT_OK_AND_ASSIGN(const v2::EncryptResponse encrypted, caller.Encrypt(std::string(32, 's')));
  EXPECT_EQ(encrypted.key_id(), status.key_id());
  ASSERT_OK_AND_ASSIGN(const std::string plaintext, caller.Decrypt(encrypted));
  EXPECT_EQ(plaintext, std::string(32, 's'));
  EXPECT_EQ(daemon.Stop(), 0) << daemon.Logs();
}

}  // namespace
}  // namespace signet
