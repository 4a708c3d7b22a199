// covers fault/follower
// covers fault/start_lookup
// covers run/names_now
// A name is partitioned, not an address: whatever it is answered with, and however it is asked.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <list>
#include <string>
#include <vector>

#include "dns/leads.h"
#include "run/names_now.h"
#include "support/dns_bytes.h"
#include "support/dns_responder.h"
#include "support/enforced.h"
#include "support/fault_lab.h"
#include "support/udp.h"

namespace blackstart::test {
namespace {

using namespace std::chrono_literals;
using dns::Section;
using dns::Type;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::uint16_t kUpstreamPort = 5'300;
constexpr int kBatch = 125;

// Every address below is one of loopback, where an echo server answers.
class Zone {
 public:
  DnsResponder::Bytes answer(const DnsResponder::Bytes& question, bool tcp) {
    const dns::Question asked = dns::parsed(question).question;
    const std::string name = asked.name.text();
    const bool v4 = asked.type == Type::a;
    const auto id = dns::id_of(question);
    const auto one = [&](const std::string& address) {
      return dns::answer_bytes(name, asked.type, {{Section::answer, name, asked.type, 1, address}},
                               kAnswer, false, id);
    };
    if (name == "rotating.example") return one(v4 ? next("127.1.") : next("fd00:f::"));
    if (!v4) return dns::answer_bytes(name, asked.type, {}, kAnswer, false, id);
    if (name == "www.shop.example") {
      return dns::answer_bytes(name, Type::a,
                               {{Section::answer, name, Type::cname, 60, "lb.cdn.example"},
                                {Section::answer, "lb.cdn.example", Type::a, 1, "127.2.0.1"}},
                               kAnswer, false, id);
    }
    if (name == "lb.cdn.example") return one("127.2.0.1");
    if (name == "db7.svc.local") return one("127.3.0.1");
    if (name == "fixed.example") return one("127.5.0.1");
    if (name == "big.example" && tcp) return one("127.6.0.1");
    if (name == "big.example") {
      return dns::answer_bytes(name, Type::a, {}, kAnswer | dns::Header::kTc, false, id);
    }
    if (name == "gone.example") return dns_answer(question, dns::Rcode::nxdomain);
    return one("127.4.0.1");
  }

 private:
  static constexpr std::uint16_t kAnswer = dns::Header::kQr | dns::Header::kRd | dns::Header::kRa;

  std::string next(const std::string& begin) {
    ++count_;
    const std::string low = std::to_string(1 + count_ % 200);
    const std::string high = std::to_string(count_ / 200);
    return begin + high + (begin.find(':') == std::string::npos ? "." : ":") + low;
  }

  int count_ = 0;
};

class FollowTest : public FaultLab {
 protected:
  void SetUp() override {
    FaultLab::SetUp();
    if (IsSkipped()) return;
    ASSERT_EQ(shell("ip -6 route add local fd00:f::/64 dev lo").status, 0);
    upstream_.emplace(
        [this](const auto& question, bool tcp) { return zone_.answer(question, tcp); },
        kUpstreamPort);
  }
  void TearDown() override {
    enforced_.reset();
    upstream_.reset();
    FaultLab::TearDown();
  }

  static EnforcerOptions options() {
    EnforcerOptions options;
    options.upstreams = {Endpoint{*parse_address("127.0.0.1"), kUpstreamPort}};
    return options;
  }
  static Target named(std::vector<std::string> names) {
    Target target = target_of({}, {{kEchoPort, kEchoPort}});
    target.names = std::move(names);
    return target;
  }
  void partition_names(std::vector<std::string> names, const PartitionSpec& spec = {},
                       const KnownHosts& hosts = {}) {
    Entries entries;
    entries.add(partition(spec), named(std::move(names)));
    EnforcerOptions with_hosts = options();
    with_hosts.hosts = hosts;
    enforced_.emplace(loop(), entries.compile(), with_hosts);
  }
  void on(const std::vector<std::uint32_t>& entries = {0}) { enforced_->switch_to(entries); }
  void off() { enforced_->switch_to({}); }
  Enforced& enforced() { return *enforced_; }

  // The first address that a server nobody runs is heard to answer; the questions are redirected.
  static std::string ask(const char* name, Type type = Type::a, int socket = SOCK_DGRAM) {
    Client client{socket, "10.1.1.1", 53, 2s};
    EXPECT_EQ(client.connect(), 0);
    dns::Message question = dns::question_bytes(name, type);
    const bool tcp = socket == SOCK_STREAM;
    if (tcp) question.insert(question.begin(), {0, static_cast<std::uint8_t>(question.size())});
    EXPECT_GT(::send(client.fd(), question.data(), question.size(), MSG_NOSIGNAL), 0);
    dns::Message reply(2'000);
    const ssize_t got = ::recv(client.fd(), reply.data(), reply.size(), 0);
    reply.resize(static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    if (tcp && reply.size() > 2) reply.erase(reply.begin(), reply.begin() + 2);
    const dns::Leads leads = dns::leads_of(reply);
    EXPECT_FALSE(leads.addresses.empty()) << name;
    return leads.addresses.empty() ? "" : to_text(leads.addresses.front().address);
  }

  static Seen connect(const std::string& address) {
    return Client{SOCK_STREAM, address, kEchoPort}.connect();
  }

  // How many of `count` connections, each to what its own question was answered with, come about.
  int get_through(int count, Type type) {
    int through = 0;
    for (int done = 0; done < count; done += kBatch) {
      std::list<Client> clients;
      for (int i = 0; i < kBatch; ++i) {
        if (i % 16 == 0) enforced().beat();  // a slow machine takes longer than a heartbeat lasts
        Client& client =
            clients.emplace_back(SOCK_STREAM, ask("rotating.example", type), kEchoPort);
        ::fcntl(client.fd(), F_SETFL, O_NONBLOCK);
        client.connect();
      }
      wait(100ms);
      for (const Client& client : clients) {
        pollfd entry{client.fd(), POLLOUT, 0};
        through += ::poll(&entry, 1, 0) > 0 && (entry.revents & POLLERR) == 0 ? 1 : 0;
      }
    }
    return through;
  }

 private:
  Zone zone_;
  std::optional<DnsResponder> upstream_;
  std::optional<Enforced> enforced_;
};

TEST_F(FollowTest, NoConnectionGetsThroughToANameThatRotates) {
  partition_names({"rotating.example"});
  for (const Type type : {Type::a, Type::aaaa}) {
    off();
    EXPECT_EQ(get_through(kBatch, type), kBatch);
    on();
    EXPECT_EQ(get_through(2 * kBatch, type), 0);
  }
  EXPECT_GE(enforced().proof(0).packets, 4u * kBatch);
  EXPECT_EQ(connect(ask("other.example")), 0);
  off();
  EXPECT_EQ(get_through(kBatch, Type::a), kBatch);
  EXPECT_TRUE(enforced().release().empty());
}

TEST_F(FollowTest, CatchesConnectionsThatWereMadeBeforeTheFault) {
  partition_names({"rotating.example"});
  Client early{SOCK_STREAM, ask("rotating.example"), kEchoPort};
  ASSERT_EQ(early.connect(), 0);
  on();
  EXPECT_EQ(early.send(), 0);
  EXPECT_EQ(early.receive(), ETIMEDOUT);
}

TEST_F(FollowTest, FollowsChainsPatternsAndQuestionsOverTcp) {
  partition_names({"lb.cdn.example", "*.svc.local", "rotating.example"});
  on();
  EXPECT_EQ(connect(ask("www.shop.example")), ETIMEDOUT);
  EXPECT_EQ(connect(ask("db7.svc.local")), ETIMEDOUT);
  EXPECT_EQ(connect(ask("rotating.example", Type::a, SOCK_STREAM)), ETIMEDOUT);
  EXPECT_EQ(connect(ask("other.example", Type::a, SOCK_STREAM)), 0);
}

TEST_F(FollowTest, KnowsAtTheStartWhatNobodyAsks) {
  partition_names({"fixed.example", "big.example", "gone.example", "*.svc.local", "host.example"},
                  {}, {{"host.example", *parse_address("127.7.0.1")}});
  EXPECT_THAT((*enforced()).warnings(),
              testing::IsSupersetOf({HasSubstr("'gone.example' cannot be looked up now (NXDOMAIN)"),
                                     HasSubstr("'*.svc.local' cannot be looked up")}));
  EXPECT_THAT((*enforced()).text(), HasSubstr("127.5.0.1"));
  on();
  for (const char* const known : {"127.5.0.1", "127.6.0.1", "127.7.0.1"}) {
    EXPECT_EQ(connect(known), ETIMEDOUT) << known;
  }
  EXPECT_EQ(connect("127.4.0.1"), 0);
  off();
  EXPECT_EQ(connect("127.5.0.1"), 0);
}

TEST_F(FollowTest, FollowsWhatADnsFaultAnswers) {
  Entries entries;
  entries.add(partition({}), named({"fixed.example"}));
  const auto spoof = [](FaultCompiler& into) {
    dns::FaultRule rule;
    rule.answer = dns::AnswerKind::spoof;
    rule.a = {*parse_address("127.8.0.1")};
    rule.delay = 20ms;
    into.add_dns(std::move(rule));
  };
  entries.add(FixedFault{spoof}, named({"fixed.example"}));
  Enforced both{loop(), entries.compile(), options()};
  both.switch_to({0});
  EXPECT_EQ(connect("127.8.0.1"), 0);
  both.switch_to({0, 1});
  const std::string spoofed = ask("fixed.example");
  EXPECT_EQ(spoofed, "127.8.0.1");
  EXPECT_EQ(connect(spoofed), ETIMEDOUT);
}

TEST_F(FollowTest, CutsOnlyWhatTheNamesStandFor) {
  partition_names({"fixed.example"}, {.how = PartitionHow::drop, .cut_existing = true});
  Client there{SOCK_STREAM, "127.5.0.1", kEchoPort};
  Client elsewhere{SOCK_STREAM, "127.4.0.1", kEchoPort};
  ASSERT_EQ(there.connect(), 0);
  ASSERT_EQ(elsewhere.connect(), 0);
  on();
  EXPECT_EQ(there.send(), ECONNABORTED);
  EXPECT_EQ(elsewhere.send(), 0);
  EXPECT_EQ(elsewhere.receive(), 0);
  EXPECT_EQ(enforced().proof(0).connections, 1u);
}

TEST_F(FollowTest, APlanSeesTheAddressesOfNow) {
  Scenario scenario;
  scenario.targets = {named({"fixed.example", "localhost", "gone.example"})};
  scenario.timeline.resize(1);
  const FixedFault fault = partition({});
  const CompiledEntries compiled =
      compile_entries(std::vector{EntryToCompile{0, &fault, scenario.targets.data()}});
  netlink::Ruleset ruleset = compiled.ruleset;
  const NamesNow now = look_up_names_now(scenario, compiled, options().upstreams, ruleset);
  EXPECT_THAT(now.lookup.found.at("fixed.example"), ElementsAre(*parse_address("127.5.0.1")));
  EXPECT_THAT(now.lookup.found.at("localhost"), Contains(*parse_address("127.0.0.1")));
  EXPECT_THAT(now.lookup.warnings, ElementsAre(HasSubstr("gone.example")));
  EXPECT_THAT(now.by_entry.at(0), Contains(*parse_address("127.5.0.1")));
  EXPECT_FALSE(ruleset.tables.at(0).sets.empty());
}

}  // namespace
}  // namespace blackstart::test
