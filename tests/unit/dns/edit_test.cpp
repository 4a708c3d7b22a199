#include "dns/edit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/dns_bytes.h"

namespace blackstart::dns {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

Message sample_answer(bool edns) {
  return answer_bytes("a.example", Type::a,
                      {{Section::answer, "a.example", Type::a, 600, "192.0.2.1"},
                       {Section::answer, "a.example", Type::a, 5, "192.0.2.2"},
                       {Section::authority, "example", Type::ns, 86400, "ns.example"},
                       {Section::additional, "ns.example", Type::a, 3600, "192.0.2.3"}},
                      Header::kQr | Header::kRa, edns);
}

TEST(SetId, ChangesTheFirstTwoBytes) {
  Message bytes = question_bytes("a");
  set_id(bytes, 0xfedc);
  EXPECT_EQ(id_of(bytes), 0xfedc);
  EXPECT_EQ(parsed(bytes).question.name.text(), "a");
}

TEST(CapTtls, LowersEverySectionButNotOpt) {
  Message bytes = sample_answer(true);
  const Edns before = *parsed(bytes).edns;
  EXPECT_TRUE(cap_ttls(bytes, 60));
  EXPECT_THAT(records_of(bytes), ElementsAre("answer: a.example 60 IN A 192.0.2.1",
                                             "answer: a.example 5 IN A 192.0.2.2",
                                             "authority: example 60 IN NS ns.example",
                                             "additional: ns.example 60 IN A 192.0.2.3"));
  bytes[before.start + 7] = 0x80;  // DO: as a TTL it would be far above any cap
  EXPECT_TRUE(cap_ttls(bytes, 0));
  EXPECT_TRUE(parsed(bytes).edns->dnssec_ok);
}

TEST(CapTtls, SaysThatAMessageIsBroken) {
  Message bytes = sample_answer(false);
  bytes.pop_back();
  EXPECT_FALSE(cap_ttls(bytes, 1));
}

TEST(TruncateFor, LeavesAloneWhatFits) {
  Message bytes = sample_answer(true);
  const Message before = bytes;
  EXPECT_EQ(truncate_for(bytes, bytes.size()), bytes.size());
  EXPECT_EQ(bytes, before);
}

TEST(TruncateFor, KeepsWholeAnswersQuestionAndOpt) {
  for (const bool edns : {false, true}) {
    const Message whole = sample_answer(edns);
    const std::size_t one_answer = 12 + 15 + 16 + (edns ? 11 : 0);
    for (std::size_t limit = 12 + 15 + (edns ? 11 : 0); limit < whole.size(); ++limit) {
      Message bytes = whole;
      bytes.resize(truncate_for(bytes, limit));
      ASSERT_LE(bytes.size(), limit);
      const ParsedMessage message = parsed(bytes);
      EXPECT_TRUE(message.header.has(Header::kTc));
      EXPECT_EQ(message.edns.has_value(), edns);
      const std::size_t answers = limit >= one_answer + 16 ? 2 : limit >= one_answer ? 1 : 0;
      EXPECT_EQ(records_of(bytes).size(), answers) << limit;
    }
  }
}

TEST(TruncateFor, CutsABrokenMessageToItsHeader) {
  Message bytes = sample_answer(false);
  bytes.pop_back();
  bytes.resize(truncate_for(bytes, 40));
  EXPECT_EQ(bytes.size(), kHeaderBytes);
  EXPECT_EQ(read_header(bytes)->counts, (std::array<std::uint16_t, 4>{}));
}

TEST(StripOpt, TakesItOutAndKeepsTheRest) {
  Message bytes = sample_answer(true);
  bytes.resize(strip_opt(bytes));
  EXPECT_EQ(bytes, sample_answer(false));
  const Message plain = bytes;
  EXPECT_EQ(strip_opt(bytes), bytes.size());
  EXPECT_EQ(bytes, plain);
}

TEST(IsAnswerTo, HoldsIdQuestionAndDirection) {
  const Message question = question_bytes("a.Example", Type::a);
  const Message good = answer_bytes("a.Example", Type::a, {});
  EXPECT_TRUE(is_answer_to(question, good));
  EXPECT_TRUE(
      is_answer_to(question, answer_bytes("a.Example", Type::a, {}, Header::kQr | 3, true)));
  EXPECT_FALSE(is_answer_to(question, answer_bytes("a.example", Type::a, {})));  // 0x20
  EXPECT_FALSE(is_answer_to(question, answer_bytes("a.Example", Type::aaaa, {})));
  EXPECT_FALSE(is_answer_to(question, answer_bytes("b.Example", Type::a, {})));
  EXPECT_FALSE(is_answer_to(question, question));  // QR is not set
  Message changed = good;
  set_id(changed, 1);
  EXPECT_FALSE(is_answer_to(question, changed));
  changed = good;
  changed[good.size() - 1] = 3;  // class CH
  EXPECT_FALSE(is_answer_to(question, changed));
  changed = good;
  changed[2] |= 4 << 3;  // another opcode
  EXPECT_FALSE(is_answer_to(question, changed));
  EXPECT_FALSE(is_answer_to(question, Bytes{good}.first(14)));
  EXPECT_FALSE(is_answer_to(question, {}));
}

TEST(IsAnswerTo, TakesErrorsWithoutAQuestionByTheirId) {
  const Message question = question_bytes("a");
  Message bare(12);
  for (std::uint8_t rcode = 0; rcode < 7; ++rcode) {
    write_header(std::span{bare}.first<12>(),
                 {0x1234, static_cast<std::uint16_t>(0x8000 | rcode), {}});
    EXPECT_EQ(is_answer_to(question, bare), rcode == 1 || rcode == 2 || rcode == 4 || rcode == 5);
  }
}

TEST(WriteError, AnswersEveryQuestionInItsOwnTerms) {
  Message out(512);
  const Message plain = question_bytes("a.B");
  Message reply{out.begin(),
                out.begin() + static_cast<long>(servfail_for(plain, Ede::network_error, out))};
  EXPECT_TRUE(is_answer_to(plain, reply));
  EXPECT_EQ(reply.size(), plain.size());
  EXPECT_EQ(parsed(reply).header.rcode(), Rcode::servfail);
  EXPECT_TRUE(parsed(reply).header.has(Header::kRa));

  const Message edns = question_bytes("a.B", Type::a, 7, {.dnssec_ok = true});
  reply.assign(out.begin(),
               out.begin() + static_cast<long>(servfail_for(edns, Ede::network_error, out)));
  EXPECT_EQ(ede_of(reply), Ede::network_error);
  EXPECT_TRUE(parsed(reply).edns->dnssec_ok);

  EXPECT_EQ(write_error(Message(11), Rcode::formerr, {}, out), 0u);
  EXPECT_EQ(write_error(answer_bytes("a", Type::a, {}), Rcode::formerr, {}, out), 0u);
  EXPECT_EQ(write_error(plain, Rcode::servfail, {}, std::span{out}.first(plain.size() - 1)), 0u);
}

TEST(Alias, AsksForAnotherNameInTheSameWay) {
  const Message question = question_bytes("a.example", Type::aaaa, 9, {.dnssec_ok = true});
  Message out(512);
  out.resize(ask_for_alias(question, name_of("longer.name.example"), out));
  const ParsedMessage asked = parsed(out);
  EXPECT_EQ(asked.question.name.text(), "longer.name.example");
  EXPECT_EQ(asked.question.type, Type::aaaa);
  EXPECT_EQ(asked.header.id, 9);
  EXPECT_TRUE(asked.edns->dnssec_ok);
  EXPECT_EQ(ask_for_alias(question, name_of("x"), std::span{out}.first(20)), 0u);
}

TEST(Alias, PutsTheCnameBeforeTheRealAnswer) {
  const Name alias = name_of("real.example");
  const Message question = question_bytes("a.Example", Type::a, 9);
  const Message answer =
      answer_bytes("real.example", Type::a,
                   {{Section::answer, "real.example", Type::cname, 60, "b.example"},
                    {Section::answer, "b.example", Type::a, 60, "192.0.2.1"}},
                   Header::kQr, true);
  Message out(512);
  out.resize(answer_through_alias(question, alias, 5, answer, out));
  EXPECT_TRUE(is_answer_to(question, out));
  EXPECT_FALSE(parsed(out).edns);
  EXPECT_THAT(records_of(out), ElementsAre("answer: a.Example 5 IN CNAME real.example",
                                           "answer: real.example 60 IN CNAME b.example",
                                           "answer: b.example 60 IN A 192.0.2.1"));
}

TEST(Alias, KeepsTheRcodeAndOptAndServfailsOnNonsense) {
  const Name alias = name_of("real.example");
  const Message question = question_bytes("a", Type::a, 9, {});
  Message out(512);
  const Message missing = answer_bytes("real.example", Type::a, {}, Header::kQr | 3);
  out.resize(answer_through_alias(question, alias, 5, missing, out));
  EXPECT_EQ(parsed(out).header.rcode(), Rcode::nxdomain);
  EXPECT_TRUE(parsed(out).edns);
  out.resize(512);
  out.resize(answer_through_alias(question, alias, 5, Message(40, 0xff), out));
  EXPECT_EQ(parsed(out).header.rcode(), Rcode::servfail);
  out.resize(60);
  const Message large = answer_bytes("real.example", Type::a,
                                     {{Section::answer, "real.example", Type::a, 60, "192.0.2.1"},
                                      {Section::answer, "real.example", Type::a, 60, "192.0.2.2"}});
  out.resize(answer_through_alias(question, alias, 5, large, out));
  EXPECT_TRUE(parsed(out).header.has(Header::kTc));
  EXPECT_TRUE(parsed(out).edns);
}

}  // namespace
}  // namespace blackstart::dns
