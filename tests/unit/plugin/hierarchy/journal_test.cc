#include "plugin/hierarchy/journal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "absl/strings/str_cat.h"
#include "crypto/record.h"
#include "tests/testing/hierarchy_harness.h"
#include "tests/testing/status_matchers.h"

namespace signet {
namespace {

using ::testing::ElementsAre;
using testing::FaultyFiles;
using testing::IsOk;
using testing::StatusIs;
using testing::TempDir;

std::string Record(char fill) {
  crypto::Record record;
  record.key_id = "local-v1-0011223344556677";
  record.entries.push_back({1, {}, "field", std::string(60, fill)});
  return crypto::EncodeRecordWithoutMac(record).value() + std::string(16, 'm');
}

class JournalTest : public ::testing::Test {
 protected:
  void Add(Journal& journal, char fill) {
    const std::string record = Record(fill);
    journal.Add(crypto::ComputeLocalKekId(record), record);
  }
  std::string path() const { return directory_.File("journal"); }

  TempDir directory_;
  FaultyFiles files_;
};

TEST_F(JournalTest, KeepsTheNewest) {
  Journal journal(path(), 2, files_);
  for (const char fill : {'a', 'b', 'c'}) Add(journal, fill);
  EXPECT_THAT(journal.NewestFirst(), ElementsAre(Record('c'), Record('b')));
  EXPECT_FALSE(journal.Contains(crypto::ComputeLocalKekId(Record('a'))));
  EXPECT_TRUE(journal.Contains(crypto::ComputeLocalKekId(Record('b'))));
}

TEST_F(JournalTest, ARecordMetAgainIsTheNewest) {
  Journal journal(path(), 3, files_);
  for (const char fill : {'a', 'b', 'c', 'a'}) Add(journal, fill);
  EXPECT_THAT(journal.NewestFirst(), ElementsAre(Record('a'), Record('c'), Record('b')));
}

TEST_F(JournalTest, ReadsWhatWasWritten) {
  Journal written(path(), 10, files_);
  for (const char fill : {'a', 'b', 'c'}) Add(written, fill);
  ASSERT_THAT(written.WriteIfChanged(), IsOk());
  Journal read(path(), 10, files_);
  ASSERT_THAT(read.Load(), IsOk());
  EXPECT_THAT(read.NewestFirst(), ElementsAre(Record('c'), Record('b'), Record('a')));
}

TEST_F(JournalTest, ASmallerOneReadsTheNewest) {
  Journal written(path(), 10, files_);
  for (const char fill : {'a', 'b', 'c'}) Add(written, fill);
  ASSERT_THAT(written.WriteIfChanged(), IsOk());
  Journal read(path(), 1, files_);
  ASSERT_THAT(read.Load(), IsOk());
  EXPECT_THAT(read.NewestFirst(), ElementsAre(Record('c')));
}

TEST_F(JournalTest, WritesOnlyWhenSomethingChanged) {
  Journal journal(path(), 10, files_);
  ASSERT_THAT(journal.WriteIfChanged(), IsOk());
  EXPECT_EQ(files_.writes("journal"), 0u);
  Add(journal, 'a');
  ASSERT_THAT(journal.WriteIfChanged(), IsOk());
  ASSERT_THAT(journal.WriteIfChanged(), IsOk());
  Add(journal, 'a');
  ASSERT_THAT(journal.WriteIfChanged(), IsOk());
  EXPECT_EQ(files_.writes("journal"), 1u);
}

TEST_F(JournalTest, AFailedWriteIsOwedStill) {
  Journal journal(path(), 10, files_);
  Add(journal, 'a');
  files_.FailWrites("journal");
  EXPECT_THAT(journal.WriteIfChanged(), StatusIs(absl::StatusCode::kResourceExhausted));
  files_.Heal();
  ASSERT_THAT(journal.WriteIfChanged(), IsOk());
  EXPECT_EQ(files_.writes("journal"), 1u);
}

TEST_F(JournalTest, AMissingFileIsAnEmptyJournal) {
  Journal journal(path(), 10, files_);
  EXPECT_THAT(journal.Load(), IsOk());
  EXPECT_EQ(journal.size(), 0u);
}

TEST_F(JournalTest, ATornFileIsDropped) {
  std::ofstream(path()) << "SGNTJRNL torn";
  ::chmod(path().c_str(), 0600);
  Journal journal(path(), 10, files_);
  EXPECT_THAT(journal.Load(), StatusIs(absl::StatusCode::kDataLoss));
  EXPECT_EQ(journal.size(), 0u);
}

TEST_F(JournalTest, IgnoresRecordsThatSignetNeverWrites) {
  Journal journal(path(), 10, files_);
  const std::string large(crypto::kMaxRecordBytesWritten + 1, 'r');
  journal.Add(crypto::ComputeLocalKekId(large), large);
  EXPECT_EQ(journal.size(), 0u);
}

}  // namespace
}  // namespace signet
