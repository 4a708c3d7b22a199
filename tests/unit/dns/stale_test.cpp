#include "dns/stale.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dns/edit.h"
#include "support/dns_desk.h"

namespace blackstart::dns {
namespace {

using testing::ElementsAre;

TEST(StaleAnswers, RepeatsTheLastGoodAnswerWhenStale) {
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

TEST(StaleAnswers, ServfailsWhenNothingStaleIsKnown) {
  Desk desk{{rule_of(AnswerKind::stale)}};
  const Message question = question_bytes("a");
  desk.table.learn(question, answer_bytes("a", Type::a, {}, Header::kQr | 2));  // SERVFAIL
  desk.table.learn(question, answer_bytes("a", Type::a, {}, Header::kQr | Header::kTc));  // cut
  desk.table.learn(question, answer_bytes("b", Type::a, {}));                             // other
  desk.table.learn(question, Message(40, 0xff));
  EXPECT_EQ(rcode_of(desk.answer(question)), Rcode::servfail);
  EXPECT_EQ(desk.plan.did, "stale_unknown");
}

TEST(StaleAnswers, KeepsStaleNegativesAndTheLatestAnswer) {
  Desk desk{{rule_of(AnswerKind::stale)}};
  const Message question = with_edns("a");
  desk.table.learn(question, answer_bytes("a", Type::a, {}, Header::kQr | 3));
  EXPECT_EQ(rcode_of(desk.answer(question)), Rcode::nxdomain);
  EXPECT_EQ(ede_of(desk.reply()), Ede::stale_nxdomain);
  desk.table.learn(question,
                   answer_bytes("a", Type::a, {{Section::answer, "a", Type::a, 1, "192.0.2.9"}}));
  EXPECT_THAT(records_of(desk.answer(question)), ElementsAre("answer: a 1 IN A 192.0.2.9"));
}

TEST(StaleAnswers, ForgetsTheOldestStaleAnswersFirst) {
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

}  // namespace
}  // namespace blackstart::dns
