#include "dns/answer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>

#include "dns/edit.h"
#include "support/dns_desk.h"

namespace blackstart::dns {
namespace {

using namespace std::chrono_literals;
using What = Plan::What;

constexpr Address kOther{.bytes = {10, 0, 0, 2}};

TEST(FaultTable, ForwardsWhatNoFaultMatches) {
  Desk desk{{rule_of(AnswerKind::nodata, "api.example.com")}};
  EXPECT_EQ(desk.ask(question_bytes("other.example.com")).what, What::forward);
  EXPECT_EQ(desk.plan.entry, Plan::kNoEntry);
  EXPECT_FALSE(desk.plan.learn);
  EXPECT_EQ(desk.plan.alias, nullptr);
  EXPECT_EQ(desk.table.counts()[0].questions, 0u);
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

}  // namespace
}  // namespace blackstart::dns
