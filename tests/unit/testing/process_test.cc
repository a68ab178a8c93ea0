#include "tests/testing/process.h"

#include <gtest/gtest.h>
#include <signal.h>

#include <string>

#include "tests/testing/poll.h"

namespace signet::testing {
namespace {

TEST(ProcessTest, GivesExitCodeOutputAndErrors) {
  const ProcessResult result = RunProcess({.arguments = {"/bin/sh", "-c", "echo out; echo err >&2; exit 3"}});
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_EQ(result.output, "out\n");
  EXPECT_EQ(result.errors, "err\n");
}

TEST(ProcessTest, HandsOverInputAndEnvironment) {
  const ProcessResult result = RunProcess({.arguments = {"/bin/sh", "-c", "cat; echo $SIGNET_TEST_WORD"},
                                           .environment = {"SIGNET_TEST_WORD=seal"},
                                           .input = "signet "});
  EXPECT_EQ(result.output, "signet seal\n");
}

TEST(ProcessTest, ReportsAProgramThatIsNotThere) {
  EXPECT_EQ(RunProcess({.arguments = {"/nowhere/program"}}).exit_code, 127);
}

TEST(ProcessTest, CanBeReadAndStoppedWhileItRuns) {
  Process process({.arguments = {"/bin/sh", "-c", "echo ready; exec sleep 600"}});
  EXPECT_TRUE(PollUntil([&] { return process.Output() == "ready\n"; }));
  EXPECT_TRUE(process.Running());
  process.Signal(SIGTERM);
  EXPECT_EQ(process.Wait(), 128 + SIGTERM);
  EXPECT_FALSE(process.Running());
}

TEST(ProcessTest, LeavesNothingRunning) {
  pid_t pid = 0;
  {
    Process process({.arguments = {"/bin/sh", "-c", "exec sleep 600"}});
    pid = process.pid();
  }
  EXPECT_NE(::kill(pid, 0), 0);
}

}  // namespace
}  // namespace signet::testing
