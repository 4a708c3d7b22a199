// covers serve/udp_upstream
// covers serve/tcp_upstream
// covers serve/random_ids
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <set>
#include <string>
#include <vector>

#include "serve/dns_server.h"
#include "support/dns_peers.h"

namespace blackstart {
namespace {

using dns::answer_bytes;
using dns::AnswerKind;
using dns::Ede;
using dns::Header;
using dns::question_bytes;
using dns::Rcode;
using dns::records_of;
using dns::Section;
using dns::Type;

using Forwarding = DnsServerTest;

// With OPT, version 0, payload `size`, and a COOKIE option.
Message with_edns(Message question, std::uint16_t size) {
  question[11] = 1;
  const Message opt{0,
                    0,
                    41,
                    static_cast<std::uint8_t>(size >> 8),
                    static_cast<std::uint8_t>(size & 0xff),
                    0,
                    0,
                    0,
                    0,
                    0,
                    12,
                    0,
                    10,
                    0,
                    8,
                    1,
                    2,
                    3,
                    4,
                    5,
                    6,
                    7,
                    8};
  question.insert(question.end(), opt.begin(), opt.end());
  return question;
}

Messages answer_many(const FakeUpstream::Asked& asked) {
  const std::string name = dns::parsed(asked.question).question.name.text();
  std::vector<dns::TestRecord> records;
  for (int i = 0; i < 60; ++i) records.push_back({Section::answer, name, Type::a, 5, "192.0.2.1"});
  return {answer_bytes(name, Type::a, records, Header::kQr | Header::kRd | Header::kRa, false,
                       dns::id_of(asked.question))};
}

TEST_F(Forwarding, PassesQuestionAndAnswerByteForByteButForTheId) {
  auto& real = upstream([](const FakeUpstream::Asked& asked) {
    Message answer = asked.question;  // OPT and all
    answer[2] |= 0x80;
    answer.back() ^= 0xff;
    return Messages{answer};
  });
  forward_to({real.endpoint()});
  UdpClient client{at()};
  const Message question = with_edns(question_bytes("wWw.ExAmPlE.cOm", Type{65280}), 4'000);

  const auto answer = ask(client, question);

  ASSERT_EQ(real.asked().size(), 1u);
  EXPECT_EQ(with_id(real.asked()[0].question, 0x1234), question);
  Message expected = question;
  expected[2] |= 0x80;
  expected.back() ^= 0xff;
  EXPECT_EQ(answer, expected);
}

TEST_F(Forwarding, IdsAndPortsCannotBePredicted) {
  auto& real = upstream(answer_well);
  forward_to({real.endpoint()});
  UdpClient client{at()};
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(ask(client, question_bytes("a.example")));

  std::set<int> ids, ports;
  int successors = 0;
  for (std::size_t i = 0; i < real.asked().size(); ++i) {
    const auto& asked = real.asked()[i];
    if (i > 0 && dns::id_of(asked.question) == dns::id_of(real.asked()[i - 1].question) + 1) {
      ++successors;
    }
    ids.insert(dns::id_of(asked.question));
    ports.insert(to_endpoint(asked.from).port);
  }
  EXPECT_GE(ids.size(), 95u);
  EXPECT_GE(ports.size(), 14u);
  EXPECT_LE(successors, 3);
}

TEST_F(Forwarding, GivesUpPortsAfterAWhile) {
  auto& real = upstream(answer_well);
  forward_to({real.endpoint()});
  UdpClient client{at()};
  const auto ports_of_next = [&](int questions) {
    const std::size_t before = real.asked().size();
    for (int i = 0; i < questions; ++i) EXPECT_TRUE(ask(client, question_bytes("a.example")));
    std::set<int> ports;
    for (std::size_t i = before; i < real.asked().size(); ++i) {
      ports.insert(to_endpoint(real.asked()[i].from).port);
    }
    return ports;
  };
  const auto early = ports_of_next(100);
  (void)ports_of_next(500);
  const auto late = ports_of_next(100);

  std::vector<int> kept;
  std::ranges::set_intersection(early, late, std::back_inserter(kept));
  EXPECT_LE(kept.size(), 2u);
}

TEST_F(Forwarding, IgnoresLiesAndTakesTheTruth) {
  const UniqueFd elsewhere = open_udp_listener(any_port("127.0.0.1"));
  auto& liar = upstream([&](const FakeUpstream::Asked& asked) {
    const std::uint16_t id = dns::id_of(asked.question);
    const Message truth = answer_well(asked)[0];
    Message forged = truth;
    forged.back() = 66;  // 192.0.2.66
    (void)::sendto(elsewhere.get(), forged.data(), forged.size(), 0, &asked.from.any,
                   asked.from.length);
    const auto other_id = static_cast<std::uint16_t>(id + 1);
    const Message other_name = answer_bytes(
        "b.example", Type::a, {{Section::answer, "b.example", Type::a, 5, "192.0.2.66"}},
        Header::kQr | Header::kRd, false, id);
    Message other_case = forged;
    other_case[13] = 'a';  // "A.example" was asked
    Message no_answer = forged;
    no_answer[2] &= 0x7f;
    return Messages{with_id(forged, other_id), other_name,        other_case, no_answer,
                    Message{0xff, 0xff},       Message(40, 0xff), truth};
  });
  forward_to({liar.endpoint()});
  UdpClient client{at()};

  const auto answer = ask(client, question_bytes("A.example"));

  ASSERT_TRUE(answer);
  EXPECT_EQ(records_of(*answer), std::vector<std::string>{"answer: A.example 300 IN A 192.0.2.7"});
  EXPECT_EQ(server().counters().upstream_mismatched, 6u);
  EXPECT_FALSE(next_answer(client, 50ms)) << "one question, one answer";
}

TEST_F(Forwarding, PassesTruncationOnAndGoesByTcpWhenTheClientDoes) {
  auto& real = upstream([](const FakeUpstream::Asked& asked) {
    if (asked.tcp) return answer_many(asked);
    return Messages{answer_bytes("big.example", Type::a, {}, Header::kQr | Header::kTc, false,
                                 dns::id_of(asked.question))};
  });
  forward_to({real.endpoint()});
  UdpClient udp{at()};
  TcpClient tcp{at()};

  const auto cut = ask(udp, question_bytes("big.example"));
  ASSERT_TRUE(cut);
  EXPECT_TRUE(dns::read_header(*cut)->has(Header::kTc));
  ASSERT_EQ(real.asked().size(), 1u);

  const auto whole = ask(tcp, question_bytes("big.example"));
  ASSERT_TRUE(whole);
  EXPECT_EQ(dns::id_of(*whole), 0x1234);
  EXPECT_EQ(records_of(*whole).size(), 60u);
  EXPECT_TRUE(real.asked().back().tcp);
  EXPECT_NE(dns::id_of(real.asked().back().question), 0x1234);
}

TEST_F(Forwarding, CutsWhatIsLargerThanTheClientTakes) {
  auto& real = upstream(answer_many);
  forward_to({real.endpoint()});
  UdpClient client{at()};

  const auto plain = ask(client, question_bytes("a.example"));
  const auto edns = ask(client, with_edns(question_bytes("a.example"), 4'096));

  ASSERT_TRUE(plain && edns);
  EXPECT_LE(plain->size(), 512u);
  EXPECT_TRUE(dns::read_header(*plain)->has(Header::kTc));
  EXPECT_FALSE(dns::read_header(*edns)->has(Header::kTc));
  EXPECT_EQ(records_of(*edns).size(), 60u);
}

TEST_F(Forwarding, IgnoresLiesByTcpToo) {
  auto& liar = upstream([](const FakeUpstream::Asked& asked) {
    const Message truth = answer_well(asked)[0];
    return Messages{with_id(truth, static_cast<std::uint16_t>(dns::id_of(truth) ^ 1)), truth};
  });
  forward_to({liar.endpoint()});
  TcpClient client{at()};

  EXPECT_EQ(rcode_of(ask(client, question_bytes("a.example"))), Rcode::noerror);
  EXPECT_EQ(server().counters().upstream_mismatched, 1u);
}

TEST_F(Forwarding, MarksItsOwnQuestions) {
  auto& real = upstream(answer_well);
  ASSERT_EQ(
      shell("nft 'table inet t { chain c { type filter hook output priority 0; meta mark 0xb5 "
            "udp dport " +
            std::to_string(real.endpoint().port) +
            " counter; meta mark 0xb5 "
            "tcp dport " +
            std::to_string(real.endpoint().port) + " counter; }; }'")
          .status,
      0);
  DnsServerConfig config;
  config.upstreams = {real.endpoint()};
  config.mark = 0xb5;
  start(config);
  UdpClient udp{at()};
  TcpClient tcp{at()};
  ASSERT_TRUE(ask(udp, question_bytes("a.example")));
  ASSERT_TRUE(ask(tcp, question_bytes("a.example")));

  const std::string listed = shell("nft list table inet t").output;
  EXPECT_NE(listed.find("packets 1 bytes"), std::string::npos) << listed;
  EXPECT_EQ(listed.find("packets 0"), std::string::npos) << listed;
}

TEST_F(Forwarding, AsksOverIpv6) {
  auto& real = upstream(answer_well, any_port("::1"));
  forward_to({real.endpoint()});
  UdpClient udp{at()};
  TcpClient tcp{at()};
  EXPECT_EQ(rcode_of(ask(udp, question_bytes("a.example"))), Rcode::noerror);
  EXPECT_EQ(rcode_of(ask(tcp, question_bytes("a.example"))), Rcode::noerror);
}

TEST_F(Forwarding, CapsTtlsOfWhatItPassesOn) {
  auto& real = upstream(answer_well);
  auto cap = rule_for("*", AnswerKind::pass);
  cap.ttl = 3;
  forward_to({real.endpoint()}, {cap});
  UdpClient client{at()};

  const auto answer = ask(client, question_bytes("a.example"));
  ASSERT_TRUE(answer);
  EXPECT_EQ(records_of(*answer), std::vector<std::string>{"answer: a.example 3 IN A 192.0.2.7"});
}

TEST_F(Forwarding, PutsAnAliasInFrontOfTheRealAnswer) {
  auto& real = upstream(answer_well);
  auto alias = rule_for("a.example", AnswerKind::spoof);
  alias.cname = dns::name_of("b.example");
  forward_to({real.endpoint()}, {alias});
  UdpClient udp{at()};
  TcpClient tcp{at()};

  for (const auto& answer :
       {ask(udp, question_bytes("a.example")), ask(tcp, question_bytes("a.example"))}) {
    ASSERT_TRUE(answer);
    EXPECT_EQ(dns::id_of(*answer), 0x1234);
    const auto records = records_of(*answer);
    ASSERT_EQ(records.size(), 2u);
    EXPECT_NE(records[0].find("CNAME b.example"), std::string::npos) << records[0];
    EXPECT_EQ(records[1], "answer: b.example 300 IN A 192.0.2.7");
  }
  EXPECT_EQ(dns::parsed(real.asked()[0].question).question.name, dns::name_of("b.example"));
}

TEST_F(Forwarding, RemembersGoodAnswersForAStaleFault) {
  auto& real = upstream(answer_well);
  forward_to({real.endpoint()}, {rule_for("*", AnswerKind::stale)});
  faults_->set_in_force({});
  UdpClient client{at()};
  ASSERT_TRUE(ask(client, question_bytes("a.example")));
  ASSERT_EQ(real.asked().size(), 1u);

  faults_->set_in_force(std::array<std::uint32_t, 1>{0});
  const auto stale = ask(client, question_bytes("a.example", Type::a, 9, {}));

  ASSERT_TRUE(stale);
  EXPECT_EQ(dns::ede_of(*stale), Ede::stale_answer);
  EXPECT_EQ(records_of(*stale), std::vector<std::string>{"answer: a.example 30 IN A 192.0.2.7"});
  EXPECT_EQ(real.asked().size(), 1u);
}

}  // namespace
}  // namespace blackstart
