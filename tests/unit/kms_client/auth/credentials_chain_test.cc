#include "kms_client/auth/credentials_chain.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "tests/testing/status_matchers.h"

namespace signet::kms {
namespace {

using ::signet::testing::IsOk;
using ::signet::testing::StatusIs;

struct Source {
  absl::Status status;
  int fetches = 0;
  const Credentials* previous = nullptr;
  bool changed = false;
  std::shared_ptr<const Credentials> credentials = std::make_shared<Credentials>();
};

class SourceProvider final : public CredentialsProvider {
 public:
  explicit SourceProvider(Source& source) : source_(source) {}
  absl::StatusOr<IssuedCredentials> Fetch(const CallContext&, const Credentials* previous) override {
    ++source_.fetches;
    source_.previous = previous;
    if (!source_.status.ok()) return source_.status;
    return IssuedCredentials{source_.credentials};
  }
  bool HasChanged(const Credentials&) override { return source_.changed; }

 private:
  Source& source_;
};

class CredentialsChainTest : public ::testing::Test {
 protected:
  CredentialsChainTest() {
    std::vector<std::unique_ptr<CredentialsProvider>> providers;
    for (Source* source : {&first_, &second_}) providers.push_back(std::make_unique<SourceProvider>(*source));
    chain_ = MakeCredentialsChain(std::move(providers));
  }

  Source first_, second_;
  std::unique_ptr<CredentialsProvider> chain_;
};

TEST_F(CredentialsChainTest, TheFirstThatIsThereDecides) {
  ASSERT_OK_AND_ASSIGN(IssuedCredentials issued, chain_->Fetch({}, nullptr));
  EXPECT_EQ(issued.credentials, first_.credentials);
  EXPECT_EQ(second_.fetches, 0);
  first_.status = absl::NotFoundError("no file");
  ASSERT_OK_AND_ASSIGN(issued, chain_->Fetch({}, nullptr));
  EXPECT_EQ(issued.credentials, second_.credentials);
}

TEST_F(CredentialsChainTest, ASourceThatFailsIsNotPassedOver) {
  first_.status = absl::UnavailableError("refused");
  EXPECT_THAT(chain_->Fetch({}, nullptr), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_EQ(second_.fetches, 0);
}

TEST_F(CredentialsChainTest, SaysWhenNoneIsThere) {
  first_.status = second_.status = absl::NotFoundError("no file");
  EXPECT_THAT(chain_->Fetch({}, nullptr), StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(CredentialsChainTest, OffersThePreviousOnlyToItsOwnSource) {
  first_.status = absl::NotFoundError("no file");
  ASSERT_OK_AND_ASSIGN(const IssuedCredentials issued, chain_->Fetch({}, nullptr));
  ASSERT_THAT(chain_->Fetch({}, issued.credentials.get()), IsOk());
  EXPECT_EQ(first_.previous, nullptr);
  EXPECT_EQ(second_.previous, issued.credentials.get());
  second_.changed = true;
  EXPECT_TRUE(chain_->HasChanged(*issued.credentials));
}

}  // namespace
}  // namespace signet::kms
