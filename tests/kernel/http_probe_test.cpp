// covers probe/http, probe/http_attempt, probe/http_engine, probe/http_request, probe/pattern
// covers probe/attempt, probe/host

// The http probe against servers that do what servers do on bad days.

#include <gtest/gtest.h>

#include "blackstart/limits.h"
#include "support/kernel_test.h"
#include "support/probe_bench.h"
#include "support/tcp_server.h"
#include "support/temp_files.h"
#include "sys/process.h"

namespace blackstart {
namespace {

using namespace std::chrono_literals;
using test::Connection;
using test::ProbeBench;
using test::TcpServer;

std::string http(const std::string& url, const std::string& more = {}) {
  return R"({"http": ")" + url + '"' + (more.empty() ? "" : ", " + more) + '}';
}

TcpServer::Handler answering(std::string status, std::string body, std::string headers = {}) {
  return [=](Connection& connection) {
    while (!connection.read_request().empty()) connection.answer(status, body, headers);
  };
}

class HttpProbe : public KernelTest {
 protected:
  void SetUp() override {
    KernelTest::SetUp();
    if (!IsSkipped()) loopback_up();
  }

  // A port that nobody listens on: that of a server that has gone.
  static std::string closed_url() { return TcpServer{answering("200 OK", "")}.url(); }
};

TEST_F(HttpProbe, IsOkForAnAnswerOfTwoHundred) {
  const TcpServer server{answering("200 OK", "hello")};
  const CheckResult result = ProbeBench{}.run(http(server.url()));
  EXPECT_EQ(result.outcome, Outcome::ok) << result.reason;
  EXPECT_EQ(result.reason, "");
  EXPECT_GT(result.phases.connect, 0ns);
  EXPECT_GT(result.phases.first_byte, 0ns);
  EXPECT_EQ(result.phases.tls, 0ns);
}

TEST_F(HttpProbe, FailsForAnotherStatus) {
  const TcpServer server{answering("503 Unavailable", "")};
  const CheckResult result = ProbeBench{}.run(http(server.url()));
  EXPECT_EQ(result.outcome, Outcome::failed);
  EXPECT_EQ(result.reason, "status 503, expected 2xx");
}

TEST_F(HttpProbe, DoesNotFollowRedirects) {
  const TcpServer server{answering("302 Found", "", "Location: http://127.0.0.1:1/\r\n")};
  EXPECT_EQ(ProbeBench{}.run(http(server.url())).reason, "status 302, expected 2xx");
  EXPECT_EQ(ProbeBench{}.run(http(server.url(), R"("expect": {"status": 302})")).outcome,
            Outcome::ok);
}

TEST_F(HttpProbe, IsWrongWhenTheAnswerLooksGoodAndLies) {
  const TcpServer server{answering("200 OK", R"({"balance": 0})")};
  const CheckResult result =
      ProbeBench{}.run(http(server.url(), R"("truth": {"json": {"/balance": 42.5}})"));
  EXPECT_EQ(result.outcome, Outcome::wrong);
  EXPECT_EQ(result.reason, "/balance is 0, expected 42.5");
  EXPECT_EQ(result.evidence, R"(status 200; /balance is 0; body: {"balance": 0})");
}

TEST_F(HttpProbe, AsksTruthOnlyOfAnAnswerThatClaimsSuccess) {
  const TcpServer server{answering("500 Oops", R"({"balance": 0})")};
  const CheckResult result =
      ProbeBench{}.run(http(server.url(), R"("truth": {"json": {"/balance": 42.5}})"));
  EXPECT_EQ(result.outcome, Outcome::failed);
}

TEST_F(HttpProbe, IsWrongWhenTheBodyShouldBeJsonAndIsNot) {
  const TcpServer server{answering("200 OK", "<html>all is well</html>")};
  const CheckResult result =
      ProbeBench{}.run(http(server.url(), R"("truth": {"json": {"/balance": 42.5}})"));
  EXPECT_EQ(result.outcome, Outcome::wrong);
  EXPECT_EQ(result.reason, "the body is not JSON");
}

TEST_F(HttpProbe, SendsTheMethodHeadersAndBodyThatItWasGiven) {
  std::string seen;
  const TcpServer server{[&](Connection& connection) {
    seen = connection.read_request();
    connection.answer("204 No Content", "", "X-Version: 7\r\n");
  }};
  const CheckResult result =
      ProbeBench{}.run(R"({"http": {"url": ")" + server.url("/path?q=1") +
                       R"(", "method": "PUT", "headers": {"X-Mine": "yes"}, "body": "abc"},
          "expect": {"status": 204, "header": {"x-version": 7}}})");
  EXPECT_EQ(result.outcome, Outcome::ok) << result.reason;
  EXPECT_TRUE(seen.starts_with("PUT /path?q=1 HTTP/1.1\r\n")) << seen;
  EXPECT_NE(seen.find("\r\nX-Mine: yes\r\n"), std::string::npos) << seen;
  EXPECT_NE(seen.find("\r\nContent-Length: 3\r\n"), std::string::npos) << seen;
  EXPECT_NE(seen.find("\r\nUser-Agent: blackstart/"), std::string::npos) << seen;
  EXPECT_EQ(seen.find("Expect:"), std::string::npos) << seen;
}

TEST_F(HttpProbe, UsesNoProxyOfTheEnvironment) {
  const TcpServer server{answering("200 OK", "")};
  ::setenv("http_proxy", "http://127.0.0.1:1", 1);
  const CheckResult result = ProbeBench{}.run(http(server.url()));
  ::unsetenv("http_proxy");
  EXPECT_EQ(result.outcome, Outcome::ok) << result.reason;
}

TEST_F(HttpProbe, SaysThatTheConnectionWasRefused) {
  const CheckResult result = ProbeBench{}.run(http(closed_url()));
  EXPECT_EQ(result.outcome, Outcome::failed);
  EXPECT_EQ(result.reason, "connection refused");
}

TEST_F(HttpProbe, SaysThatThereIsNoRoute) {
  EXPECT_EQ(ProbeBench{}.run(http("http://192.0.2.1/")).reason, "network is unreachable");
}

TEST_F(HttpProbe, SaysThatNobodyAnsweredTheConnect) {
  ASSERT_EQ(shell("ip link add d0 type veth peer name d1 && ip addr add 192.0.2.2/24 dev d0 && ip "
                  "link set d1 up && "
                  "ip link set d0 up && ip neigh add 192.0.2.1 lladdr 02:00:00:00:00:01 dev d0")
                .status,
            0);
  EXPECT_EQ(ProbeBench{}.run(http("http://192.0.2.1/"), 50ms).reason,
            "connect timed out after 50ms");
}

TEST_F(HttpProbe, SaysThatTheServerAcceptedAndNeverAnswered) {
  const TcpServer server{[](Connection& connection) { connection.wait_until_closed(); }};
  const CheckResult result = ProbeBench{}.run(http(server.url()), 50ms);
  EXPECT_EQ(result.reason, "connected, but no answer within " + duration_text(50ms));
  EXPECT_GT(result.phases.connect, 0ns);
}

TEST_F(HttpProbe, SaysThatTheAnswerNeverEnded) {
  const TcpServer server{[](Connection& connection) {
    connection.read_request();
    connection.write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc");
    connection.wait_until_closed();
  }};
  EXPECT_EQ(ProbeBench{}.run(http(server.url()), 50ms).reason,
            "the answer began, but had not ended after " + duration_text(50ms));
}

TEST_F(HttpProbe, SaysThatTheConnectionWasReset) {
  const TcpServer server{[](Connection& connection) {
    connection.read_request();
    connection.reset_on_close();
  }};
  EXPECT_EQ(ProbeBench{}.run(http(server.url())).reason,
            "connection reset while waiting for the answer");
}

TEST_F(HttpProbe, SaysThatTheServerHungUp) {
  const TcpServer silent{[](Connection& connection) { connection.read_request(); }};
  EXPECT_EQ(ProbeBench{}.run(http(silent.url())).reason, "connection closed without an answer");
  const TcpServer halfway{[](Connection& connection) {
    connection.read_request();
    connection.write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc");
  }};
  EXPECT_EQ(ProbeBench{}.run(http(halfway.url())).reason,
            "connection closed in the middle of the answer");
}

TEST_F(HttpProbe, SaysThatTheAnswerIsNotHttp) {
  const TcpServer server{[](Connection& connection) {
    connection.write("220 mail.example.com ESMTP\r\n");
    connection.wait_until_closed();
  }};
  EXPECT_EQ(ProbeBench{}.run(http(server.url())).reason, "the answer is not HTTP");
}

TEST_F(HttpProbe, FailsALateAnswerByWithin) {
  const TcpServer server{[](Connection& connection) {
    connection.read_request();
    ::poll(nullptr, 0, 60);
    connection.answer("200 OK", "");
  }};
  const CheckResult result =
      ProbeBench{}.run(http(server.url(), R"("expect": {"within": "20ms"})"));
  EXPECT_EQ(result.outcome, Outcome::failed);
  EXPECT_TRUE(result.reason.ends_with(", expected within 20ms")) << result.reason;
  EXPECT_GE(result.phases.first_byte, 50ms);
}

TEST_F(HttpProbe, ReadsNoMoreOfABodyThanItsBound) {
  const std::string huge(limits::probe_body_bytes_max + 1, 'x');
  const TcpServer server{answering("200 OK", huge)};
  EXPECT_EQ(ProbeBench{}.run(http(server.url())).outcome, Outcome::ok)
      << "nobody looks at the body";
  const CheckResult result = ProbeBench{}.run(http(server.url(), R"("truth": {"body": "x$"})"));
  EXPECT_EQ(result.outcome, Outcome::failed);
  EXPECT_EQ(result.reason, "body of more than 1024 KiB, which is all that a probe reads");
}

TEST_F(HttpProbe, SpeaksIpv6) {
  const TcpServer server{answering("200 OK", ""), true};
  const std::string url = "http://[::1]:" + std::to_string(server.port()) + '/';
  EXPECT_EQ(ProbeBench{}.run(http(url)).outcome, Outcome::ok);
}

TEST_F(HttpProbe, ConnectsAnewForEverySampleUnlessToldOtherwise) {
  const TcpServer server{answering("200 OK", "")};
  ProbeBench bench;
  for (int i = 0; i < 3; ++i) EXPECT_EQ(bench.run(http(server.url())).outcome, Outcome::ok);
  EXPECT_EQ(server.connections(), 3);
}

TEST_F(HttpProbe, KeepsTheConnectionWhereAsked) {
  const TcpServer server{answering("200 OK", "")};
  ProbeBench bench;
  const std::string kept = R"({"http": {"url": ")" + server.url() + R"(", "fresh": false}})";
  EXPECT_GT(bench.run(kept).phases.connect, 0ns);
  for (int i = 0; i < 3; ++i) {
    const CheckResult result = bench.run(kept);
    EXPECT_EQ(result.outcome, Outcome::ok) << result.reason;
    EXPECT_EQ(result.phases.connect, 0ns);
    EXPECT_EQ(result.phases.resolve, 0ns);
  }
  EXPECT_EQ(server.connections(), 1);
}

TEST_F(HttpProbe, ConnectsAgainWhenTheKeptConnectionIsGone) {
  const TcpServer server{[](Connection& connection) {  // one answer for each connection
    connection.read_request();
    connection.answer("200 OK", "");
  }};
  ProbeBench bench;
  const std::string kept = R"({"http": {"url": ")" + server.url() + R"(", "fresh": false}})";
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(bench.run(kept).outcome, Outcome::ok);
    ::poll(nullptr, 0, 30);
  }
  EXPECT_EQ(server.connections(), 3);
}

TEST_F(HttpProbe, ActsInTheNamespaceOfItsPlace) {
  const TcpServer here{answering("200 OK", "")};
  const OtherNetns other;
  ProbePlace place;
  place.netns = UniqueFd{::dup(other.fd().get())};
  ProbeBench there{std::move(place)};
  EXPECT_EQ(there.run(http(here.url())).reason, "network is unreachable") << "lo is down there";
  EXPECT_EQ(ProbeBench{}.run(http(here.url())).outcome, Outcome::ok);
}

TEST_F(HttpProbe, ForgetsChecksInFlightWithItsHost) {
  const TcpServer server{[](Connection& connection) { connection.wait_until_closed(); }};
  const auto parsed = test::parse_probe(http(server.url()));
  boost::asio::io_context loop;
  const MonotonicClock clock;
  bool answered = false;
  {
    ProbeHost host{loop, clock};
    parsed.check->start(host, 20ms, [&](const CheckResult&) { answered = true; });
    loop.run_for(5ms);
  }
  loop.restart();
  loop.run_for(40ms);
  EXPECT_FALSE(answered);
}

// HTTPS, by openssl's own server.
class HttpsProbe : public HttpProbe {
 protected:
  void SetUp() override {
    HttpProbe::SetUp();
    if (!IsSkipped() && shell("openssl version").status != 0) skip("needs openssl");
  }

  // A certificate for `name`; `days` may be negative.
  void make_certificate(const std::string& name, const std::string& validity) {
    const std::string san = "subjectAltName=" + name;
    ASSERT_EQ(shell("cd " + dir_.path() +
                    " && openssl req -x509 -newkey ec -pkeyopt "
                    "ec_paramgen_curve:prime256v1 -nodes -keyout key.pem -subj /CN=test -addext " +
                    san + " -out cert.pem " + validity)
                  .status,
              0);
  }

  // The port of a server that has the certificate.
  std::string serve() {
    const std::string port = "4433";
    ProcessOptions options;
    options.argv = {"openssl", "s_server",
                    "-accept", port,
                    "-www",    "-quiet",
                    "-cert",   dir_.path() + "/cert.pem",
                    "-key",    dir_.path() + "/key.pem"};
    options.output = ProcessOutput::discarded;
    server_.emplace(options);
    for (int turn = 0; turn < 200; ++turn) {
      if (shell("ss -Hltn sport = :" + port).output.find(port) != std::string::npos) break;
      ::poll(nullptr, 0, 10);
    }
    return "https://127.0.0.1:" + port + "/";
  }

  std::string trusting(const std::string& url) {
    return R"({"http": {"url": ")" + url + R"(", "cacert": ")" + dir_.path() + R"(/cert.pem"}})";
  }

  test::TempDir dir_;
  std::optional<Process> server_;
};

TEST_F(HttpsProbe, IsOkWithATrustedCertificateAndTimesTheHandshake) {
  make_certificate("IP:127.0.0.1", "-days 2");
  const CheckResult result = ProbeBench{}.run(trusting(serve()));
  EXPECT_EQ(result.outcome, Outcome::ok) << result.reason;
  EXPECT_GT(result.phases.tls, 0ns);
}

TEST_F(HttpsProbe, SaysThatTheCertificateIsSelfSigned) {
  make_certificate("IP:127.0.0.1", "-days 2");
  const std::string url = serve();
  EXPECT_EQ(ProbeBench{}.run(http(url)).reason, "TLS: certificate is self-signed and not trusted");
  const std::string insecure = R"({"http": {"url": ")" + url + R"(", "insecure": true}})";
  EXPECT_EQ(ProbeBench{}.run(insecure).outcome, Outcome::ok);
}

TEST_F(HttpsProbe, SaysThatTheCertificateIsForAnotherName) {
  make_certificate("DNS:other.example", "-days 2");
  EXPECT_EQ(ProbeBench{}.run(trusting(serve())).reason, "TLS: certificate is not for 127.0.0.1");
}

TEST_F(HttpsProbe, SaysThatTheCertificateHasExpired) {
  // `req -x509` has no start date before OpenSSL 3.4, `ca` has.
  make_certificate("IP:127.0.0.1", "-days 2");
  ASSERT_EQ(shell("cd " + dir_.path() +
                  " && touch index.txt && echo 01 > serial && "
                  "printf '[ca]\\ndefault_ca=d\\n[d]\\ndatabase=index.txt\\nserial=serial\\n"
                  "new_certs_dir=.\\ndefault_md=sha256\\npolicy=p\\n[p]\\ncommonName=supplied\\n' "
                  "> ca.cnf && openssl req -new -key key.pem -subj /CN=test -out req.pem && "
                  "openssl ca -batch -config ca.cnf -selfsign -keyfile key.pem -in req.pem "
                  "-startdate 20200101000000Z -enddate 20200201000000Z -notext -out cert.pem")
                .status,
            0);
  EXPECT_EQ(ProbeBench{}.run(trusting(serve())).reason, "TLS: certificate has expired");
}

TEST_F(HttpsProbe, SaysThatTheOtherSideSpeaksNoTls) {
  const TcpServer server{
      [](Connection& connection) { connection.write("HTTP/1.1 400 Bad Request\r\n\r\n"); }};
  const CheckResult result =
      ProbeBench{}.run(http("https://127.0.0.1:" + std::to_string(server.port()) + '/'));
  EXPECT_TRUE(result.reason.starts_with("TLS: ")) << result.reason;
}

TEST_F(HttpsProbe, SaysThatTheHandshakeTookTooLong) {
  const TcpServer server{[](Connection& connection) { connection.wait_until_closed(); }};
  EXPECT_EQ(ProbeBench{}
                .run(http("https://127.0.0.1:" + std::to_string(server.port()) + '/'), 500ms)
                .reason,
            "TLS handshake timed out after " + duration_text(500ms));
}

}  // namespace
}  // namespace blackstart
