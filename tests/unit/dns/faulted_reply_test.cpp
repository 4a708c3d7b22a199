// covers dns/reply

#include "dns/faulted_reply.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

#include "dns/edit.h"
#include "support/dns_desk.h"

namespace blackstart::dns {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using What = Plan::What;

TEST(FaultedReply, AnswersNodataByteForByte) {
  Desk desk{{rule_of(AnswerKind::nodata)}};
  const Message reply = desk.answer(question_bytes("aPi.b.c", Type::a, 0xabcd));
  const Message expected{
      0xab, 0xcd, 0x81, 0x80, 0,    1,   0,  0,    0,    1,   0,   0,       // QR RD RA
      3,    'a',  'P',  'i',  1,    'b', 1,  'c',  0,    0,   1,   0,   1,  // the question
      0xc0, 16,   0,    6,    0,    1,   0,  0,    0,    5,   0,   39,      // b.c SOA, TTL 5
      3,    'n',  's',  '1',  0xc0, 16,  10, 'h',  'o',  's', 't', 'm', 'a',
      's',  't',  'e',  'r',  0xc0, 16,  0,  0,    0,    1,   0,   0,   0x0e,
      0x10, 0,    0,    2,    0x58, 0,   1,  0x51, 0x80, 0,   0,   0,   5};
  EXPECT_EQ(reply, expected);
}

struct KindCase {
  AnswerKind kind;
  Rcode rcode;
  std::string_view did;
  bool soa;
};

constexpr KindCase kKindCases[] = {
    {AnswerKind::nodata, Rcode::noerror, "nodata", true},
    {AnswerKind::nxdomain, Rcode::nxdomain, "nxdomain", true},
    {AnswerKind::servfail, Rcode::servfail, "servfail", false},
    {AnswerKind::refused, Rcode::refused, "refused", false},
    {AnswerKind::formerr, Rcode::formerr, "formerr", false},
    {AnswerKind::notimp, Rcode::notimp, "notimp", false},
    {AnswerKind::truncate, Rcode::noerror, "truncate", false},
    {AnswerKind::referral, Rcode::noerror, "referral", false},
};

TEST(FaultedReply, EveryEmptyAnswerRepeatsTheQuestionAndItsFlags) {
  for (const KindCase& one : kKindCases) {
    SCOPED_TRACE(one.did);
    Desk desk{{rule_of(one.kind)}};
    Message question = question_bytes("wWw.eXample.com", Type::txt);
    question[2] = 0;     // no RD
    question[3] = 0x10;  // CD
    const Message reply = desk.answer(question);
    const ParsedMessage message = parsed(reply);
    EXPECT_TRUE(is_answer_to(question, reply));
    EXPECT_EQ(message.header.rcode(), one.rcode);
    EXPECT_FALSE(message.header.has(Header::kRd));
    EXPECT_TRUE(message.header.has(Header::kCd));
    EXPECT_FALSE(message.header.has(Header::kAa));
    EXPECT_EQ(message.header.has(Header::kTc), one.kind == AnswerKind::truncate);
    EXPECT_EQ(message.header.has(Header::kRa), one.kind != AnswerKind::referral);
    EXPECT_FALSE(message.edns);
    EXPECT_EQ(records_of(reply).size(), one.soa ? 1u : 0u);
    EXPECT_EQ(desk.plan.did, one.did);
    EXPECT_EQ(desk.plan.entry, kEntry);
  }
}

TEST(FaultedReply, GivesOptForOptWithItsOwnSize) {
  for (const KindCase& one : kKindCases) {
    Desk desk{{rule_of(one.kind)}};
    for (const bool dnssec_ok : {false, true}) {
      const Message reply = desk.answer(with_edns("a.example.com", Type::a, dnssec_ok));
      const ParsedMessage message = parsed(reply);
      ASSERT_TRUE(message.edns) << one.did;
      EXPECT_EQ(message.edns->payload, limits::dns_udp_bytes_max);
      EXPECT_EQ(message.edns->version, 0);
      EXPECT_EQ(message.edns->dnssec_ok, dnssec_ok);
      EXPECT_EQ(ede_of(reply).has_value(), one.kind == AnswerKind::servfail);
    }
  }
}

TEST(FaultedReply, SaysWhyItServfailsToThoseWhoSpeakEdns) {
  Desk desk{{rule_of(AnswerKind::servfail)}};
  EXPECT_EQ(ede_of(desk.answer(with_edns("a"))), Ede::no_reachable_authority);
}

struct SoaCase {
  AnswerKind kind;
  std::string_view name;
  std::string_view record;
};

constexpr SoaCase kSoaCases[] = {
    {AnswerKind::nodata, "a.b.example.com", "example.com"},
    {AnswerKind::nodata, "example.com", "example.com"},
    {AnswerKind::nodata, "com", "com"},
    {AnswerKind::nodata, ".", "."},
    {AnswerKind::nxdomain, "a.b.example.com", "example.com"},
    {AnswerKind::nxdomain, "example.com", "com"},
    {AnswerKind::nxdomain, "com", "."},
    {AnswerKind::nxdomain, ".", "."},
};

TEST(FaultedReply, TakesTheSoaFromTheZoneThatWouldSayNo) {
  for (const SoaCase& one : kSoaCases) {
    Desk desk{{rule_of(one.kind)}};
    const std::string zone{one.record};
    const std::string below = zone == "." ? "" : "." + zone;
    EXPECT_THAT(records_of(desk.answer(question_bytes(one.name))),
                ElementsAre("authority: " + zone + " 5 IN SOA ns1" + below + " hostmaster" + below +
                            " 1 3600 600 86400 5"))
        << one.name;
  }
}

TEST(FaultedReply, SoaHasTheRulesTtlOrIsLeftOut) {
  FaultRule rule = rule_of(AnswerKind::nxdomain);
  rule.ttl = 900;
  Desk desk{{rule}};
  EXPECT_THAT(records_of(desk.answer(question_bytes("x.y.z"))),
              ElementsAre("authority: y.z 900 IN SOA ns1.y.z hostmaster.y.z 1 3600 600 86400 900"));
  rule.soa = false;
  Desk bare{{rule}};
  EXPECT_THAT(records_of(bare.answer(question_bytes("x.y.z"))), IsEmpty());
}

TEST(FaultedReply, AnswersGarbage) {
  Desk desk{{rule_of(AnswerKind::garbage)}};
  EXPECT_EQ(desk.answer(question_bytes("a")), Message(40, 0xff));
}

TEST(FaultedReply, AnswersUnderAnotherId) {
  Desk desk{{rule_of(AnswerKind::wrong_id)}};
  const Message question = question_bytes("a");
  Message reply = desk.answer(question);
  EXPECT_NE(id_of(reply), id_of(question));
  EXPECT_FALSE(is_answer_to(question, reply));
  set_id(reply, id_of(question));
  EXPECT_TRUE(is_answer_to(question, reply));
}

TEST(FaultedReply, LeadsCnamesInACircle) {
  Desk desk{{rule_of(AnswerKind::cname_loop)}};
  EXPECT_THAT(records_of(desk.answer(question_bytes("a.b"))),
              ElementsAre("answer: a.b 5 IN CNAME loop.a.b", "answer: loop.a.b 5 IN CNAME a.b"));
  const std::string label(63, 'x');
  const std::string most = label + "." + label + "." + label + "." + std::string(61, 'y');
  EXPECT_THAT(records_of(desk.answer(question_bytes(most))),
              ElementsAre("answer: " + most + " 5 IN CNAME " + most));
}

FaultRule spoof_rule() {
  FaultRule rule = rule_of(AnswerKind::spoof);
  rule.a = {{.bytes = {192, 0, 2, 1}}, {.bytes = {192, 0, 2, 2}}};
  rule.aaaa = {{.v6 = true, .bytes = {0x20, 0x01, 0x0d, 0xb8}}};
  return rule;
}

TEST(FaultedReply, SpoofsAddressesByType) {
  Desk desk{{spoof_rule()}};
  EXPECT_THAT(records_of(desk.answer(question_bytes("a.b", Type::a))),
              ElementsAre("answer: a.b 5 IN A 192.0.2.1", "answer: a.b 5 IN A 192.0.2.2"));
  EXPECT_THAT(records_of(desk.answer(question_bytes("a.b", Type::aaaa))),
              ElementsAre("answer: a.b 5 IN AAAA 2001:db8::"));
  EXPECT_EQ(records_of(desk.answer(question_bytes("a.b", Type::any))).size(), 3u);
  EXPECT_THAT(records_of(desk.answer(question_bytes("a.b", Type::https))),
              ElementsAre(testing::StartsWith("authority: a.b 5 IN SOA")));
  EXPECT_EQ(desk.plan.did, "spoof");
}

TEST(FaultedReply, AnswersNodataForAFamilyWithoutAddresses) {
  FaultRule rule = spoof_rule();
  rule.aaaa.clear();
  Desk desk{{rule}};
  EXPECT_THAT(records_of(desk.answer(question_bytes("a.b", Type::aaaa))),
              ElementsAre(testing::StartsWith("authority: a.b 5 IN SOA")));
}

TEST(FaultedReply, LeadsACnameOnToItsTarget) {
  FaultRule rule = rule_of(AnswerKind::spoof);
  rule.cname = name_of("elsewhere.example");
  rule.ttl = 9;
  Desk desk{{rule}};
  EXPECT_EQ(desk.ask(question_bytes("a.b", Type::aaaa)).what, What::forward);
  ASSERT_NE(desk.plan.alias, nullptr);
  EXPECT_EQ(desk.plan.alias->text(), "elsewhere.example");
  EXPECT_EQ(desk.plan.alias_ttl, 9u);
  EXPECT_EQ(desk.plan.did, "alias");
  EXPECT_THAT(records_of(desk.answer(question_bytes("a.b", Type::cname))),
              ElementsAre("answer: a.b 9 IN CNAME elsewhere.example"));
}

TEST(FaultedReply, TruncatesWhatExceedsTheClientsSize) {
  FaultRule rule = rule_of(AnswerKind::spoof);
  for (std::uint8_t i = 0; i < 60; ++i) rule.a.push_back({.bytes = {192, 0, 2, i}});
  Desk desk{{rule}};
  const Message plain = desk.answer(question_bytes("a.b"));
  EXPECT_TRUE(parsed(plain).header.has(Header::kTc));
  EXPECT_THAT(records_of(plain), IsEmpty());
  const Message edns = desk.answer(with_edns("a.b"));  // 1,232 bytes
  EXPECT_FALSE(parsed(edns).header.has(Header::kTc));
  EXPECT_EQ(records_of(edns).size(), 60u);
  const Message tcp = desk.answer(question_bytes("a.b"), Transport::tcp);
  EXPECT_FALSE(parsed(tcp).header.has(Header::kTc));
  EXPECT_EQ(records_of(tcp).size(), 60u);
}

TEST(FaultedReply, FillsTheClientsSizeToTheByte) {
  FaultRule rule = rule_of(AnswerKind::spoof);
  for (std::uint8_t i = 0; i < 29; ++i) rule.a.push_back({.bytes = {192, 0, 2, i}});
  // 12 + name + 4 + 29 × 16 = 512 with a name of 32 bytes.
  Desk desk{{rule}};
  EXPECT_EQ(desk.answer(question_bytes(std::string(30, 'x'))).size(), 512u);
  EXPECT_TRUE(parsed(desk.answer(question_bytes(std::string(31, 'x')))).header.has(Header::kTc));
}

TEST(FaultedReply, NeverWritesBeyondASmallBuffer) {
  const AnswerKind kinds[] = {AnswerKind::nodata,   AnswerKind::servfail, AnswerKind::garbage,
                              AnswerKind::spoof,    AnswerKind::stale,    AnswerKind::cname_loop,
                              AnswerKind::wrong_id, AnswerKind::truncate};
  for (const AnswerKind kind : kinds) {
    FaultRule rule = spoof_rule();
    rule.answer = kind;
    FaultTable table{{rule}, RunSeed{1}};
    table.set_in_force(std::array<std::uint32_t, 1>{kEntry});
    const Message question = with_edns("a.b.example.com");
    for (std::size_t size = 0; size < 120; ++size) {
      Message buffer(size + 8, 0xee);
      const Plan plan =
          table.decide(question, Transport::udp, kClient, std::span{buffer}.first(size));
      ASSERT_LE(plan.size, size);
      ASSERT_EQ(std::ranges::count(std::span{buffer}.subspan(size), 0xee), 8);
    }
  }
}

TEST(FaultedReply, RepliesParseBackWhateverTheQuestion) {
  std::vector<FaultRule> rules;
  for (std::uint32_t i = 1; i <= static_cast<std::uint32_t>(AnswerKind::spoof); ++i) {
    FaultRule rule = spoof_rule();
    rule.entry = i;
    rule.answer = AnswerKind{static_cast<std::uint8_t>(i)};
    rule.share = *Probability::from_percent(20);
    rules.push_back(rule);
  }
  Desk desk{rules};
  Rng rng{3};
  int replies = 0;
  for (int i = 0; i < 20'000; ++i) {
    Message question = rng.next() % 2 == 0 ? with_edns("a.bcd.ef") : question_bytes("a.bcd.ef");
    if (rng.next() % 2 == 0) {
      question[rng.next() % question.size()] = static_cast<std::uint8_t>(rng.next());
    }
    const Plan plan = desk.ask(question, rng.next() % 2 == 0 ? Transport::udp : Transport::tcp);
    if (plan.what != What::reply || plan.did == "garbage") continue;
    const Message reply = desk.reply();
    ParsedMessage message;
    if (reply.size() > kHeaderBytes) {
      ASSERT_EQ(parse_message(reply, message), Flaw::none);
      ASSERT_EQ(is_answer_to(question, reply), plan.did != "wrong_id");
    } else {
      ASSERT_EQ(reply.size(), kHeaderBytes);
    }
    ++replies;
  }
  EXPECT_GT(replies, 5'000);
}

}  // namespace
}  // namespace blackstart::dns
