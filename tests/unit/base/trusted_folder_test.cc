#include "base/trusted_folder.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "tests/testing/status_matchers.h"
#include "tests/testing/temp_dir.h"

namespace signet {
namespace {

using ::signet::testing::IsOk;
using ::signet::testing::StatusIs;
using ::signet::testing::TempDir;
using ::testing::HasSubstr;

constexpr uid_t kNobody = 65534;

class TrustedFolderTest : public ::testing::Test {
 protected:
  // A folder below the test's own with exactly this mode.
  std::string Folder(const std::string& name, mode_t mode) {
    const std::string path = temp_.File(name);
    EXPECT_EQ(::mkdir(path.c_str(), 0700), 0);
    EXPECT_EQ(::chmod(path.c_str(), mode), 0);
    return path;
  }

  TempDir temp_;
};

// Also shows that a sticky /tmp above a folder of ours is fine.
TEST_F(TrustedFolderTest, AcceptsAPrivateFolderBelowTmp) {
  EXPECT_THAT(CheckTrustedFolder(temp_.path()), IsOk());
}

TEST_F(TrustedFolderTest, AcceptsAFolderThatOthersMayRead) {
  EXPECT_THAT(CheckTrustedFolder(Folder("readable", 0755)), IsOk());
}

TEST_F(TrustedFolderTest, RefusesAFolderThatOthersMayWriteNamingIt) {
  const std::string folder = Folder("open", 0777);
  EXPECT_THAT(CheckTrustedFolder(folder), StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr(folder)));
}

TEST_F(TrustedFolderTest, RefusesAFolderThatItsGroupMayWrite) {
  EXPECT_THAT(CheckTrustedFolder(Folder("shared", 0770)), StatusIs(absl::StatusCode::kPermissionDenied));
}

TEST_F(TrustedFolderTest, RefusesAStickyFolderAsTheLast) {
  EXPECT_THAT(CheckTrustedFolder("/tmp"), StatusIs(absl::StatusCode::kPermissionDenied));
}

TEST_F(TrustedFolderTest, RefusesAnOpenAncestor) {
  const std::string open = Folder("open", 0777);
  const std::string inner = Folder("open/inner", 0700);
  EXPECT_THAT(CheckTrustedFolder(inner), StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr(open)));
}

TEST_F(TrustedFolderTest, RefusesAnAncestorOfAnotherUser) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root to give a folder away";
  const std::string theirs = Folder("theirs", 0755);
  const std::string inner = Folder("theirs/inner", 0700);
  ASSERT_EQ(::chown(theirs.c_str(), kNobody, kNobody), 0);
  EXPECT_THAT(CheckTrustedFolder(inner), StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("65534")));
}

TEST_F(TrustedFolderTest, FollowsLinksAndJudgesWhereTheyLead) {
  const std::string good = Folder("good", 0700);
  const std::string open = Folder("open", 0777);
  ASSERT_EQ(::symlink("good", temp_.File("to_good").c_str()), 0);
  ASSERT_EQ(::symlink(open.c_str(), temp_.File("to_open").c_str()), 0);
  ASSERT_EQ(::symlink("good/../open", temp_.File("around").c_str()), 0);
  EXPECT_THAT(CheckTrustedFolder(temp_.File("to_good")), IsOk());
  EXPECT_THAT(CheckTrustedFolder(temp_.File("to_open")), StatusIs(absl::StatusCode::kPermissionDenied));
  EXPECT_THAT(CheckTrustedFolder(temp_.File("around")), StatusIs(absl::StatusCode::kPermissionDenied));
}

TEST_F(TrustedFolderTest, RefusesALinkOfAnotherUser) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root to give a link away";
  Folder("good", 0700);
  const std::string link = temp_.File("link");
  ASSERT_EQ(::symlink("good", link.c_str()), 0);
  ASSERT_EQ(::lchown(link.c_str(), kNobody, kNobody), 0);
  EXPECT_THAT(CheckTrustedFolder(link), StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr(link)));
}

TEST_F(TrustedFolderTest, RefusesALoopOfLinks) {
  ASSERT_EQ(::symlink("b", temp_.File("a").c_str()), 0);
  ASSERT_EQ(::symlink("a", temp_.File("b").c_str()), 0);
  EXPECT_THAT(CheckTrustedFolder(temp_.File("a")), StatusIs(absl::StatusCode::kFailedPrecondition));
}

TEST_F(TrustedFolderTest, ReportsAMissingFolder) {
  EXPECT_THAT(CheckTrustedFolder(temp_.File("none")),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("none")));
}

TEST_F(TrustedFolderTest, RefusesAFileAsAFolder) {
  EXPECT_THAT(CheckTrustedFolder("/etc/passwd"), StatusIs(absl::StatusCode::kFailedPrecondition));
}

TEST_F(TrustedFolderTest, RefusesARelativePath) {
  EXPECT_THAT(CheckTrustedFolder("tmp"), StatusIs(absl::StatusCode::kFailedPrecondition));
  EXPECT_THAT(CheckTrustedFolder(""), StatusIs(absl::StatusCode::kFailedPrecondition));
}

}  // namespace
}  // namespace signet
