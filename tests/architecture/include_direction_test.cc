// Includes point one way, in this tree; and the check sees one that does not.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "tests/architecture/include_rules.h"
#include "tests/architecture/source_tree.h"
#include "tests/testing/paths.h"
#include "tests/testing/temp_dir.h"

namespace signet::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

std::vector<std::string> IncludeViolations(const std::string& root) {
  std::vector<std::string> found;
  for (const SourceFile& file : ReadSourceTree(root)) {
    if (!file.IsCpp()) continue;
    for (const Violation& violation : CheckIncludes(file)) found.push_back(violation.ToString());
  }
  return found;
}

TEST(IncludeDirectionTest, EveryIncludeOfTheTreePointsDownward) {
  EXPECT_THAT(IncludeViolations(testing::SourcePath("")), IsEmpty());
}

TEST(IncludeDirectionTest, ReadsTheWholeTree) {
  size_t files = 0;
  size_t includes = 0;
  for (const SourceFile& file : ReadSourceTree(testing::SourcePath(""))) {
    if (!file.IsCpp()) continue;
    ++files;
    includes += IncludesOf(file).size();
  }
  EXPECT_GE(files, 40u);
  EXPECT_GE(includes, 4 * files);
}

TEST(IncludeDirectionTest, FindsAPlantedUpwardInclude) {
  TempDir root;
  std::filesystem::create_directories(root.File("crypto"));
  std::ofstream(root.File("crypto/digest.h"))
      << "#include <string>\n\n#include \"base/clock.h\"\n#include \"plugin/hierarchy/key_hierarchy.h\"\n";
  EXPECT_THAT(IncludeViolations(root.path()),
              ElementsAre("crypto/digest.h:4: crypto must not include plugin/hierarchy/key_hierarchy.h"));
}

struct IncludeCase {
  const char* file;
  const char* include;
};
void PrintTo(const IncludeCase& c, std::ostream* out) { *out << c.file << " includes " << c.include; }

std::vector<Violation> Judge(const IncludeCase& c) {
  return CheckIncludes(MakeSourceFile(c.file, std::string("#include ") + c.include + "\n"));
}

class RefusedIncludeTest : public ::testing::TestWithParam<IncludeCase> {};
TEST_P(RefusedIncludeTest, IsFound) { EXPECT_THAT(Judge(GetParam()), SizeIs(1)); }

INSTANTIATE_TEST_SUITE_P(
    Architecture, RefusedIncludeTest,
    ::testing::Values(IncludeCase{"base/clock.cc", "\"crypto/random.h\""},
                      IncludeCase{"base/clock.cc", "<openssl/evp.h>"},
                      IncludeCase{"base/clock.cc", "\"absl/synchronization/mutex.h\""},
                      IncludeCase{"crypto/record.cc", "\"kms_client/kms_client.h\""},
                      IncludeCase{"kms_client/kms_client.h", "\"plugin/hierarchy/active_key.h\""},
                      IncludeCase{"kms_client/kms_client.h", "\"kms_client/local/keyring.h\""},
                      IncludeCase{"kms_client/local/a.cc", "\"plugin/config/config.h\""},
                      IncludeCase{"kms_client/local/a.cc", "\"kms_client/vault/a.h\""},
                      IncludeCase{"kms_client/local/a.cc", "<openssl/evp.h>"},
                      IncludeCase{"kms_client/http/a.cc", "\"kms_client/auth/a.h\""},
                      IncludeCase{"kms_client/vault/a.cc", "<curl/curl.h>"},
                      IncludeCase{"kms_client/vault/a.cc", "<pkcs11.h>"},
                      IncludeCase{"plugin/hierarchy/a.cc", "\"plugin/service/kms_service.h\""},
                      IncludeCase{"plugin/hierarchy/a.cc", "\"plugin/config/config.h\""},
                      IncludeCase{"plugin/hierarchy/a.cc", "\"kms_client/local/keyring.h\""},
                      IncludeCase{"plugin/hierarchy/a.cc", "<spdlog/spdlog.h>"},
                      IncludeCase{"plugin/service/a.cc", "\"plugin/server/server.h\""},
                      IncludeCase{"plugin/service/a.cc", "\"proto/kms/v2/api.pb.h\""},
                      IncludeCase{"plugin/service/a.cc", "<grpcpp/grpcpp.h>"},
                      IncludeCase{"plugin/server/a.cc", "\"plugin/cmd/common/version.h\""},
                      IncludeCase{"plugin/server/a.cc", "\"plugin/config/config.h\""},
                      IncludeCase{"plugin/server/a.cc", "\"kms_client/local/keyring.h\""},
                      IncludeCase{"plugin/config/a.cc", "\"plugin/hierarchy/key_hierarchy.h\""},
                      IncludeCase{"plugin/config/a.cc", "\"crypto/digest.h\""},
                      IncludeCase{"plugin/observability/a.cc", "\"plugin/hierarchy/key_hierarchy.h\""},
                      IncludeCase{"plugin/observability/a.cc", "\"crypto/secret_bytes.h\""},
                      IncludeCase{"plugin/etcd/a.cc", "\"plugin/hierarchy/active_key.h\""},
                      IncludeCase{"plugin/cmd/signetd/main.cc", "\"tests/testing/poll.h\""},
                      IncludeCase{"plugin/cmd/signetd/main.cc", "<gtest/gtest.h>"},
                      IncludeCase{"plugin/cmd/signetd/main.cc", "<boost/asio.hpp>"},
                      IncludeCase{"bench/seal.cc", "<gtest/gtest.h>"},
                      IncludeCase{"somewhere/a.cc", "<string>"}, IncludeCase{"plugin/a.cc", "<string>"}));

class AllowedIncludeTest : public ::testing::TestWithParam<IncludeCase> {};
TEST_P(AllowedIncludeTest, Passes) { EXPECT_THAT(Judge(GetParam()), IsEmpty()); }

INSTANTIATE_TEST_SUITE_P(
    Architecture, AllowedIncludeTest,
    ::testing::Values(IncludeCase{"base/clock.cc", "<sys/types.h>"},
                      IncludeCase{"base/clock.cc", "\"absl/time/time.h\""},
                      IncludeCase{"crypto/random.cc", "<openssl/rand.h>"},
                      IncludeCase{"kms_client/local/a.cc", "\"kms_client/resilience/retry.h\""},
                      IncludeCase{"plugin/server/a.cc", "\"proto/kms/v2/api.grpc.pb.h\""},
                      IncludeCase{"plugin/observability/a.cc", "\"plugin/hierarchy/hierarchy_observer.h\""},
                      IncludeCase{"plugin/cmd/signetctl/a.cc", "\"kms_client/local/keyring.h\""},
                      IncludeCase{"tests/unit/crypto/a.cc", "<openssl/evp.h>"},
                      IncludeCase{"bench/a.cc", "\"tests/testing/temp_dir.h\""}));

TEST(IncludeDirectionTest, ReadsIncludesAsTheCompilerDoes) {
  const SourceFile file = MakeSourceFile("base/a.cc",
                                         "// #include \"plugin/a.h\"\n"
                                         "/*\n#include \"plugin/b.h\"\n*/\n"
                                         "  #  include <plugin/service/c.h>  // why\n"
                                         "const char* text = \"#include <plugin/d.h>\";\n");
  const std::vector<Violation> found = CheckIncludes(file);
  ASSERT_THAT(found, SizeIs(1));
  EXPECT_EQ(found[0].line, 5u);
  EXPECT_THAT(found[0].message, HasSubstr("plugin/service/c.h"));
}

}  // namespace
}  // namespace signet::testing
