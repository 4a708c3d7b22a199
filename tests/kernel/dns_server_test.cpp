// covers serve/udp_front
// covers serve/udp_batch
// covers serve/socket
#include "serve/dns_server.h"

#include <gtest/gtest.h>

#include <string>
#include <system_error>
#include <vector>

#include "support/dns_peers.h"

namespace blackstart {
namespace {

using dns::answer_bytes;
using dns::AnswerKind;
using dns::Header;
using dns::question_bytes;
using dns::Rcode;
using dns::records_of;
using dns::Type;

DnsServerConfig forwarding_to(const FakeUpstream& one) {
  DnsServerConfig config;
  config.upstreams = {one.endpoint()};
  return config;
}

DnsServerConfig listening_on(const Endpoint& endpoint) {
  DnsServerConfig config;
  config.listen = {endpoint};
  return config;
}

TEST_F(DnsServerTest, AnswersWhatAFaultIsOnAndForwardsTheRest) {
  auto& real = upstream(answer_well);
  start(forwarding_to(real), {rule_for("*.gone.example", AnswerKind::nxdomain)});
  UdpClient client{at()};

  EXPECT_EQ(rcode_of(ask(client, question_bytes("a.gone.example"))), Rcode::nxdomain);
  EXPECT_TRUE(real.asked().empty());

  const auto answer = ask(client, question_bytes("here.example"));
  ASSERT_TRUE(answer);
  EXPECT_EQ(records_of(*answer),
            std::vector<std::string>{"answer: here.example 300 IN A 192.0.2.7"});
  EXPECT_EQ(server().counters().answered, 1u);
  EXPECT_EQ(server().counters().forwarded, 1u);
  EXPECT_EQ(server().counters().passed_on, 1u);
}

TEST_F(DnsServerTest, AnswersAgainAsSoonAsAFaultIsLifted) {
  auto& real = upstream(answer_well);
  start(forwarding_to(real), {rule_for("*", AnswerKind::servfail)});
  UdpClient client{at()};
  EXPECT_EQ(rcode_of(ask(client, question_bytes("a.example"))), Rcode::servfail);

  faults_->set_in_force({});

  EXPECT_EQ(rcode_of(ask(client, question_bytes("a.example"))), Rcode::noerror);
}

TEST_F(DnsServerTest, LeavesADroppedQuestionUnansweredAndCountsIt) {
  start({}, {rule_for("*", AnswerKind::drop)});
  UdpClient client{at()};

  EXPECT_FALSE(ask(client, question_bytes("a.example"), 100ms));

  EXPECT_EQ(server().counters().silenced, 1u);
  EXPECT_EQ(server().counters().answered, 0u);
}

// The clients are connected, so an answer from any other address would never reach them.
TEST_F(DnsServerTest, AnswersFromTheAddressThatWasAskedOnAWildcardSocket) {
  start(listening_on(any_port("0.0.0.0")), {rule_for("*", AnswerKind::nodata)});

  for (const char* asked : {"127.0.0.1", "127.0.0.2", "127.255.3.4"}) {
    UdpClient client{Endpoint{*parse_address(asked), at().port}};
    EXPECT_EQ(rcode_of(ask(client, question_bytes("a.example"))), Rcode::noerror) << asked;
  }
}

// The kernel finishes even `nodad` addresses from a work queue.
bool has_tentative_addresses() { return !shell("ip -6 address show tentative").output.empty(); }

TEST_F(DnsServerTest, AnswersFromTheAddressThatWasAskedOverIpv6Too) {
  ASSERT_EQ(shell("ip -6 address add 2001:db8::53/128 dev lo nodad").status, 0);
  ASSERT_TRUE(eventually([] { return !has_tentative_addresses(); }));
  start(listening_on(any_port("::")), {rule_for("*", AnswerKind::nodata)});

  for (const char* asked : {"::1", "2001:db8::53"}) {
    UdpClient client{Endpoint{*parse_address(asked), at().port}};
    EXPECT_EQ(rcode_of(ask(client, question_bytes("a.example"))), Rcode::noerror) << asked;
  }
}

TEST_F(DnsServerTest, AnswersAtALinkLocalAddressOverItsOwnInterface) {
  ASSERT_EQ(shell("ip link add v0 type veth peer name v1; ip link set v0 up; ip link set v1 up; "
                  "ip -6 address add fe80::53/64 dev v0 nodad; "
                  "ip -6 address add fe80::54/64 dev v1 nodad")
                .status,
            0);
  ASSERT_TRUE(eventually([] { return !has_tentative_addresses(); }));
  start(listening_on(any_port("::")), {rule_for("*", AnswerKind::nodata)});

  const UniqueFd client = open_udp_to({{*parse_address("fe80::53"), at().port}, "v1"}, 0);
  const Message question = question_bytes("a.example");
  ASSERT_GT(::send(client.get(), question.data(), question.size(), 0), 0);

  std::optional<Message> answer;
  EXPECT_TRUE(eventually([&] { return (answer = receive_from(client.get())).has_value(); }));
}

TEST_F(DnsServerTest, ListensOnSeveralAddressesOfBothFamilies) {
  DnsServerConfig config;
  config.listen = {*parse_endpoint("127.0.0.1:5353", 0), *parse_endpoint("[::1]:5353", 0)};
  start(config, {rule_for("*", AnswerKind::nodata)});

  for (const std::size_t i : {0u, 1u}) {
    UdpClient udp{at(i)};
    TcpClient tcp{at(i)};
    EXPECT_EQ(rcode_of(ask(udp, question_bytes("a.example"))), Rcode::noerror);
    EXPECT_EQ(rcode_of(ask(tcp, question_bytes("a.example"))), Rcode::noerror);
  }
}

TEST_F(DnsServerTest, SaysWhichPortIsTaken) {
  start(listening_on(*parse_endpoint("127.0.0.1:5353", 0)));
  try {
    const DnsServer second{io_, listening_on(*parse_endpoint("127.0.0.1:5353", 0)), *faults_,
                           clock_};
    FAIL() << "two servers on one port";
  } catch (const std::system_error& error) {
    EXPECT_EQ(error.code(), std::errc::address_in_use);
    EXPECT_NE(std::string{error.what()}.find("bind(udp 127.0.0.1:5353)"), std::string::npos);
  }
}

TEST_F(DnsServerTest, ADelayHoldsItsOwnQuestionOnly) {
  auto slow = rule_for("slow.example", AnswerKind::nodata);
  slow.delay = 120ms;
  start({}, {slow, rule_for("quick.example", AnswerKind::nodata, 1)});
  UdpClient client{at()};
  const RunTime began = clock_.now();

  client.ask(question_bytes("slow.example", Type::a, 1));
  client.ask(question_bytes("quick.example", Type::a, 2));

  const auto first = next_answer(client);
  ASSERT_TRUE(first);
  EXPECT_EQ(dns::id_of(*first), 2);
  EXPECT_LT(clock_.now() - began, 100ms);
  const auto second = next_answer(client);
  ASSERT_TRUE(second);
  EXPECT_EQ(dns::id_of(*second), 1);
  EXPECT_GE(clock_.now() - began, 120ms);
}

TEST_F(DnsServerTest, ADelayHoldsAForwardedAnswerToo) {
  auto& real = upstream(answer_well);
  auto slow = rule_for("*", AnswerKind::pass);
  slow.delay = 100ms;
  start(forwarding_to(real), {slow});
  UdpClient client{at()};
  const RunTime began = clock_.now();

  EXPECT_TRUE(ask(client, question_bytes("a.example")));

  EXPECT_GE(clock_.now() - began, 100ms);
}

TEST_F(DnsServerTest, HoldsNoMoreThanItsLimit) {
  auto slow = rule_for("*", AnswerKind::nodata);
  slow.delay = 50ms;
  DnsServerConfig config;
  config.held_max = 3;
  start(config, {slow});
  UdpClient client{at()};

  for (std::uint16_t id = 0; id < 10; ++id) client.ask(question_bytes("a.example", Type::a, id));

  int answers = 0;
  while (next_answer(client, 200ms)) ++answers;
  EXPECT_EQ(answers, 3);
  EXPECT_EQ(server().counters().overflowed, 7u);
}

TEST_F(DnsServerTest, AnswersEveryQuestionOfABurst) {
  auto& real = upstream(answer_well);
  start(forwarding_to(real), {rule_for("odd.example", AnswerKind::nodata)});
  UdpClient client{at()};
  constexpr std::uint16_t kBurst = 600;  // several batches, both kinds mixed

  for (std::uint16_t id = 0; id < kBurst; ++id) {
    client.ask(question_bytes(id % 2 == 1 ? "odd.example" : "even.example", Type::a, id));
  }

  std::vector<bool> seen(kBurst);
  for (int i = 0; i < kBurst; ++i) {
    const auto answer = next_answer(client);
    ASSERT_TRUE(answer) << i;
    const std::uint16_t id = dns::id_of(*answer);
    ASSERT_LT(id, kBurst);
    EXPECT_EQ(records_of(*answer).front().starts_with("answer"), id % 2 == 0);
    seen[id] = true;
  }
  EXPECT_EQ(std::count(seen.begin(), seen.end(), true), kBurst);
}

TEST_F(DnsServerTest, StaysUpUnderGarbage) {
  start({}, {rule_for("*", AnswerKind::nodata)});
  UdpClient client{at()};
  Rng rng{7};
  for (std::size_t size = 0; size < 300; ++size) {
    Message bytes(size);
    for (auto& byte : bytes) byte = static_cast<std::uint8_t>(rng.next());
    client.ask(bytes);
  }
  client.ask(Message(6'000, 0));  // longer than questions are

  std::optional<Message> answer;
  client.ask(question_bytes("a.example", Type::a, 0xbeef));
  EXPECT_TRUE(eventually([&] {
    answer = client.answer();
    return answer && dns::id_of(*answer) == 0xbeef;
  }));
}

TEST_F(DnsServerTest, ActsInAnotherNamespaceFromThisOne) {
  const OtherNetns other;
  std::optional<UdpClient> client;
  {
    const NetnsGuard inside{other.fd()};
    loopback_up();
    upstream(answer_well);
  }
  DnsServerConfig config = forwarding_to(upstreams_.front());
  config.netns_fd = other.fd().get();
  config.listen = {*parse_endpoint("127.0.0.1:53", 0)};
  start(config);
  {
    const NetnsGuard inside{other.fd()};
    client.emplace(at());
  }

  EXPECT_EQ(rcode_of(ask(*client, question_bytes("a.example"))), Rcode::noerror);

  EXPECT_THROW(TcpClient{at()}, std::system_error) << "it listens in this namespace as well";
}

TEST_F(DnsServerTest, CanBeDestroyedWithEverythingUnderWay) {
  auto& silent = upstream(stay_silent);
  auto slow = rule_for("slow.example", AnswerKind::nodata);
  slow.delay = 400ms;
  start(forwarding_to(silent), {slow});
  UdpClient udp{at()};
  TcpClient tcp{at()}, idle{at()};
  for (const char* name : {"slow.example", "silent.example"}) {
    udp.ask(question_bytes(name));
    tcp.ask(question_bytes(name));
  }
  ASSERT_TRUE(eventually([&] { return silent.asked().size() == 2; }));

  server_.reset();

  EXPECT_TRUE(eventually([&] { return tcp.ended() && idle.ended(); }));
  EXPECT_FALSE(next_answer(udp, 600ms));
}

}  // namespace
}  // namespace blackstart
