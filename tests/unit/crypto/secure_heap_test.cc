#include "crypto/secure_heap.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/crypto.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdlib>

#include "crypto/secret_bytes.h"
#include "tests/testing/status_matchers.h"

namespace signet::crypto {
namespace {

using ::signet::testing::IsOk;

TEST(SecureHeapTest, ASecondInitializationDoesNothing) {
  EXPECT_THAT(InitializeSecureHeap(kDefaultSecureHeapBytes), IsOk());
  EXPECT_THAT(InitializeSecureHeap(3), IsOk());
}

TEST(SecureHeapTest, CountsWhatIsInUse) {
  const size_t before = SecureHeapBytesInUse();
  ASSERT_OK_AND_ASSIGN(const SecretBytes secret, SecretBytes::Create(48));
  EXPECT_EQ(SecureHeapBytesInUse(), before + 64) << "blocks are powers of two";
}

// The heap can be set up once per process, so these run in a process of their own, which first gives up the
// one that main() made.
[[noreturn]] void ExitWithCodeOfInitialization(size_t bytes) {
  if (CRYPTO_secure_malloc_done() != 1) std::exit(100);
  const absl::Status status = InitializeSecureHeap(bytes);
  const bool usable = status.ok() || absl::IsFailedPrecondition(status);
  if (usable) {
    const absl::StatusOr<SecretBytes> secret = SecretBytes::Create(32);
    if (!secret.ok() || CRYPTO_secure_allocated(secret->Expose().data()) != 1) std::exit(101);
  }
  std::exit(static_cast<int>(status.code()));
}

class SecureHeapDeathTest : public ::testing::Test {
 protected:
  SecureHeapDeathTest() { GTEST_FLAG_SET(death_test_style, "threadsafe"); }
};

TEST_F(SecureHeapDeathTest, RefusesSizesThatWouldAbortOpenssl) {
  const ::testing::ExitedWithCode refused(static_cast<int>(absl::StatusCode::kInvalidArgument));
  EXPECT_EXIT(ExitWithCodeOfInitialization(0), refused, "");
  EXPECT_EXIT(ExitWithCodeOfInitialization(size_t{1} << 15), refused, "");
  EXPECT_EXIT(ExitWithCodeOfInitialization((size_t{1} << 20) - 1), refused, "");
  EXPECT_EXIT(ExitWithCodeOfInitialization(size_t{3} << 20), refused, "");
  EXPECT_EXIT(ExitWithCodeOfInitialization(size_t{1} << 31), refused, "");
  EXPECT_EXIT(ExitWithCodeOfInitialization(size_t{1} << 62), refused, "");
}

// Sanitizers need more address space than this test leaves.
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
TEST_F(SecureHeapDeathTest, SaysThatThereIsNoMemory) {
  const auto with_little_address_space = [] {
    const rlimit little{size_t{512} << 20, size_t{512} << 20};
    if (::setrlimit(RLIMIT_AS, &little) != 0) std::exit(102);
    ExitWithCodeOfInitialization(size_t{1} << 30);
  };
  EXPECT_EXIT(with_little_address_space(),
              ::testing::ExitedWithCode(static_cast<int>(absl::StatusCode::kResourceExhausted)), "");
}
#endif

TEST_F(SecureHeapDeathTest, SaysThatItIsNotLockedYetWorks) {
  const auto without_the_right_to_lock = [] {
    const rlimit none{0, 0};
    if (::setrlimit(RLIMIT_MEMLOCK, &none) != 0) std::exit(102);
    if (::geteuid() == 0 && ::setuid(65534) != 0) std::exit(103);
    ExitWithCodeOfInitialization(kDefaultSecureHeapBytes);
  };
  EXPECT_EXIT(without_the_right_to_lock(),
              ::testing::ExitedWithCode(static_cast<int>(absl::StatusCode::kFailedPrecondition)), "");
}

}  // namespace
}  // namespace signet::crypto
