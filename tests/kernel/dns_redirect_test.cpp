// covers fault/redirect
// covers fault/resolver
// Into the path of questions without touching who asks: sockets in use, any server, both
// protocols and families, and out of it again.

#include <gtest/gtest.h>

#include <list>
#include <string>
#include <vector>

#include "support/dns_bytes.h"
#include "support/enforced.h"
#include "support/fault_lab.h"

namespace blackstart::test {
namespace {

using namespace std::chrono_literals;

constexpr std::uint16_t kDns = 53;

// A resolver that knows no records: NOERROR to everything.
void answer(char* data, std::size_t size, bool tcp) {
  const std::size_t flags = tcp ? 4 : 2;
  if (size < flags + 2) return;
  data[flags] = static_cast<char>(data[flags] | '\x80');
  data[flags + 1] = static_cast<char>(data[flags + 1] | '\x80');
}

enum class By { nobody, real, fault };
std::ostream& operator<<(std::ostream& out, By by) {
  return out << (by == By::nobody ? "nobody" : by == By::real ? "the real server" : "the fault");
}

// A client that keeps its socket.
class Asker {
 public:
  Asker(int type, const std::string& server)
      : tcp_{type == SOCK_STREAM}, client_{type, server, kDns, 500ms} {
    EXPECT_EQ(client_.connect(), 0) << server;
  }

  By asks(const char* name) {
    dns::Message question = dns::question_bytes(name);
    if (tcp_) {
      const auto size = static_cast<std::uint8_t>(question.size());
      question.insert(question.begin(), {0, size});
    }
    if (::send(client_.fd(), question.data(), question.size(), MSG_NOSIGNAL) < 0) {
      return By::nobody;
    }
    std::array<unsigned char, 512> reply;
    const ssize_t got = ::recv(client_.fd(), reply.data(), reply.size(), 0);
    const std::size_t flags = tcp_ ? 5 : 3;
    if (got <= static_cast<ssize_t>(flags)) return By::nobody;
    return (reply[flags] & 0xf) == 3 ? By::fault : By::real;
  }

 private:
  bool tcp_;
  Client client_;
};

By ask_anew(int type, const std::string& server, const char* name) {
  return Asker{type, server}.asks(name);
}

class DnsRedirectTest : public FaultLab {
 protected:
  void SetUp() override {
    FaultLab::SetUp();
    if (IsSkipped()) return;
    local_.emplace_back(kDns, "127.0.0.53", answer);
    local_.emplace_back(40'053, "127.0.0.11", answer);
    const NetnsGuard inside{far()};
    far_dns_.emplace(kDns, "::", answer);
  }
  void TearDown() override {
    enforced_.reset();
    local_.clear();
    far_dns_.reset();
    FaultLab::TearDown();
  }

  void prepare(EnforcerOptions options = asking("10.1.1.1"), Entries entries = {}) {
    Target target;
    target.names = {"gone.example"};
    entries.add(dns_fault(dns::AnswerKind::nxdomain), target);
    enforced_.emplace(loop(), entries.compile(), std::move(options));
  }
  void on() { enforced_->switch_to({0}); }
  void off() { enforced_->switch_to({}); }
  Enforced& enforced() { return *enforced_; }

  // NAT as Docker sets it up, which makes conntrack remember everything.
  static void add_nat_like_dockers() {
    const CommandResult made = shell(
        "iptables-nft -t nat -A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE && "
        "iptables-nft -t nat -A OUTPUT -d 127.0.0.11/32 -p udp --dport 53 -j DNAT "
        "--to-destination 127.0.0.11:40053 && "
        "iptables-nft -t nat -A OUTPUT -d 127.0.0.11/32 -p tcp --dport 53 -j DNAT "
        "--to-destination 127.0.0.11:40053");
    ASSERT_EQ(made.status, 0) << made.output;
  }

  void expect_caught_and_let_go(const std::string& server) {
    SCOPED_TRACE(server);
    Asker in_use{SOCK_DGRAM, server};
    ASSERT_EQ(in_use.asks("gone.example"), By::real);
    on();
    Asker made_meanwhile{SOCK_DGRAM, server};
    EXPECT_EQ(in_use.asks("gone.example"), By::fault);
    EXPECT_EQ(made_meanwhile.asks("gone.example"), By::fault);
    EXPECT_EQ(ask_anew(SOCK_STREAM, server, "gone.example"), By::fault);
    EXPECT_EQ(in_use.asks("here.example"), By::real);
    EXPECT_EQ(ask_anew(SOCK_STREAM, server, "here.example"), By::real);
    off();
    EXPECT_EQ(in_use.asks("gone.example"), By::real);
    EXPECT_EQ(made_meanwhile.asks("gone.example"), By::real);
    EXPECT_EQ(ask_anew(SOCK_STREAM, server, "gone.example"), By::real);
  }

  std::list<EchoServer> local_;

 private:
  std::optional<EchoServer> far_dns_;
  std::optional<Enforced> enforced_;
};

// The way to our own resolver is no part of the loopback that a scenario speaks of.
TEST_F(DnsRedirectTest, IsReachedThroughAPartitionOfLoopback) {
  Entries entries;
  entries.add(partition({.how = PartitionHow::drop, .cut_existing = true}),
              target_of({"127.0.0.0/8", "::1/128"}));
  prepare(asking("10.1.1.1"), std::move(entries));
  enforced().switch_to({0, 1});
  for (const char* const server : {"10.1.1.1", "fd00:1::1"}) {
    EXPECT_EQ(ask_anew(SOCK_DGRAM, server, "here.example"), By::real) << server;
    EXPECT_EQ(ask_anew(SOCK_STREAM, server, "here.example"), By::real) << server;
    EXPECT_EQ(ask_anew(SOCK_DGRAM, server, "gone.example"), By::fault) << server;
  }
  EXPECT_EQ(Client(SOCK_STREAM, "127.0.0.1", kEchoPort).connect(), ETIMEDOUT);
}

TEST_F(DnsRedirectTest, CatchesSocketsInUseAndLetsThemGo) {
  prepare();
  for (const char* const server : {"10.1.1.1", "fd00:1::1", "127.0.0.53"}) {
    expect_caught_and_let_go(server);
  }
}

TEST_F(DnsRedirectTest, CatchesAndLetsGoBesideOtherNat) {
  add_nat_like_dockers();
  prepare();
  for (const char* const server : {"10.1.1.1", "fd00:1::1", "127.0.0.53", "127.0.0.11"}) {
    expect_caught_and_let_go(server);
  }
  expect_caught_and_let_go("127.0.0.11");
}

TEST_F(DnsRedirectTest, LeavesQuestionsAloneWhileNoFaultIsOn) {
  prepare();
  on();
  off();
  EXPECT_EQ(ask_anew(SOCK_DGRAM, "127.0.0.53", "gone.example"), By::real);
  const Proof proof = enforced().proof(0);
  EXPECT_EQ(proof.questions, 0u);
  on();
  EXPECT_EQ(ask_anew(SOCK_DGRAM, "127.0.0.53", "gone.example"), By::fault);
  EXPECT_EQ(ask_anew(SOCK_DGRAM, "127.0.0.53", "here.example"), By::real);
  EXPECT_EQ(enforced().proof(0).questions, 1u);
  EXPECT_EQ(enforced().proof(0).answers.at("nxdomain"), 1u);
}

TEST_F(DnsRedirectTest, LetsGoWhenReleased) {
  add_nat_like_dockers();
  prepare();
  Asker in_use{SOCK_DGRAM, "10.1.1.1"};
  ASSERT_EQ(in_use.asks("gone.example"), By::real);
  on();
  EXPECT_EQ(in_use.asks("gone.example"), By::fault);
  EXPECT_TRUE(enforced().release().empty());
  EXPECT_EQ(in_use.asks("gone.example"), By::real);
  EXPECT_EQ(shell("nft list tables | grep blackstart").output, "");
}

TEST_F(DnsRedirectTest, AnswersInFlightAtTheLiftStillArrive) {
  Target target;
  target.names = {"*"};
  Entries entries;
  entries.add(dns_fault(dns::AnswerKind::nxdomain, 200ms), target);
  Enforced slow{loop(), entries.compile(), asking("10.1.1.1")};
  slow.switch_to({0});
  Client client{SOCK_DGRAM, "10.1.1.1", kDns, 1s};
  ASSERT_EQ(client.connect(), 0);
  const dns::Message question = dns::question_bytes("a.example");
  ASSERT_GT(::send(client.fd(), question.data(), question.size(), 0), 0);
  slow.switch_to({});
  EXPECT_EQ(client.receive(), 0);
}

TEST_F(DnsRedirectTest, ServesPort53OfEveryAddressWhereAskedTo) {
  EnforcerOptions options = asking("10.1.1.1");
  options.serve_port_53 = true;
  local_.clear();
  prepare(options);
  EXPECT_EQ(ask_anew(SOCK_DGRAM, "127.0.0.1", "gone.example"), By::real);
  on();
  EXPECT_EQ(ask_anew(SOCK_DGRAM, "127.0.0.1", "gone.example"), By::fault);
  const NetnsGuard inside{far()};
  EXPECT_EQ(ask_anew(SOCK_DGRAM, "10.1.1.2", "gone.example"), By::fault);
  EXPECT_EQ(ask_anew(SOCK_DGRAM, "fd00:1::2", "gone.example"), By::fault);
  EXPECT_EQ(ask_anew(SOCK_STREAM, "10.1.1.2", "gone.example"), By::fault);
  EXPECT_EQ(ask_anew(SOCK_DGRAM, "10.1.1.2", "here.example"), By::real);
}

TEST_F(DnsRedirectTest, WarnsOfALocalForwarderThatRunsAsRoot) {
  prepare(asking("127.0.0.53"));
  ASSERT_EQ((*enforced()).warnings().size(), 1u);
  EXPECT_NE((*enforced()).warnings()[0].find("127.0.0.53"), std::string::npos);
}

}  // namespace
}  // namespace blackstart::test
