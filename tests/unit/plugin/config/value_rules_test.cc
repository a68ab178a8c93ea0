#include "plugin/config/value_rules.h"

#include <gtest/gtest.h>

#include <string>

namespace signet {
namespace {

TEST(ValueRulesTest, DurationsAreAWholeNumberAndAUnit) {
  const auto parse = DurationBetween(absl::ZeroDuration(), absl::Hours(24 * 366)).parse;
  EXPECT_EQ(parse("250ms"), absl::Milliseconds(250));
  EXPECT_EQ(parse("150s"), absl::Seconds(150));
  EXPECT_EQ(parse("5m"), absl::Minutes(5));
  EXPECT_EQ(parse("12h"), absl::Hours(12));
  EXPECT_EQ(parse("30d"), absl::Hours(720));
  EXPECT_EQ(parse("0s"), absl::ZeroDuration());
  for (const char* bad : {"", "s", "10", "1.5h", "-1s", "+1s", "1 s", "1h30m", "1S", "1w", "0x1s", "367d",
                          "99999999999999999999s", "18446744073709551615d"}) {
    EXPECT_EQ(parse(bad), std::nullopt) << bad;
  }
}

TEST(ValueRulesTest, FormatsDurationsAsTheyAreWritten) {
  EXPECT_EQ(FormatDurationSetting(absl::Hours(720)), "30d");
  EXPECT_EQ(FormatDurationSetting(absl::Hours(25)), "25h");
  EXPECT_EQ(FormatDurationSetting(absl::Minutes(90)), "90m");
  EXPECT_EQ(FormatDurationSetting(absl::Seconds(150)), "150s");
  EXPECT_EQ(FormatDurationSetting(absl::Milliseconds(1500)), "1500ms");
  EXPECT_EQ(FormatDurationSetting(absl::ZeroDuration()), "0s");
}

TEST(ValueRulesTest, MomentsHaveAZone) {
  EXPECT_EQ(Moment().parse("2025-03-01T02:00:00Z"), absl::FromUnixSeconds(1740794400));
  EXPECT_EQ(Moment().parse("2025-03-01T03:00:00+01:00"), absl::FromUnixSeconds(1740794400));
  for (const char* bad : {"", "2025-03-01", "2025-03-01T02:00:00", "2025-13-01T02:00:00Z",
                          "tomorrow at noon, UTC", "infinite-future-and-more"}) {
    EXPECT_EQ(Moment().parse(bad), std::nullopt) << bad;
  }
}

TEST(ValueRulesTest, NumbersAreDigitsInRange) {
  const auto parse = WholeNumber(1, 4096).parse;
  EXPECT_EQ(parse("1"), 1u);
  EXPECT_EQ(parse("4096"), 4096u);
  for (const char* bad :
       {"", "0", "4097", "-1", "+1", " 1", "1 ", "1e3", "0x10", "1_000", "18446744073709551617"}) {
    EXPECT_EQ(parse(bad), std::nullopt) << bad;
  }
}

TEST(ValueRulesTest, BooleansAreTrueOrFalse) {
  const auto parse = Boolean().parse;
  EXPECT_EQ(parse("true"), true);
  EXPECT_EQ(parse("false"), false);
  for (const char* bad : {"yes", "on", "True", "1", ""}) EXPECT_EQ(parse(bad), std::nullopt) << bad;
}

TEST(ValueRulesTest, SocketModesAreOctalWithoutExecuteBits) {
  const auto parse = SocketMode().parse;
  EXPECT_EQ(parse("0600"), mode_t{0600});
  EXPECT_EQ(parse("0660"), mode_t{0660});
  EXPECT_EQ(parse("0666"), mode_t{0666});
  for (const char* bad : {"600", "0700", "0400", "0661", "0688", "06600", "384", ""}) {
    EXPECT_EQ(parse(bad), std::nullopt) << bad;
  }
}

TEST(ValueRulesTest, NobodyIsNoUser) {
  const auto parse = UserId().parse;
  EXPECT_EQ(parse("0"), uid_t{0});
  EXPECT_EQ(parse("4294967294"), uid_t{4294967294});
  for (const char* bad : {"65534", "4294967295", "4294967296", "-1", "root", ""}) {
    EXPECT_EQ(parse(bad), std::nullopt) << bad;
  }
}

TEST(ValueRulesTest, ClusterIdsNeedNoEscapes) {
  const auto parse = ClusterId().parse;
  EXPECT_EQ(parse("signet-0a.B_9"), "signet-0a.B_9");
  EXPECT_EQ(parse(std::string(64, 'a')), std::string(64, 'a'));
  for (const std::string& bad : {std::string(), std::string(65, 'a'), std::string("a b"), std::string("a\"b"),
                                 std::string("a/b"), std::string("\xC3\xA9")}) {
    EXPECT_EQ(parse(bad), std::nullopt) << bad;
  }
}

TEST(ValueRulesTest, ProviderNamesAreLowerCase) {
  const auto parse = ProviderName().parse;
  EXPECT_EQ(parse("vault-eu-1"), "vault-eu-1");
  for (const std::string& bad :
       {std::string(), std::string(33, 'a'), std::string("A"), std::string("a.b"), std::string("a:b")}) {
    EXPECT_EQ(parse(bad), std::nullopt) << bad;
  }
}

TEST(ValueRulesTest, PathsAreAbsoluteAndPlain) {
  const auto parse = AbsolutePath().parse;
  EXPECT_EQ(parse("/etc/signet/a key"), "/etc/signet/a key");
  for (const std::string& bad : {std::string(), std::string("/"), std::string("a/b"), std::string("/a/"),
                                 std::string("/a/../b"), std::string("/./a"), "/" + std::string(4095, 'a')}) {
    EXPECT_EQ(parse(bad), std::nullopt) << bad;
  }
}

TEST(ValueRulesTest, SocketPathsFitTheKernelAndAUrl) {
  const auto parse = SocketPath(/*abstract=*/true).parse;
  EXPECT_EQ(parse("/run/signet/kms.sock"), "/run/signet/kms.sock");
  EXPECT_EQ(parse("@signet"), "@signet");
  const std::string longest = "/" + std::string(106, 'a');
  EXPECT_EQ(parse(longest), longest);
  for (const std::string& bad :
       {longest + "a", std::string("kms.sock"), std::string("@"), std::string("/a b"), std::string("/a%20b"),
        std::string("/a?b"), std::string("/a#b"), std::string("/@a"), "@" + std::string(107, 'a')}) {
    EXPECT_EQ(parse(bad), std::nullopt) << bad;
  }
  EXPECT_EQ(SocketPath(/*abstract=*/false).parse("@signet"), std::nullopt);
}

TEST(ValueRulesTest, CredentialsAreFileNames) {
  const auto parse = CredentialName().parse;
  EXPECT_EQ(parse("signet-passphrase"), "signet-passphrase");
  for (const char* bad : {"", ".", "..", "a/b", "/a"}) EXPECT_EQ(parse(bad), std::nullopt) << bad;
}

TEST(ValueRulesTest, OwnersAreNamesOrNumbers) {
  const auto parse = UserOrGroup().parse;
  EXPECT_EQ(parse("kube-apiserver"), "kube-apiserver");
  EXPECT_EQ(parse("65532"), "65532");
  for (const char* bad : {"", "-a", "a b", "a:b"}) EXPECT_EQ(parse(bad), std::nullopt) << bad;
}

}  // namespace
}  // namespace signet
