// covers dns/faulted_reply, dns/reply, dns/stale

#include "dns/answer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

#include "dns/edit.h"
#include "support/dns_bytes.h"

namespace blackstart::dns {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;
using What = Plan::What;

constexpr Address kClient{.bytes = {10, 0, 0, 1}};
constexpr Address kOther{.bytes = {10, 0, 0, 2}};
constexpr std::uint32_t kEntry = 7;

FaultRule rule_of(AnswerKind answer, std::string_view names = "*") {
  FaultRule rule;
  rule.entry = kEntry;
  rule.names = {*NamePattern::from_text(names)};
  rule.answer = answer;
  return rule;
}

// A table with its rules in force, in the order given, and what it decided last.
struct Desk {
  explicit Desk(std::vector<FaultRule> rules, std::uint64_t seed = 1)
      : entries{entries_of(rules)}, table{std::move(rules), RunSeed{seed}} {
    table.set_in_force(entries);
  }

  Plan ask(const Message& question, Transport transport = Transport::udp,
           const Address& client = kClient) {
    plan = table.decide(question, transport, client, buffer);
    return plan;
  }

  Message reply() const { return {buffer.begin(), buffer.begin() + static_cast<long>(plan.size)}; }

  // Asks, and gives the reply.
  Message answer(const Message& question, Transport transport = Transport::udp) {
    EXPECT_EQ(ask(question, transport).what, What::reply);
    return reply();
  }

  static std::vector<std::uint32_t> entries_of(const std::vector<FaultRule>& rules) {
    std::vector<std::uint32_t> out;
    for (const FaultRule& rule : rules) out.push_back(rule.entry);
    return out;
  }

  std::vector<std::uint32_t> entries;
  FaultTable table;
  std::vector<std::uint8_t> buffer = std::vector<std::uint8_t>(limits::dns_message_bytes_max);
  Plan plan;
};

Message with_edns(std::string_view name, Type type = Type::a, bool dnssec_ok = false) {
  return question_bytes(name, type, 0x1234, {.dnssec_ok = dnssec_ok});
}

Rcode rcode_of(const Message& bytes) {
  const ParsedMessage message = parsed(bytes);
  return full_rcode(message.header, message.edns);
}

TEST(FaultTable, ForwardsWhatNoFaultMatches) {
  Desk desk{{rule_of(AnswerKind::nodata, "api.example.com")}};
  EXPECT_EQ(desk.ask(question_bytes("other.example.com")).what, What::forward);
  EXPECT_EQ(desk.plan.entry, Plan::kNoEntry);
  EXPECT_FALSE(desk.plan.learn);
  EXPECT_EQ(desk.plan.alias, nullptr);
  EXPECT_EQ(desk.table.counts()[0].questions, 0u);
}

TEST(FaultTable, AnswersNodataByteForByte) {
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

TEST(FaultTable, EveryEmptyAnswerRepeatsTheQuestionAndItsFlags) {
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

TEST(FaultTable, GivesOptForOptWithItsOwnSize) {
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

TEST(FaultTable, SaysWhyItServfailsToThoseWhoSpeakEdns) {
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

TEST(FaultTable, TakesTheSoaFromTheZoneThatWouldSayNo) {
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

TEST(FaultTable, SoaHasTheRulesTtlOrIsLeftOut) {
  FaultRule rule = rule_of(AnswerKind::nxdomain);
  rule.ttl = 900;
  Desk desk{{rule}};
  EXPECT_THAT(records_of(desk.answer(question_bytes("x.y.z"))),
              ElementsAre("authority: y.z 900 IN SOA ns1.y.z hostmaster.y.z 1 3600 600 86400 900"));
  rule.soa = false;
  Desk bare{{rule}};
  EXPECT_THAT(records_of(bare.answer(question_bytes("x.y.z"))), IsEmpty());
}

TEST(FaultTable, DropsInSilenceOnBothTransports) {
  Desk desk{{rule_of(AnswerKind::drop)}};
  EXPECT_EQ(desk.ask(question_bytes("a")).what, What::silence);
  EXPECT_EQ(desk.ask(question_bytes("a"), Transport::tcp).what, What::silence);
  EXPECT_EQ(desk.table.counts()[0].questions, 2u);
}

TEST(FaultTable, TruncatesOverUdpOnly) {
  Desk desk{{rule_of(AnswerKind::truncate)}};
  EXPECT_EQ(desk.ask(question_bytes("a")).what, What::reply);
  EXPECT_EQ(desk.ask(question_bytes("a"), Transport::tcp).what, What::forward);
  EXPECT_EQ(desk.plan.entry, Plan::kNoEntry);
}

TEST(FaultTable, AnswersGarbage) {
  Desk desk{{rule_of(AnswerKind::garbage)}};
  EXPECT_EQ(desk.answer(question_bytes("a")), Message(40, 0xff));
}

TEST(FaultTable, AnswersUnderAnotherId) {
  Desk desk{{rule_of(AnswerKind::wrong_id)}};
  const Message question = question_bytes("a");
  Message reply = desk.answer(question);
  EXPECT_NE(id_of(reply), id_of(question));
  EXPECT_FALSE(is_answer_to(question, reply));
  set_id(reply, id_of(question));
  EXPECT_TRUE(is_answer_to(question, reply));
}

TEST(FaultTable, LeadsCnamesInACircle) {
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

TEST(FaultTable, SpoofsAddressesByType) {
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

TEST(FaultTable, AnswersNodataForAFamilyWithoutAddresses) {
  FaultRule rule = spoof_rule();
  rule.aaaa.clear();
  Desk desk{{rule}};
  EXPECT_THAT(records_of(desk.answer(question_bytes("a.b", Type::aaaa))),
              ElementsAre(testing::StartsWith("authority: a.b 5 IN SOA")));
}

TEST(FaultTable, LeadsACnameOnToItsTarget) {
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

TEST(FaultTable, TruncatesWhatExceedsTheClientsSize) {
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

TEST(FaultTable, FillsTheClientsSizeToTheByte) {
  FaultRule rule = rule_of(AnswerKind::spoof);
  for (std::uint8_t i = 0; i < 29; ++i) rule.a.push_back({.bytes = {192, 0, 2, i}});
  // 12 + name + 4 + 29 × 16 = 512 with a name of 32 bytes.
  Desk desk{{rule}};
  EXPECT_EQ(desk.answer(question_bytes(std::string(30, 'x'))).size(), 512u);
  EXPECT_TRUE(parsed(desk.answer(question_bytes(std::string(31, 'x')))).header.has(Header::kTc));
}

TEST(FaultTable, DelaysWhatIsPassedOnAndWhatIsMadeUp) {
  FaultRule rule = rule_of(AnswerKind::pass);
  rule.delay = 3s;
  Desk desk{{rule}};
  EXPECT_EQ(desk.ask(question_bytes("a")).what, What::forward);
  EXPECT_EQ(desk.plan.delay, 3s);
  EXPECT_EQ(desk.plan.did, "delay");
  rule.answer = AnswerKind::nodata;
  Desk late{{rule}};
  EXPECT_EQ(late.ask(question_bytes("a")).what, What::reply);
  EXPECT_EQ(late.plan.delay, 3s);
}

TEST(FaultTable, JitterIsEvenAroundTheDelay) {
  FaultRule rule = rule_of(AnswerKind::pass);
  rule.delay = 100ms;
  rule.jitter = 50ms;
  Desk desk{{rule}};
  Duration sum{}, least = 1h, most{};
  for (int i = 0; i < 2'000; ++i) {
    const Duration delay = desk.ask(question_bytes("a")).delay;
    sum += delay;
    least = std::min(least, delay);
    most = std::max(most, delay);
  }
  EXPECT_NEAR(milliseconds_of(sum / 2'000), 100.0, 3.0);
  EXPECT_GE(least, 50ms);
  EXPECT_LT(least, 52ms);
  EXPECT_LE(most, 150ms);
  EXPECT_GT(most, 148ms);
}

TEST(FaultTable, CapsTtlsOfWhatIsPassedOn) {
  FaultRule rule = rule_of(AnswerKind::pass);
  rule.ttl = 0;
  Desk desk{{rule}};
  EXPECT_EQ(desk.ask(question_bytes("a")).what, What::forward);
  EXPECT_EQ(desk.plan.ttl_cap, 0u);
  EXPECT_EQ(desk.plan.did, "ttl_cap");
}

TEST(FaultTable, HitsItsTypesOnly) {
  FaultRule rule = rule_of(AnswerKind::drop);
  rule.types = {Type::aaaa, Type::https};
  Desk desk{{rule}};
  EXPECT_EQ(desk.ask(question_bytes("a", Type::a)).what, What::forward);
  EXPECT_EQ(desk.ask(question_bytes("a", Type::aaaa)).what, What::silence);
  EXPECT_EQ(desk.ask(question_bytes("a", Type::https)).what, What::silence);
}

TEST(FaultTable, LeavesOtherClassesAlone) {
  Desk desk{{rule_of(AnswerKind::drop)}};
  Message chaos = question_bytes("version.bind", Type::txt);
  chaos.back() = 3;
  EXPECT_EQ(desk.ask(chaos).what, What::forward);
}

struct TransportCase {
  FaultRule::Over over;
  FaultRule::Tcp tcp;
  What by_udp, by_tcp;
};

constexpr TransportCase kTransportCases[] = {
    {FaultRule::Over::both, FaultRule::Tcp::normal, What::reply, What::reply},
    {FaultRule::Over::udp, FaultRule::Tcp::normal, What::reply, What::forward},
    {FaultRule::Over::tcp, FaultRule::Tcp::normal, What::forward, What::reply},
    {FaultRule::Over::both, FaultRule::Tcp::reset, What::reply, What::reset},
    {FaultRule::Over::udp, FaultRule::Tcp::reset, What::reply, What::reset},
    {FaultRule::Over::udp, FaultRule::Tcp::silent, What::reply, What::hold_silent},
    {FaultRule::Over::tcp, FaultRule::Tcp::silent, What::forward, What::hold_silent},
};

TEST(FaultTable, MindsTheTransport) {
  for (const TransportCase& one : kTransportCases) {
    FaultRule rule = rule_of(AnswerKind::nodata);
    rule.over = one.over;
    rule.tcp = one.tcp;
    Desk desk{{rule}};
    EXPECT_EQ(desk.ask(question_bytes("a"), Transport::udp).what, one.by_udp);
    EXPECT_EQ(desk.ask(question_bytes("a"), Transport::tcp).what, one.by_tcp);
  }
}

TEST(FaultTable, ARuleForTcpAloneLeavesUdpUncounted) {
  FaultRule rule = rule_of(AnswerKind::pass);
  rule.tcp = FaultRule::Tcp::reset;
  Desk desk{{rule}};
  EXPECT_EQ(desk.ask(question_bytes("a")).what, What::forward);
  EXPECT_EQ(desk.plan.entry, Plan::kNoEntry);
  EXPECT_EQ(desk.ask(question_bytes("a"), Transport::tcp).what, What::reset);
  EXPECT_EQ(desk.table.counts()[0].by_what[0].did, "tcp_reset");
}

TEST(FaultTable, MindsEdns) {
  FaultRule rule = rule_of(AnswerKind::pass);
  rule.edns = FaultRule::Edns::drop;
  Desk drops{{rule}};
  EXPECT_EQ(drops.ask(with_edns("a")).what, What::silence);
  EXPECT_EQ(drops.ask(question_bytes("a")).what, What::forward);
  rule.edns = FaultRule::Edns::formerr;
  Desk errs{{rule}};
  EXPECT_EQ(rcode_of(errs.answer(with_edns("a"))), Rcode::formerr);
  EXPECT_EQ(errs.plan.did, "edns_formerr");
  EXPECT_EQ(errs.ask(question_bytes("a")).what, What::forward);
  EXPECT_EQ(errs.plan.entry, Plan::kNoEntry);
}

TEST(FaultTable, AnswersUnknownEdnsVersionsWithBadvers) {
  Message question = with_edns("a");
  question[question.size() - 5] = 1;  // the version
  for (const AnswerKind kind : {AnswerKind::pass, AnswerKind::nodata, AnswerKind::stale}) {
    Desk desk{{rule_of(kind, "a")}};
    const Message reply = desk.answer(question);
    EXPECT_EQ(rcode_of(reply), Rcode::badvers);
    EXPECT_EQ(parsed(reply).edns->version, 0);
    EXPECT_EQ(desk.plan.entry, Plan::kNoEntry);
  }
  Desk silent{{rule_of(AnswerKind::drop)}};
  EXPECT_EQ(silent.ask(question).what, What::silence);
}

TEST(FaultTable, TheEntryThatStartedLastWins) {
  FaultRule early = rule_of(AnswerKind::nodata), late = rule_of(AnswerKind::servfail, "a.b");
  early.entry = 1;
  late.entry = 2;
  FaultTable table{{early, late}, RunSeed{1}};
  Desk desk{{early, late}};
  EXPECT_EQ(desk.ask(question_bytes("a.b")).entry, 2u);
  EXPECT_EQ(desk.ask(question_bytes("c.d")).entry, 1u);
  desk.table.set_in_force(std::array<std::uint32_t, 2>{2, 1});
  EXPECT_EQ(desk.ask(question_bytes("a.b")).entry, 1u);
  desk.table.set_in_force(std::array<std::uint32_t, 1>{2});
  EXPECT_EQ(desk.ask(question_bytes("c.d")).what, What::forward);
  desk.table.set_in_force({});
  EXPECT_EQ(desk.ask(question_bytes("a.b")).what, What::forward);
}

TEST(FaultTable, HitsAShareFromTheSeed) {
  FaultRule rule = rule_of(AnswerKind::drop);
  rule.share = *Probability::from_percent(25);
  const auto pattern = [&](std::uint64_t seed) {
    Desk desk{{rule}, seed};
    std::string hits;
    for (int i = 0; i < 2'000; ++i) {
      hits += desk.ask(question_bytes("a")).what == What::silence ? '1' : '0';
    }
    return hits;
  };
  const std::string once = pattern(5);
  EXPECT_NEAR(static_cast<double>(std::ranges::count(once, '1')), 500.0, 60.0);
  EXPECT_EQ(once, pattern(5));
  EXPECT_NE(once, pattern(6));
}

TEST(FaultTable, AShareThatMissesLeavesTheQuestionToTheRuleBefore) {
  FaultRule early = rule_of(AnswerKind::nodata), late = rule_of(AnswerKind::drop);
  early.entry = 1;
  late.share = *Probability::from_percent(50);
  Desk desk{{early, late}};
  for (int i = 0; i < 100; ++i) {
    EXPECT_NE(desk.ask(question_bytes("a")).what, What::forward);
  }
  EXPECT_GT(desk.table.counts()[0].questions, 20u);
  EXPECT_GT(desk.table.counts()[1].questions, 20u);
}

TEST(FaultTable, HitsTheFirstQuestionsOfEachClientForEachName) {
  FaultRule rule = rule_of(AnswerKind::drop);
  rule.first = 2;
  Desk desk{{rule}};
  const auto asks = [&](std::string_view name, const Address& client) {
    return desk.ask(question_bytes(name), Transport::udp, client).what;
  };
  EXPECT_EQ(asks("a", kClient), What::silence);
  EXPECT_EQ(asks("A", kClient), What::silence);
  EXPECT_EQ(asks("a", kClient), What::forward);
  EXPECT_EQ(asks("b", kClient), What::silence);
  EXPECT_EQ(asks("a", kOther), What::silence);
  EXPECT_EQ(asks("a", kClient), What::forward);
  desk.table.set_in_force(desk.entries);  // goes on
  EXPECT_EQ(asks("a", kClient), What::forward);
  desk.table.set_in_force({});
  desk.table.set_in_force(desk.entries);  // begins anew
  EXPECT_EQ(asks("a", kClient), What::silence);
}

TEST(FaultTable, RepeatsTheLastGoodAnswerWhenStale) {
  Desk desk{{rule_of(AnswerKind::stale, "a.b")}};
  const Message question = question_bytes("A.b", Type::a, 9);
  desk.table.set_in_force({});
  EXPECT_TRUE(desk.ask(question).learn);
  EXPECT_FALSE(desk.ask(question_bytes("c.d")).learn);
  const Message good = answer_bytes("A.b", Type::a,
                                    {{Section::answer, "A.b", Type::a, 600, "192.0.2.1"},
                                     {Section::answer, "A.b", Type::a, 10, "192.0.2.2"}},
                                    Header::kQr | Header::kAa, true, 9);
  desk.table.learn(question, good);
  desk.table.set_in_force(desk.entries);

  const Message later = question_bytes("a.B", Type::a, 77);
  const Message reply = desk.answer(later);
  EXPECT_TRUE(is_answer_to(later, reply));
  EXPECT_FALSE(parsed(reply).header.has(Header::kAa));
  EXPECT_FALSE(parsed(reply).edns);
  EXPECT_THAT(records_of(reply),
              ElementsAre("answer: a.B 30 IN A 192.0.2.1", "answer: a.B 10 IN A 192.0.2.2"));
  EXPECT_EQ(desk.plan.did, "stale");
  EXPECT_EQ(ede_of(desk.answer(with_edns("a.b"))), Ede::stale_answer);
}

TEST(FaultTable, ServfailsWhenNothingStaleIsKnown) {
  Desk desk{{rule_of(AnswerKind::stale)}};
  const Message question = question_bytes("a");
  desk.table.learn(question, answer_bytes("a", Type::a, {}, Header::kQr | 2));  // SERVFAIL
  desk.table.learn(question, answer_bytes("a", Type::a, {}, Header::kQr | Header::kTc));  // cut
  desk.table.learn(question, answer_bytes("b", Type::a, {}));                             // other
  desk.table.learn(question, Message(40, 0xff));
  EXPECT_EQ(rcode_of(desk.answer(question)), Rcode::servfail);
  EXPECT_EQ(desk.plan.did, "stale_unknown");
}

TEST(FaultTable, KeepsStaleNegativesAndTheLatestAnswer) {
  Desk desk{{rule_of(AnswerKind::stale)}};
  const Message question = with_edns("a");
  desk.table.learn(question, answer_bytes("a", Type::a, {}, Header::kQr | 3));
  EXPECT_EQ(rcode_of(desk.answer(question)), Rcode::nxdomain);
  EXPECT_EQ(ede_of(desk.reply()), Ede::stale_nxdomain);
  desk.table.learn(question,
                   answer_bytes("a", Type::a, {{Section::answer, "a", Type::a, 1, "192.0.2.9"}}));
  EXPECT_THAT(records_of(desk.answer(question)), ElementsAre("answer: a 1 IN A 192.0.2.9"));
}

TEST(FaultTable, ForgetsTheOldestStaleAnswersFirst) {
  Desk desk{{rule_of(AnswerKind::stale)}};
  const auto name = [](std::size_t i) { return "n" + std::to_string(i); };
  for (std::size_t i = 0; i <= limits::dns_stale_answers_max; ++i) {
    desk.table.learn(question_bytes(name(i)), answer_bytes(name(i), Type::a, {}));
  }
  EXPECT_EQ(rcode_of(desk.answer(question_bytes(name(0)))), Rcode::servfail);
  EXPECT_EQ(rcode_of(desk.answer(question_bytes(name(1)))), Rcode::noerror);
  EXPECT_EQ(rcode_of(desk.answer(question_bytes(name(limits::dns_stale_answers_max)))),
            Rcode::noerror);
}

TEST(FaultTable, MeetsWhatIsNoProperQuestionWithTheLeastItCan) {
  Desk desk{{}};
  EXPECT_EQ(desk.ask(Message(11, 0)).what, What::silence);
  EXPECT_EQ(desk.ask({}).what, What::silence);
  Message answer = question_bytes("a");
  answer[2] |= 0x80;
  EXPECT_EQ(desk.ask(answer).what, What::silence);

  Message notify = question_bytes("a");
  notify[2] = 4 << 3;
  const Message refused = desk.answer(notify);
  EXPECT_EQ(refused.size(), 12u);
  EXPECT_EQ(read_header(refused)->rcode(), Rcode::notimp);
  EXPECT_EQ(read_header(refused)->opcode(), Opcode::notify);

  for (const std::uint8_t count : Message{0, 2}) {
    Message counted = question_bytes("a");
    counted[5] = count;
    const Message reply = desk.answer(counted);
    EXPECT_EQ(read_header(reply)->rcode(), Rcode::formerr);
    EXPECT_EQ(reply.size(), 12u);
    EXPECT_EQ(id_of(reply), id_of(counted));
  }
}

TEST(FaultTable, CountsByEntryAndByWhatWasDone) {
  FaultRule one = rule_of(AnswerKind::nodata, "a"), two = rule_of(AnswerKind::drop, "b");
  two.entry = 9;
  Desk desk{{one, two}};
  for (int i = 0; i < 3; ++i) desk.ask(question_bytes("a"));
  desk.ask(question_bytes("b"));
  desk.ask(question_bytes("c"));
  const auto counts = desk.table.counts();
  ASSERT_EQ(counts.size(), 2u);
  EXPECT_EQ(counts[0].entry, kEntry);
  EXPECT_EQ(counts[0].questions, 3u);
  EXPECT_EQ(counts[0].by_what[0].did, "nodata");
  EXPECT_EQ(counts[1].entry, 9u);
  EXPECT_EQ(counts[1].questions, 1u);
  EXPECT_EQ(counts[1].by_what[0].did, "drop");
}

TEST(FaultTable, NeverWritesBeyondASmallBuffer) {
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

TEST(FaultTable, RepliesParseBackWhateverTheQuestion) {
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
