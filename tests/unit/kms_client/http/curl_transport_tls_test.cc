#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "kms_client/http/curl_transport.h"
#include "kms_client/http/http_library.h"
#include "tests/testing/loopback_server.h"
#include "tests/testing/status_matchers.h"
#include "tests/testing/temp_dir.h"
#include "tests/testing/test_certificates.h"

namespace signet::kms {
namespace {

using ::signet::testing::IsOk;
using ::signet::testing::LoopbackReply;
using ::signet::testing::LoopbackRequest;
using ::signet::testing::LoopbackServer;
using ::signet::testing::PemPair;
using ::signet::testing::StatusIs;
using ::signet::testing::TempDir;
using ::signet::testing::TestCa;
using ::testing::HasSubstr;

class CurlTransportTlsTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { ASSERT_THAT(InitializeHttpLibrary(), IsOk()); }

  static LoopbackReply Ok(const LoopbackRequest&) { return {}; }

  // As agents renew files.
  std::string Write(const std::string& name, const std::string& text) {
    const std::string temporary = folder_.File("temporary");
    std::ofstream(temporary) << text;
    EXPECT_EQ(::chmod(temporary.c_str(), 0600), 0);
    std::filesystem::rename(temporary, folder_.File(name));
    return folder_.File(name);
  }
  HttpSettings Trusting(const TestCa& ca) {
    HttpSettings settings;
    settings.connect_timeout = settings.total_timeout = absl::Minutes(1);
    settings.tls.ca_file = Write("ca.pem", ca.pem());
    return settings;
  }
  static absl::Status Call(HttpTransport& transport, const LoopbackServer& server) {
    HttpRequest request;
    request.operation = "test call";
    request.SetUrl(server.url());
    return transport.Send(request, {}).status();
  }
  static absl::Status Call(const HttpSettings& settings, const LoopbackServer& server) {
    return Call(*MakeCurlTransport(settings, SystemClock()), server);
  }

  TempDir folder_;
  TestCa ca_;
  const PemPair good_ = ca_.Issue("server", "IP:127.0.0.1");
};

TEST_F(CurlTransportTlsTest, TrustsTheConfiguredCa) {
  LoopbackServer server(Ok, {.certificate = good_});
  EXPECT_THAT(Call(Trusting(ca_), server), IsOk());
}

TEST_F(CurlTransportTlsTest, RefusesACertificateOfAnotherCa) {
  LoopbackServer server(Ok, {.certificate = good_});
  const TestCa other("Other CA");
  EXPECT_THAT(Call(Trusting(other), server),
              StatusIs(absl::StatusCode::kUnavailable, HasSubstr("unable to get local issuer certificate")));
  EXPECT_TRUE(server.requests().empty());
}

TEST_F(CurlTransportTlsTest, RefusesACertificateThatTheSystemDoesNotTrust) {
  LoopbackServer server(Ok, {.certificate = good_});
  HttpSettings settings = Trusting(ca_);
  settings.tls.ca_file.clear();
  EXPECT_THAT(Call(settings, server),
              StatusIs(absl::StatusCode::kUnavailable, HasSubstr("certificate not trusted")));
}

TEST_F(CurlTransportTlsTest, RefusesAnExpiredCertificate) {
  LoopbackServer server(Ok, {.certificate = ca_.Issue("server", "IP:127.0.0.1", -1)});
  EXPECT_THAT(Call(Trusting(ca_), server),
              StatusIs(absl::StatusCode::kUnavailable, HasSubstr("certificate has expired")));
}

TEST_F(CurlTransportTlsTest, RefusesACertificateForAnotherName) {
  LoopbackServer server(Ok, {.certificate = ca_.Issue("127.0.0.1", "DNS:elsewhere.example")});
  EXPECT_THAT(Call(Trusting(ca_), server),
              StatusIs(absl::StatusCode::kUnavailable, HasSubstr("not for this host name")));
}

TEST_F(CurlTransportTlsTest, SendsAndVerifiesTheServerNameThatIsSet) {
  LoopbackServer server(Ok, {.certificate = ca_.Issue("server", "DNS:vault.internal")});
  HttpSettings settings = Trusting(ca_);
  settings.tls.server_name = "vault.internal";
  EXPECT_THAT(Call(settings, server), IsOk());
  const LoopbackRequest request = server.requests().at(0);
  EXPECT_EQ(request.server_name, "vault.internal");
  EXPECT_EQ(request.headers.at("host"), absl::StrCat("127.0.0.1:", server.port()));
  settings.tls.server_name = "other.internal";
  EXPECT_THAT(Call(settings, server),
              StatusIs(absl::StatusCode::kUnavailable, HasSubstr("not for this host name")));
}

TEST_F(CurlTransportTlsTest, RefusesVersionsBelow12) {
  LoopbackServer old(Ok, {.certificate = good_, .max_version = TLS1_1_VERSION});
  EXPECT_THAT(Call(Trusting(ca_), old), StatusIs(absl::StatusCode::kUnavailable, HasSubstr("below 1.2")));
  LoopbackServer tls12(Ok, {.certificate = good_, .max_version = TLS1_2_VERSION});
  EXPECT_THAT(Call(Trusting(ca_), tls12), IsOk());
}

TEST_F(CurlTransportTlsTest, NamesAPortWithoutTls) {
  LoopbackServer plain(Ok);
  HttpRequest request;
  request.operation = "test call";
  request.SetUrl(absl::StrCat("https://127.0.0.1:", plain.port()));
  EXPECT_THAT(MakeCurlTransport(Trusting(ca_), SystemClock())->Send(request, {}),
              StatusIs(absl::StatusCode::kUnavailable, HasSubstr("not a TLS port")));
}

TEST_F(CurlTransportTlsTest, ShowsItsClientCertificate) {
  LoopbackServer server(Ok, {.certificate = good_, .client_ca = ca_.pem()});
  HttpSettings settings = Trusting(ca_);
  // Refused in the handshake or, under TLS 1.3, after it.
  EXPECT_THAT(Call(settings, server),
              StatusIs(absl::StatusCode::kUnavailable, HasSubstr("our client certificate was refused")));
  const PemPair client = ca_.Issue("signet-1", "");
  settings.tls.client_certificate_file = Write("client.pem", client.certificate);
  settings.tls.client_key_file = Write("client.key", client.key);
  EXPECT_THAT(Call(settings, server), IsOk());
  EXPECT_EQ(server.requests().at(0).client_common_name, "signet-1");
}

TEST_F(CurlTransportTlsTest, TakesUpARenewedClientCertificateAtOnce) {
  LoopbackServer server(Ok, {.certificate = good_, .client_ca = ca_.pem()});
  HttpSettings settings = Trusting(ca_);
  const PemPair first = ca_.Issue("signet-1", "");
  settings.tls.client_certificate_file = Write("client.pem", first.certificate);
  settings.tls.client_key_file = Write("client.key", first.key);
  const auto transport = MakeCurlTransport(settings, SystemClock());
  EXPECT_THAT(Call(*transport, server), IsOk());
  const PemPair second = ca_.Issue("signet-2", "");
  Write("client.pem", second.certificate);
  Write("client.key", second.key);
  EXPECT_THAT(Call(*transport, server), IsOk());
  EXPECT_EQ(server.requests().at(1).client_common_name, "signet-2");
}

TEST_F(CurlTransportTlsTest, TakesUpARenewedCaBundleAtOnce) {
  LoopbackServer server(Ok, {.certificate = good_});
  const auto transport = MakeCurlTransport(Trusting(ca_), SystemClock());
  EXPECT_THAT(Call(*transport, server), IsOk());
  // No connection made under the old bundle is trusted under the new one.
  Write("ca.pem", TestCa("Other CA").pem());
  EXPECT_THAT(Call(*transport, server), StatusIs(absl::StatusCode::kUnavailable));
  Write("ca.pem", ca_.pem());
  EXPECT_THAT(Call(*transport, server), IsOk());
}

TEST_F(CurlTransportTlsTest, StartsBeforeItsFilesExist) {
  LoopbackServer server(Ok, {.certificate = good_});
  HttpSettings settings = Trusting(ca_);
  std::filesystem::remove(settings.tls.ca_file);
  const auto transport = MakeCurlTransport(settings, SystemClock());
  EXPECT_THAT(Call(*transport, server),
              StatusIs(absl::StatusCode::kUnavailable, HasSubstr("does not exist")));
  Write("ca.pem", ca_.pem());
  EXPECT_THAT(Call(*transport, server), IsOk());
}

TEST_F(CurlTransportTlsTest, RefusesAClientKeyThatOthersCanRead) {
  LoopbackServer server(Ok, {.certificate = good_});
  HttpSettings settings = Trusting(ca_);
  settings.tls.client_certificate_file = Write("client.pem", good_.certificate);
  settings.tls.client_key_file = Write("client.key", good_.key);
  ASSERT_EQ(::chmod(settings.tls.client_key_file.c_str(), 0644), 0);
  EXPECT_THAT(Call(settings, server), StatusIs(absl::StatusCode::kUnavailable, HasSubstr("open to others")));
}

TEST_F(CurlTransportTlsTest, SaysThatABundleOrKeyIsNoPem) {
  LoopbackServer server(Ok, {.certificate = good_});
  HttpSettings settings = Trusting(ca_);
  Write("ca.pem", "not a certificate");
  EXPECT_THAT(Call(settings, server), StatusIs(absl::StatusCode::kUnavailable, HasSubstr("CA bundle")));
  settings = Trusting(ca_);
  settings.tls.client_certificate_file = Write("client.pem", good_.certificate);
  settings.tls.client_key_file = Write("client.key", ca_.Issue("other", "").key);
  EXPECT_THAT(Call(settings, server),
              StatusIs(absl::StatusCode::kUnavailable, HasSubstr("client certificate")));
}

}  // namespace
}  // namespace signet::kms
