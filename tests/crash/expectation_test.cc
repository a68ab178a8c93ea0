#include "tests/crash/expectation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace signet::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// A promise, and a node that keeps it; each test breaks one thing.
class ExpectationTest : public ::testing::Test {
 protected:
  ExpectationTest() {
    tuples_ = {{"one", "c1", "k1", {}}, {"two", "c2", "k2", {}}};
    promised_.running = true;
    promised_.key_ids = {"k1", "k2"};
    promised_.local_kek_id = "kek";
    promised_.uses = 10;
    promised_.tuples = {{0, Readable::kMust}, {1, Readable::kMust}};
    promised_.keyrings = {{"keyring", {"1 2"}}};
    seen_.tried = true;
    seen_.key_id = "k2";
    seen_.history = {"k1", "k2"};
    seen_.local_kek_id = "kek";
    seen_.uses = 10;
    seen_.stored = true;
    seen_.tuples = {std::string("one"), std::string("two")};
    seen_.keyrings = {{"keyring", "1 2"}};
  }

  std::vector<std::string> Judge() const { return Breaches(promised_, seen_, tuples_, {"k1", "k2", "k3"}); }

  std::vector<Tuple> tuples_;
  Expectation promised_;
  Observation seen_;
};

TEST_F(ExpectationTest, AllIsKept) { EXPECT_THAT(Judge(), IsEmpty()); }

TEST_F(ExpectationTest, ADaemonThatDoesNotStart) {
  seen_.started = absl::UnavailableError("torn keyring");
  EXPECT_THAT(Judge(), ElementsAre(HasSubstr("torn keyring")));
  promised_.running = false;
  EXPECT_THAT(Judge(), IsEmpty());
}

TEST_F(ExpectationTest, AKeyIdThatGoesBack) {
  seen_.key_id = "k1";
  EXPECT_THAT(Judge(), ElementsAre(HasSubstr("goes back")));
}

TEST_F(ExpectationTest, AKeyIdThatNobodyEverSaw) {
  seen_.key_id = "k9";
  EXPECT_THAT(Judge(), ElementsAre(HasSubstr("unknown key_id")));
}

TEST_F(ExpectationTest, AKeyIdMayBeAheadOfWhatWasTold) {
  seen_.key_id = "k3";
  seen_.history = {"k1", "k2", "k3"};
  seen_.local_kek_id = "another";
  EXPECT_THAT(Judge(), IsEmpty());
}

TEST_F(ExpectationTest, ALostHistory) {
  seen_.history = {"k2"};
  EXPECT_THAT(Judge(), ElementsAre(HasSubstr("history")));
}

TEST_F(ExpectationTest, ALostRecord) {
  seen_.local_kek_id = "another";
  EXPECT_THAT(Judge(), ElementsAre(HasSubstr("record in use")));
}

TEST_F(ExpectationTest, ARecordThatIsNotStored) {
  seen_.stored = false;
  EXPECT_THAT(Judge(), ElementsAre(HasSubstr("does not take")));
}

TEST_F(ExpectationTest, UsesThatGoBack) {
  seen_.uses = 9;
  EXPECT_THAT(Judge(), ElementsAre(HasSubstr("uses go back")));
  seen_.uses = 65536;
  EXPECT_THAT(Judge(), IsEmpty());
}

TEST_F(ExpectationTest, ALostObject) {
  seen_.tuples[0] = absl::NotFoundError("no key");
  EXPECT_THAT(Judge(), ElementsAre(HasSubstr("object 0 is lost")));
  promised_.tuples[0] = Readable::kMay;
  EXPECT_THAT(Judge(), IsEmpty());
}

TEST_F(ExpectationTest, AnObjectThatComesBackFromDestruction) {
  promised_.tuples[0] = Readable::kMustNot;
  EXPECT_THAT(Judge(), ElementsAre(HasSubstr("readable again")));
}

TEST_F(ExpectationTest, WrongBytesWhateverWasPromised) {
  seen_.tuples[0] = std::string("One");
  promised_.tuples.clear();
  EXPECT_THAT(Judge(), ElementsAre(HasSubstr("something else")));
}

TEST_F(ExpectationTest, AnObjectThatWasNotTried) {
  seen_.tuples.pop_back();
  EXPECT_THAT(Judge(), ElementsAre(HasSubstr("not tried")));
}

TEST_F(ExpectationTest, AKeyringThatWentBack) {
  seen_.keyrings["keyring"] = "1";
  EXPECT_THAT(Judge(), ElementsAre(HasSubstr("instead of 1 2")));
  promised_.keyrings["keyring"].emplace_back("1");
  EXPECT_THAT(Judge(), IsEmpty());
}

}  // namespace
}  // namespace signet::testing
