// covers serve/udp_upstream
// covers serve/tcp_upstream
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "serve/dns_server.h"
#include "support/dns_peers.h"

namespace blackstart {
namespace {

using dns::answer_bytes;
using dns::Ede;
using dns::Header;
using dns::question_bytes;
using dns::Rcode;
using dns::Type;

using DeadUpstream = DnsServerTest;

// A port where nobody listens, so the kernel refuses.
Endpoint closed_port() {
  const UniqueFd taken = open_udp_listener(any_port("127.0.0.1"));
  return local_endpoint(taken.get());
}

TEST_F(DeadUpstream, PassesRcodesOnAsTheyAre) {
  auto& real = upstream([](const FakeUpstream::Asked& asked) {
    return Messages{
        answer_bytes("a.example", Type::a, {}, Header::kQr | 5, false, dns::id_of(asked.question))};
  });
  auto& second = upstream(answer_well);
  forward_to({real.endpoint(), second.endpoint()});
  UdpClient client{at()};

  EXPECT_EQ(rcode_of(ask(client, question_bytes("a.example"))), Rcode::refused);
  EXPECT_TRUE(second.asked().empty());
}

TEST_F(DeadUpstream, AnswersServfailAtOnceWhereEveryServerRefuses) {
  forward_to({closed_port(), closed_port()});
  UdpClient client{at()};
  const RunTime began = clock_.now();

  const auto plain = ask(client, question_bytes("a.example"));
  const auto edns = ask(client, question_bytes("a.example", Type::a, 7, {}));

  EXPECT_LT(clock_.now() - began, 500ms);
  EXPECT_EQ(rcode_of(plain), Rcode::servfail);
  EXPECT_FALSE(dns::parsed(*plain).edns);
  EXPECT_EQ(rcode_of(edns), Rcode::servfail);
  EXPECT_EQ(dns::id_of(*edns), 7);
  EXPECT_EQ(dns::ede_of(*edns), Ede::network_error);
  EXPECT_EQ(server().counters().upstream_refused, 4u);
}

TEST_F(DeadUpstream, AnswersServfailWhereThereIsNoServerAndNoRoute) {
  forward_to({});
  UdpClient client{at()};
  EXPECT_EQ(rcode_of(ask(client, question_bytes("a.example"))), Rcode::servfail);

  server_.reset();
  forward_to({*parse_endpoint("198.51.100.1", 53)});
  UdpClient other{at()};
  TcpClient tcp{at()};
  EXPECT_EQ(rcode_of(ask(other, question_bytes("a.example"))), Rcode::servfail);
  EXPECT_EQ(rcode_of(ask(tcp, question_bytes("a.example"))), Rcode::servfail);
}

// What nft does to a local sender, see EPERM in the sender's own sendto().
TEST_F(DeadUpstream, TakesADropInOutputForARefusal) {
  auto& real = upstream(answer_well);
  forward_to({real.endpoint()});
  UdpClient client{at()};
  ASSERT_TRUE(ask(client, question_bytes("a.example")));
  const std::string port = std::to_string(real.endpoint().port);
  ASSERT_EQ(shell("nft 'table inet t { chain c { type filter hook output priority 0; udp dport " +
                  port + " drop; }; }'")
                .status,
            0);

  EXPECT_EQ(rcode_of(ask(client, question_bytes("a.example"))), Rcode::servfail);
}

TEST_F(DeadUpstream, LeavesItselfOutOfItsUpstreams) {
  DnsServerConfig config;
  config.listen = {*parse_endpoint("127.0.0.1:5353", 0)};
  config.upstreams = {*parse_endpoint("127.0.0.1:5353", 0)};
  start(config);
  UdpClient client{at()};

  EXPECT_EQ(rcode_of(ask(client, question_bytes("a.example"))), Rcode::servfail);
  EXPECT_EQ(server().counters().udp_questions, 1u);
}

TEST_F(DeadUpstream, AsksTheNextServerAtOnceWhereTheFirstRefuses) {
  auto& second = upstream(answer_well);
  forward_to({closed_port(), second.endpoint()});
  UdpClient client{at()};

  EXPECT_EQ(rcode_of(ask(client, question_bytes("a.example"), 500ms)), Rcode::noerror);
  EXPECT_EQ(rcode_of(ask(client, question_bytes("a.example"), 500ms)), Rcode::noerror);

  EXPECT_EQ(server().counters().upstream_refused, 1u) << "the one that answers is asked first";
}

TEST_F(DeadUpstream, AsksTheNextServerWhereTheFirstIsSilentAndTakesLateAnswers) {
  std::vector<FakeUpstream::Asked> unanswered;
  auto& first = upstream([&](const FakeUpstream::Asked& asked) {
    unanswered.push_back(asked);
    return Messages{};
  });
  auto& second = upstream(stay_silent);
  forward_to({first.endpoint(), second.endpoint()});
  UdpClient client{at()};
  const RunTime began = clock_.now();
  client.ask(question_bytes("a.example"));

  ASSERT_TRUE(eventually([&] { return !second.asked().empty(); }));
  EXPECT_GE(clock_.now() - began, 2s);
  EXPECT_LT(clock_.now() - began, 2'500ms);
  EXPECT_EQ(first.asked().size(), 1u);
  EXPECT_NE(dns::id_of(first.asked()[0].question), dns::id_of(second.asked()[0].question));

  first.send_to(unanswered[0].from, answer_well(unanswered[0])[0]);
  EXPECT_EQ(rcode_of(next_answer(client)), Rcode::noerror);
}

TEST_F(DeadUpstream, LetsTheOldestGoWhereTooManyAreUnderWay) {
  std::vector<FakeUpstream::Asked> waiting;
  auto& slow = upstream([&](const FakeUpstream::Asked& asked) {
    waiting.push_back(asked);
    return Messages{};
  });
  DnsServerConfig config;
  config.upstreams = {slow.endpoint()};
  config.in_flight_max = 150;
  start(config);
  UdpClient client{at()};
  for (std::uint16_t id = 0; id < 200; ++id) client.ask(question_bytes("a.example", Type::a, id));
  ASSERT_TRUE(eventually([&] { return waiting.size() == 200; }));

  for (const auto& one : waiting) slow.send_to(one.from, answer_well(one)[0]);

  std::set<int> answered;
  while (const auto answer = next_answer(client, 100ms)) answered.insert(dns::id_of(*answer));
  EXPECT_EQ(answered.size(), 150u);
  EXPECT_EQ(*answered.begin(), 50);
  EXPECT_EQ(server().counters().overflowed, 50u);
}

TEST_F(DeadUpstream, AnswersServfailWhereEveryServerEndsItsTcpConnection) {
  auto& real = upstream(answer_well);
  real.hang_up = true;
  forward_to({closed_port(), real.endpoint()});
  TcpClient client{at()};

  const auto answer = ask(client, question_bytes("a.example", Type::a, 7, {}));

  EXPECT_EQ(rcode_of(answer), Rcode::servfail);
  EXPECT_EQ(dns::id_of(*answer), 7);
  EXPECT_EQ(dns::ede_of(*answer), Ede::network_error);
  EXPECT_EQ(server().counters().upstream_refused, 2u);
}

TEST_F(DeadUpstream, AsksTheNextServerByTcpWhereTheFirstRefuses) {
  auto& second = upstream(answer_well);
  forward_to({closed_port(), second.endpoint()});
  TcpClient client{at()};

  EXPECT_EQ(rcode_of(ask(client, question_bytes("a.example"))), Rcode::noerror);
}

}  // namespace
}  // namespace blackstart
