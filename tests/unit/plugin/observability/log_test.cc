#include "plugin/observability/log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_split.h"
#include "tests/testing/fake_clock.h"

namespace signet {
namespace {

using ::signet::testing::FakeClock;
using ::testing::HasSubstr;
using ::testing::Not;

class LogTest : public ::testing::Test {
 protected:
  std::string Text(LogSeverity severity, absl::string_view message, std::initializer_list<LogField> fields) {
    std::ostringstream out;
    Log log({LogSeverity::kDebug, false}, clock_, out);
    log.Write(severity, message, fields);
    return out.str();
  }
  std::string Json(absl::string_view message, std::initializer_list<LogField> fields) {
    std::ostringstream out;
    Log log({LogSeverity::kDebug, true}, clock_, out);
    log.Write(LogSeverity::kInfo, message, fields);
    return out.str();
  }

  FakeClock clock_;
};

TEST_F(LogTest, TextHasTimeSeverityMessageAndFields) {
  EXPECT_EQ(
      Text(LogSeverity::kWarning, "key active", {{"provider", "primary"}, {"uses", 7}, {"stored", true}}),
      "2023-11-14T22:13:20.000Z warning key active provider=primary uses=7 stored=true\n");
}

TEST_F(LogTest, TextQuotesWhatIsNotOneWord) {
  EXPECT_THAT(Text(LogSeverity::kInfo, "m", {{"error", "two words=\"x\""}}),
              HasSubstr(R"(error="two words=\"x\"")"));
}

TEST_F(LogTest, JsonIsOneObjectALineWithTypedValues) {
  const std::string line =
      Json("call", {{"uid", "u 1"}, {"uses", 7}, {"ok", false}, {"duration_ms", absl::Microseconds(1500)}});
  EXPECT_EQ(line.back(), '\n');
  const nlohmann::json object = nlohmann::json::parse(line);
  EXPECT_EQ(object["time"], "2023-11-14T22:13:20.000Z");
  EXPECT_EQ(object["level"], "info");
  EXPECT_EQ(object["message"], "call");
  EXPECT_EQ(object["uid"], "u 1");
  EXPECT_EQ(object["uses"], 7);
  EXPECT_EQ(object["ok"], false);
  EXPECT_EQ(object["duration_ms"], 1.5);
}

TEST_F(LogTest, LeavesEmptyValuesOut) {
  EXPECT_THAT(Text(LogSeverity::kInfo, "m", {{"error", ""}}), Not(HasSubstr("error")));
}

// Every byte there is, in both formats: one line, printable ASCII, and JSON that parses.
TEST_F(LogTest, NoValueForgesALineOrMovesACursor) {
  std::string hostile;
  for (int byte = 0; byte < 256; ++byte) hostile.push_back(static_cast<char>(byte));
  hostile += "\n2023-11-14T22:13:20.000Z error forged";
  for (const std::string& line :
       {Text(LogSeverity::kInfo, "m", {{"uid", hostile}}), Json("m", {{"uid", hostile}})}) {
    ASSERT_EQ(line.back(), '\n');
    for (const char c : absl::string_view(line).substr(0, line.size() - 1)) {
      EXPECT_TRUE(c >= ' ' && c <= '~') << static_cast<int>(c);
    }
  }
  const nlohmann::json object = nlohmann::json::parse(Json("m", {{"uid", hostile}}));
  EXPECT_THAT(object["uid"].get<std::string>(), HasSubstr("\\x0a2023"));
}

TEST_F(LogTest, CutsLongValues) {
  const std::string line = Text(LogSeverity::kInfo, "m", {{"uid", std::string(1 << 20, 'u'), 64}});
  EXPECT_THAT(line, HasSubstr("uid=" + std::string(64, 'u') + "..."));
  EXPECT_LT(line.size(), 200U);
  EXPECT_LT(Text(LogSeverity::kInfo, "m", {{"error", std::string(1 << 20, 'e')}}).size(), 1200U);
}

TEST_F(LogTest, EscapesBytesOfUtf8AndTheBackslash) {
  EXPECT_EQ(EscapeForLog("a\\b\xc3\xa4\x7f", 64), "a\\\\b\\xc3\\xa4\\x7f");
}

TEST_F(LogTest, WritesNothingBelowItsMinimum) {
  std::ostringstream out;
  Log log({LogSeverity::kWarning, false}, clock_, out);
  log.Write(LogSeverity::kInfo, "quiet");
  EXPECT_EQ(out.str(), "");
  EXPECT_FALSE(log.Enabled(LogSeverity::kInfo));
  log.Write(LogSeverity::kWarning, "loud");
  EXPECT_THAT(out.str(), HasSubstr("loud"));
}

TEST_F(LogTest, LinesOfManyThreadsDoNotMix) {
  std::ostringstream out;
  Log log({LogSeverity::kDebug, false}, clock_, out);
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&log] {
      for (int j = 0; j < 100; ++j) log.Write(LogSeverity::kInfo, "m", {{"field", "value"}});
    });
  }
  for (std::thread& thread : threads) thread.join();
  int lines = 0;
  const std::string text = out.str();
  for (absl::string_view line : absl::StrSplit(absl::string_view(text), '\n', absl::SkipEmpty())) {
    EXPECT_EQ(line, "2023-11-14T22:13:20.000Z info m field=value");
    ++lines;
  }
  EXPECT_EQ(lines, 400);
}

TEST_F(LogTest, TakesOtherOptionsUpWhileItRuns) {
  std::ostringstream out;
  Log log({LogSeverity::kWarning, false}, clock_, out);
  log.Write(LogSeverity::kInfo, "hidden");
  log.SetOptions({LogSeverity::kInfo, true});
  EXPECT_TRUE(log.Enabled(LogSeverity::kInfo));
  log.Write(LogSeverity::kInfo, "shown");
  EXPECT_EQ(nlohmann::json::parse(out.str())["message"], "shown");
}

}  // namespace
}  // namespace signet
