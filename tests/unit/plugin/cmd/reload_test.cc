#include "plugin/cmd/signetd/reload.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cstdio>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "plugin/config/config_loader.h"
#include "tests/testing/fake_clock.h"
#include "tests/testing/status_matchers.h"
#include "tests/testing/temp_dir.h"

namespace signet {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class ReloadTest : public ::testing::Test {
 protected:
  void SetUp() override {
    WriteFile("");
    ASSERT_OK_AND_ASSIGN(const Config config, LoadConfigFile(path_));
    reloader_ = std::make_unique<Reloader>(
        path_, config, [this](const Config& running) { applied_.push_back(running); }, [this] { ++woken_; },
        clock_, log_);
  }
  void WriteFile(const std::string& more) {
    std::ofstream(path_, std::ios::trunc)
        << "cluster_id: a\nstate_directory: /s\nactive: p\nproviders:\n  - name: p\n    local: {keyring: "
           "/k}\n"
        << "kms_socket: {path: /kms.sock}\nadmin_socket: {path: /admin.sock}\n"
        << more;
  }
  ReloadReport Reload() {
    ReloadReport result;
    reloader_->Request([&result](const ReloadReport& report) { result = report; });
    reloader_->Run();
    return result;
  }

  testing::TempDir temp_;
  const std::string path_ = temp_.File("signetd.yaml");
  testing::FakeClock clock_;
  std::ostringstream out_;
  Log log_{{}, clock_, out_};
  std::vector<Config> applied_;
  int woken_ = 0;
  std::unique_ptr<Reloader> reloader_;
};

TEST_F(ReloadTest, AppliesLiveSettingsAndNamesTheOthers) {
  WriteFile("max_plaintext_bytes: 1000\nstatus_version: v2beta1\n");
  const ReloadReport report = Reload();
  ASSERT_THAT(report.status, testing::IsOk());
  ASSERT_THAT(report.difference.live, SizeIs(1));
  EXPECT_EQ(report.difference.live[0].field, "max_plaintext_bytes");
  ASSERT_THAT(report.difference.needs_restart, SizeIs(1));
  EXPECT_EQ(report.difference.needs_restart[0].field, "status_version");
  ASSERT_THAT(applied_, SizeIs(1));
  EXPECT_EQ(applied_[0].max_plaintext_bytes, 1000u);
  EXPECT_EQ(applied_[0].status_version, "v2");
  EXPECT_EQ(reloader_->running().max_plaintext_bytes, 1000u);
}

TEST_F(ReloadTest, WhatNeedsARestartIsNamedAgainAtTheNextReload) {
  WriteFile("max_plaintext_bytes: 1000\nstatus_version: v2beta1\n");
  Reload();
  const ReloadReport again = Reload();
  EXPECT_THAT(again.difference.live, IsEmpty());
  EXPECT_THAT(again.difference.needs_restart, SizeIs(1));
}

TEST_F(ReloadTest, OneWrongSettingKeepsAllAsItWasAndEveryProblemIsTold) {
  WriteFile("max_plaintext_bytes: 1000\nshutdown_grace: soon\nunknown: 1\n");
  const ReloadReport report = Reload();
  EXPECT_THAT(report.status, testing::StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(std::string(report.status.message()),
              AllOf(HasSubstr(":10:17: shutdown_grace:"), HasSubstr(":11:1: unknown:")));
  EXPECT_THAT(applied_, IsEmpty());
  EXPECT_EQ(reloader_->running().max_plaintext_bytes, 916u);
  EXPECT_THAT(out_.str(), AllOf(HasSubstr(" error "), HasSubstr("nothing changed")));
}

TEST_F(ReloadTest, AFileThatCannotBeReadKeepsAllAsItWas) {
  std::remove(path_.c_str());
  EXPECT_THAT(Reload().status, testing::StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(applied_, IsEmpty());
}

TEST_F(ReloadTest, IsLoggedWithOldAndNewValues) {
  WriteFile("log: {level: warning}\nmemory_lock: required\n");
  Reload();
  EXPECT_THAT(out_.str(), AllOf(HasSubstr("configuration reloaded"), HasSubstr("log.level: info -> warning"),
                                HasSubstr("memory_lock: warn -> required")));
}

TEST_F(ReloadTest, OneRunAnswersEverybodyWhoAsked) {
  int answers = 0;
  for (int i = 0; i < 3; ++i) reloader_->Request([&answers](const ReloadReport&) { ++answers; });
  EXPECT_EQ(woken_, 3);
  EXPECT_EQ(answers, 0);
  reloader_->Run();
  EXPECT_EQ(answers, 3);
  reloader_->Run();  // as SIGHUP does
  EXPECT_EQ(answers, 3);
}

TEST_F(ReloadTest, RemembersTheLastOne) {
  EXPECT_FALSE(reloader_->last().has_value());
  WriteFile("bad: 1\n");
  Reload();
  ASSERT_TRUE(reloader_->last().has_value());
  EXPECT_FALSE(reloader_->last()->status.ok());
  EXPECT_EQ(reloader_->last()->time, clock_.Wall());
  WriteFile("");
  Reload();
  EXPECT_THAT(reloader_->last()->status, testing::IsOk());
}

TEST_F(ReloadTest, TakesRequestsFromAnyThread) {
  std::vector<std::thread> threads;
  std::atomic<int> answers{0};
  Reloader reloader(
      path_, reloader_->running(), [](const Config&) {}, [] {}, clock_, log_);
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int j = 0; j < 50; ++j) {
        reloader.Request([&answers](const ReloadReport&) { ++answers; });
        reloader.last();
      }
    });
  }
  while (answers < 200) reloader.Run();
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(answers, 200);
}

}  // namespace
}  // namespace signet
