// covers probe/address_order, probe/dns_exchange, probe/dns_judge, probe/exec, probe/peer
// covers probe/tcp

// The dns, tcp and exec probes, name lookups and the prober, on real sockets and processes.

#include <gtest/gtest.h>

#include <boost/asio/steady_timer.hpp>

#include <map>

#include "probe/lookup.h"
#include "probe/prober.h"
#include "support/dns_responder.h"
#include "support/kernel_test.h"
#include "support/probe_bench.h"
#include "support/tcp_server.h"
#include "support/temp_files.h"

namespace blackstart {
namespace {

using namespace std::chrono_literals;
using dns::Rcode;
using dns::Type;
using test::dns_answer;
using test::DnsResponder;
using test::ProbeBench;
using test::TcpServer;
using Bytes = DnsResponder::Bytes;
using Records = std::vector<Bytes>;

const Bytes kLoopback4{127, 0, 0, 1};
const Bytes kLoopback6{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
const Bytes kElsewhere{192, 0, 2, 1};

// What the first label of a name asks for.
Bytes by_label(const Bytes& question, bool over_tcp) {
  dns::ParsedMessage parsed;
  if (dns::parse_message(question, parsed) != dns::Flaw::none) return {};
  const std::string text = parsed.question.name.text();
  const std::string label = text.substr(0, text.find('.'));
  const bool asks_v4 = parsed.question.type == Type::a;
  const Records address = asks_v4 ? Records{kLoopback4} : Records{};
  if (label == "nx") return dns_answer(question, Rcode::nxdomain);
  if (label == "nodata") return dns_answer(question, Rcode::noerror);
  if (label == "servfail") return dns_answer(question, Rcode::servfail);
  if (label == "refused") return dns_answer(question, Rcode::refused);
  if (label == "drop") return {};
  if (label == "drop6" && !asks_v4) return {};
  if (label == "six") {
    return dns_answer(question, Rcode::noerror, asks_v4 ? Records{} : Records{kLoopback6});
  }
  if (label == "both")
    return dns_answer(question, Rcode::noerror, {asks_v4 ? kLoopback4 : kLoopback6});
  if (label == "elsewhere") return dns_answer(question, Rcode::noerror, {kElsewhere});
  if (label == "tc" && !over_tcp) {
    return dns_answer(question, Rcode::noerror, {}, dns::Header::kTc);
  }
  if (label == "tcdead") {
    return over_tcp ? Bytes{} : dns_answer(question, Rcode::noerror, {}, dns::Header::kTc);
  }
  if (label == "wrongid") {
    Bytes answer = dns_answer(question, Rcode::noerror, address);
    answer[0] ^= 0x55;
    return answer;
  }
  return dns_answer(question, Rcode::noerror, address);
}

class ProbeTest : public KernelTest {
 protected:
  void SetUp() override {
    KernelTest::SetUp();
    if (!IsSkipped()) loopback_up();
  }

  ProbePlace place(const std::string& resolv_conf = "nameserver 127.0.0.1\n") {
    ProbePlace made;
    made.resolv_conf = dir_.write("resolv.conf", resolv_conf);
    made.hosts = dir_.write("hosts", "127.0.0.1 localhost\n127.0.0.1 Pinned.Local pinned\n");
    return made;
  }

  LookupResult lookup(const std::string& name, Duration patience = 1s) {
    ProbeBench bench{place(resolv_conf_)};
    std::optional<LookupResult> found;
    NameLookup lookup{bench.host(), name, [&](LookupResult result) { found = std::move(result); }};
    const RunTime end = bench.clock().now() + patience;
    while (!found && bench.clock().now() < end && bench.loop().run_one_for(patience) != 0) {
    }
    return found.value_or(LookupResult{{}, lookup.waiting_for()});
  }

  static std::string texts(const LookupResult& result) {
    std::string out = result.failure;
    for (const Address& address : result.addresses) out += to_text(address) + ' ';
    return out;
  }

  test::TempDir dir_;
  std::string resolv_conf_ = "nameserver 127.0.0.1\noptions timeout:1 attempts:1\n";
};

TEST_F(ProbeTest, LookupsSeeWhatAStubResolverSees) {
  const DnsResponder server{by_label};
  EXPECT_EQ(texts(lookup("ok.test")), "127.0.0.1 ");
  EXPECT_EQ(texts(lookup("six.test")), "::1 ");
  EXPECT_EQ(texts(lookup("both.test")), "::1 127.0.0.1 ");
  EXPECT_EQ(texts(lookup("tc.test")), "127.0.0.1 ");
  EXPECT_EQ(texts(lookup("nx.test")), "name does not exist (NXDOMAIN)");
  EXPECT_EQ(texts(lookup("nodata.test")), "no address for name (NODATA)");
  EXPECT_EQ(texts(lookup("servfail.test")), "resolver failed (SERVFAIL)");
  EXPECT_EQ(texts(lookup("refused.test")), "resolver refused (REFUSED)");
  EXPECT_EQ(texts(lookup("drop.test", 50ms)),
            "resolver timed out (no answer to A from 127.0.0.1:53)");
  EXPECT_EQ(texts(lookup("drop6.test", 50ms)),
            "resolver timed out (no answer to AAAA from 127.0.0.1:53)")
      << "glibc waits for both families as well";
  EXPECT_EQ(texts(lookup("wrongid.test", 50ms)),
            "resolver timed out (no answer to A from 127.0.0.1:53, only replies that do not fit "
            "the question)");
  EXPECT_EQ(texts(lookup("tcdead.test")),
            "resolver 127.0.0.1:53: the server closed the TCP connection without an answer");
}

TEST_F(ProbeTest, LookupsAskNobodyForLiteralsAndHosts) {
  EXPECT_EQ(texts(lookup("192.0.2.7")), "192.0.2.7 ");
  EXPECT_EQ(texts(lookup("2001:db8::7")), "2001:db8::7 ");
  EXPECT_EQ(texts(lookup("PINNED.local")), "127.0.0.1 ");
}

TEST_F(ProbeTest, LookupsSayThatNoResolverRuns) {
  EXPECT_EQ(texts(lookup("ok.test")), "resolver 127.0.0.1:53: connection refused");
}

TEST_F(ProbeTest, LookupsGoOnToTheNextServer) {
  const DnsResponder server{by_label};
  resolv_conf_ = "nameserver 127.0.0.2\nnameserver 127.0.0.1\n";
  EXPECT_EQ(texts(lookup("ok.test")), "127.0.0.1 ");
}

TEST_F(ProbeTest, LookupsTryAgainAfterTheTimeoutOfResolvConf) {
  int asked = 0;
  const DnsResponder server{[&](const Bytes& question, bool) {
    return ++asked <= 2 ? Bytes{} : by_label(question, false);
  }};
  resolv_conf_ = "nameserver 127.0.0.1\noptions timeout:1 attempts:2\n";
  EXPECT_EQ(texts(lookup("ok.test", 3s)), "127.0.0.1 ");
  EXPECT_EQ(server.questions(), 4);
}

TEST_F(ProbeTest, LookupsUseTheSearchList) {
  const DnsResponder server{[](const Bytes& question, bool) {
    dns::ParsedMessage parsed;
    dns::parse_message(question, parsed);
    if (parsed.question.name.text() != "db.svc.local") return dns_answer(question, Rcode::nxdomain);
    return by_label(question, false);
  }};
  resolv_conf_ = "nameserver 127.0.0.1\nsearch a.local svc.local\n";
  EXPECT_EQ(texts(lookup("db")), "127.0.0.1 ");
  EXPECT_EQ(texts(lookup("nothere")), "name does not exist (NXDOMAIN)");
  EXPECT_EQ(texts(lookup("db.")), "name does not exist (NXDOMAIN)");
}

TEST_F(ProbeTest, LookupsSeeANewResolvConfAtOnce) {
  const DnsResponder server{by_label};
  ProbeBench bench{place("nameserver 127.0.0.9\n")};
  const std::string probe = R"({"dns": "ok.test"})";
  EXPECT_EQ(bench.run(probe).outcome, Outcome::failed);
  dir_.write("resolv.conf", "nameserver 127.0.0.1\n# a longer text\n");
  EXPECT_EQ(bench.run(probe).outcome, Outcome::ok);
}

TEST_F(ProbeTest, HttpProbesResolveThroughThePlaceAndTimeIt) {
  const DnsResponder dns{by_label};
  const TcpServer web{[](test::Connection& connection) {
    connection.read_request();
    connection.answer("200 OK", "");
  }};
  ProbeBench bench{place()};
  const auto url = [&](const std::string& name) {
    return R"({"http": "http://)" + name + ":" + std::to_string(web.port()) + R"(/"})";
  };
  const CheckResult good = bench.run(url("ok.test"));
  EXPECT_EQ(good.outcome, Outcome::ok) << good.reason;
  EXPECT_GT(good.phases.resolve, 0ns);
  EXPECT_EQ(bench.run(url("both.test")).outcome, Outcome::ok) << "only IPv4 listens";
  EXPECT_EQ(bench.run(url("nx.test")).reason, "name does not exist (NXDOMAIN)");
  EXPECT_EQ(bench.run(url("drop.test"), 50ms).reason,
            "resolver timed out (no answer to A from 127.0.0.1:53)");
}

TEST_F(ProbeTest, FreshHttpProbesAskForTheNameEachTimeAndKeptOnesOnce) {
  const DnsResponder dns{by_label};
  const TcpServer web{[](test::Connection& connection) {
    while (!connection.read_request().empty()) connection.answer("200 OK", "");
  }};
  const std::string url = "http://ok.test:" + std::to_string(web.port()) + '/';
  ProbeBench bench{place()};
  for (int i = 0; i < 3; ++i) bench.run(R"({"http": ")" + url + R"("})");
  EXPECT_EQ(dns.questions(), 6);
  const std::string kept = R"({"http": {"url": ")" + url + R"(", "fresh": false}})";
  for (int i = 0; i < 3; ++i) EXPECT_EQ(bench.run(kept).outcome, Outcome::ok);
  EXPECT_EQ(dns.questions(), 8);
}

TEST_F(ProbeTest, DnsProbesJudgeTheAnswer) {
  const DnsResponder server{by_label};
  ProbeBench bench{place()};
  const CheckResult good = bench.run(R"({"dns": "ok.test"})");
  EXPECT_EQ(good.outcome, Outcome::ok) << good.reason;
  EXPECT_GT(good.phases.resolve, 0ns);
  EXPECT_EQ(bench.run(R"({"dns": "tc.test"})").outcome, Outcome::ok);
  EXPECT_EQ(bench.run(R"({"dns": {"name": "six.test", "type": "aaaa"}})").outcome, Outcome::ok);
  EXPECT_EQ(bench.run(R"({"dns": "nx.test"})").reason, "name does not exist (NXDOMAIN)");
  EXPECT_EQ(bench.run(R"({"dns": "nodata.test"})").reason, "no such record for name (NODATA)");
  EXPECT_EQ(bench.run(R"({"dns": "drop.test"})", 50ms).reason,
            "no answer from 127.0.0.1:53 within 50ms");
  EXPECT_EQ(bench.run(R"({"dns": "nx.test", "expect": {"rcode": "NXDOMAIN"}})").outcome,
            Outcome::ok);
  EXPECT_EQ(bench.run(R"({"dns": {"name": "ok.test", "server": "127.0.0.1:5"}})").reason,
            "resolver 127.0.0.1:5: connection refused");
}

TEST_F(ProbeTest, DnsProbesCatchAnAnswerThatLies) {
  const DnsResponder server{by_label};
  const CheckResult result = ProbeBench{place()}.run(
      R"({"dns": "elsewhere.test", "truth": {"address": ["127.0.0.0/8"]}})");
  EXPECT_EQ(result.outcome, Outcome::wrong);
  EXPECT_EQ(result.reason, "answered 192.0.2.1, which is not one of those expected");
  EXPECT_EQ(result.evidence, "NOERROR; 192.0.2.1");
}

TEST_F(ProbeTest, TcpProbesConnect) {
  const DnsResponder dns{by_label};
  std::string port;
  ProbeBench bench{place()};
  {
    const TcpServer server{[](test::Connection&) {}};
    port = std::to_string(server.port());
    const CheckResult good = bench.run(R"({"tcp": "both.test:)" + port + R"("})");
    EXPECT_EQ(good.outcome, Outcome::ok) << good.reason;
    EXPECT_GT(good.phases.connect, 0ns);
    EXPECT_GT(good.phases.resolve, 0ns);
  }
  EXPECT_EQ(bench.run(R"({"tcp": "127.0.0.1:)" + port + R"("})").reason, "connection refused");
  EXPECT_EQ(bench.run(R"({"tcp": "192.0.2.1:80"})").reason, "network is unreachable");
  EXPECT_EQ(bench.run(R"({"tcp": "nx.test:80"})").reason, "name does not exist (NXDOMAIN)");
}

TEST_F(ProbeTest, TcpProbesSayThatNobodyAnswered) {
  ASSERT_EQ(shell("ip link add d0 type veth peer name d1 && ip addr add 192.0.2.2/24 dev d0 && "
                  "ip link set d1 up && ip link set d0 up && "
                  "ip neigh add 192.0.2.1 lladdr 02:00:00:00:00:01 dev d0")
                .status,
            0);
  EXPECT_EQ(ProbeBench{}.run(R"({"tcp": "192.0.2.1:80"})", 50ms).reason,
            "connect timed out after 50ms");
}

TEST_F(ProbeTest, ExecProbesTakeTheExitStatusAndTheLastLine) {
  ProbeBench bench;
  EXPECT_EQ(bench.run(R"({"exec": ["true"]})").outcome, Outcome::ok);
  const CheckResult failed = bench.run(R"({"exec": "echo a; echo depth is 900; exit 1"})");
  EXPECT_EQ(failed.outcome, Outcome::failed);
  EXPECT_EQ(failed.reason, "depth is 900");
  const CheckResult wrong = bench.run(R"({"exec": "echo seen 3; echo expected 4; exit 2"})");
  EXPECT_EQ(wrong.outcome, Outcome::wrong);
  EXPECT_EQ(wrong.reason, "expected 4");
  EXPECT_EQ(wrong.evidence, "seen 3\nexpected 4\n");
  EXPECT_EQ(bench.run(R"({"exec": "echo odd; exit 3"})").reason, "exit status 3: odd");
  EXPECT_EQ(bench.run(R"({"exec": "kill -SEGV $$"})").reason,
            "killed by signal 11 (Segmentation fault)");
  EXPECT_EQ(bench.run(R"({"exec": ["./no/such/script"]})").reason,
            "run ./no/such/script: No such file or directory");
}

TEST_F(ProbeTest, ExecProbesAreKilledAtTheTimeoutWithAllThatTheyStarted) {
  const std::string mark = "31.41592";
  const CheckResult result = ProbeBench{}.run(
      R"({"exec": "echo waiting; sleep )" + mark + " & setsid sleep " + mark + R"( & wait"})",
      100ms);
  EXPECT_EQ(result.outcome, Outcome::failed);
  EXPECT_EQ(result.reason,
            "still running after " + duration_text(100ms) + ", killed; last said: waiting");
  EXPECT_EQ(shell("pgrep -f '^sleep " + mark + "'").output, "");
}

TEST_F(ProbeTest, ExecProbesActInTheNamespaceOfTheirPlace) {
  const OtherNetns other;
  ProbePlace there;
  there.netns = UniqueFd{::dup(other.fd().get())};
  ProbeBench bench{std::move(there)};
  EXPECT_EQ(bench.run(R"({"exec": "ip link show lo | grep -q 'state DOWN'"})").outcome,
            Outcome::ok);
  EXPECT_EQ(ProbeBench{}.run(R"({"exec": "ip link show lo | grep -q 'state DOWN'"})").outcome,
            Outcome::failed);
}

// Answers after a while, or never before its timeout.
class SlowCheck final : public ProbeCheck {
 public:
  explicit SlowCheck(Duration takes) : takes_{takes} {}
  std::string in_words() const override { return "wait"; }
  void start(ProbeHost& host, Duration, std::function<void(CheckResult)> done) const override {
    auto timer = std::make_shared<boost::asio::steady_timer>(host.loop(), takes_);
    timer->async_wait([timer, done = std::move(done)](const boost::system::error_code&) {
      CheckResult result;
      result.outcome = Outcome::ok;
      done(std::move(result));
    });
  }

 private:
  Duration takes_;
};

class ProberTest : public ProbeTest {
 protected:
  static ProbeSpec spec(Duration every, Duration takes) {
    ProbeSpec made;
    made.check = std::make_shared<SlowCheck>(takes);
    made.every = every;
    return made;
  }

  // The samples of `probes`, by probe, started for `span`.
  std::map<std::size_t, std::vector<ProbeSample>> run(const std::vector<ProbeSpec>& probes,
                                                      Duration span) {
    std::map<std::size_t, std::vector<ProbeSample>> samples;
    ProbeBench bench;
    Prober prober{bench.host(), probes,
                  [&](ProbeSample sample) { samples[sample.probe].push_back(std::move(sample)); }};
    start_ = bench.clock().now() + 10ms;
    prober.start(start_);
    bench.loop().run_for(span + 10ms);
    prober.stop();
    bench.loop().restart();
    bench.loop().run_for(3s);  // returns when nothing is left in flight
    EXPECT_EQ(prober.in_flight(), 0U);
    return samples;
  }

  RunTime start_;
};

TEST_F(ProberTest, SamplesAreDueAtExactMultiplesWhateverTheOnesBeforeDo) {
  const auto samples = run({spec(10ms, 45ms), spec(20ms, 0ms)}, 200ms);
  ASSERT_GE(samples.at(0).size(), 15U);
  ASSERT_GE(samples.at(1).size(), 8U);
  for (const ProbeSample& sample : samples.at(0)) {
    EXPECT_EQ(sample.due, start_ + sample.seq * Duration{10ms});
    EXPECT_GE(sample.sent, sample.due);
    EXPECT_GE(sample.done - sample.sent, 45ms);
  }
  for (std::size_t i = 1; i < samples.at(1).size(); ++i) {
    EXPECT_EQ(samples.at(1)[i].due - samples.at(1)[i - 1].due, 20ms);
  }
}

TEST_F(ProberTest, SamplesBeyondTheCapFailAsDueAndSaySo) {
  const auto samples = run({spec(10ms, 1500ms)}, 900ms);
  std::size_t capped = 0;
  for (const ProbeSample& sample : samples.at(0)) {
    if (sample.result.outcome == Outcome::ok) continue;
    ++capped;
    EXPECT_EQ(sample.result.reason, "not sent: 64 still in flight");
    EXPECT_TRUE(sample.result.reason.starts_with(kNotSent));
    EXPECT_GE(sample.seq, limits::probe_in_flight_max);
  }
  EXPECT_GT(capped, 10U);
  EXPECT_EQ(samples.at(0).size() - capped, limits::probe_in_flight_max);
}

TEST_F(ProberTest, SamplesOfATimeWhenWeDidNotRunAreNotSent) {
  const std::vector<ProbeSpec> probes{spec(10ms, 0ms)};
  std::size_t late = 0, all = 0;
  ProbeBench bench;
  std::vector<ProbeSpec> impatient = probes;
  impatient[0].timeout = 20ms;
  Prober prober{bench.host(), impatient, [&](const ProbeSample& sample) {
                  ++all;
                  if (sample.result.reason.starts_with(kNotSent)) ++late;
                }};
  prober.start(bench.clock().now() - 500ms);
  bench.loop().run_for(50ms);
  EXPECT_GE(all, 50U);
  EXPECT_GE(late, 47U);
  EXPECT_LE(late, 49U);
}

}  // namespace
}  // namespace blackstart
