// covers serve/tcp_front
// covers serve/tcp_session
#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "serve/dns_server.h"
#include "support/dns_peers.h"

namespace blackstart {
namespace {

using dns::AnswerKind;
using dns::question_bytes;
using dns::Rcode;
using dns::Type;

class DnsOverTcp : public DnsServerTest {
 protected:
  // Answers NODATA to all names, `slow.example` after 150 ms.
  void start_with(DnsServerConfig config) {
    auto slow = rule_for("slow.example", AnswerKind::nodata, 1);
    slow.delay = 150ms;
    auto reset = rule_for("reset.example", AnswerKind::pass, 2);
    reset.tcp = dns::FaultRule::Tcp::reset;
    auto silent = rule_for("silent.example", AnswerKind::pass, 3);
    silent.tcp = dns::FaultRule::Tcp::silent;
    start(std::move(config), {rule_for("*", AnswerKind::nodata), slow, reset, silent,
                              rule_for("drop.example", AnswerKind::drop, 4)});
  }
  // Short enough to wait for.
  static DnsServerConfig impatient() {
    DnsServerConfig config;
    config.tcp_idle = 200ms;
    config.tcp_silence = 600ms;
    return config;
  }
  std::vector<int> ids_of_next(TcpClient& client, std::size_t count) {
    std::vector<int> ids;
    while (ids.size() < count) {
      const auto answer = next_answer(client, 2s);
      if (!answer) break;
      ids.push_back(dns::id_of(*answer));
    }
    return ids;
  }
};

Message framed(std::string_view name, std::uint16_t id) {
  return TcpClient::framed(question_bytes(name, Type::a, id));
}

Message joined(const std::vector<Message>& parts) {
  Message out;
  for (const Message& part : parts) out.insert(out.end(), part.begin(), part.end());
  return out;
}

TEST_F(DnsOverTcp, AnswersPipelinedQuestionsAsTheyGetReady) {
  start_with({});
  TcpClient client{at()};

  client.send(joined({framed("slow.example", 1), framed("a.example", 2), framed("b.example", 3)}));

  EXPECT_EQ(ids_of_next(client, 3), (std::vector{2, 3, 1}));
}

TEST_F(DnsOverTcp, PutsAQuestionTogetherFromSingleBytes) {
  start_with({});
  TcpClient client{at()};
  for (const std::uint8_t byte : framed("a.example", 9)) {
    client.send({byte});
    let_pass(1ms);
  }
  EXPECT_EQ(ids_of_next(client, 1), std::vector{9});
}

TEST_F(DnsOverTcp, ForwardsPipelinedQuestionsOverConnectionsOfTheirOwn) {
  auto& real = upstream(answer_well);
  forward_to({real.endpoint()});
  TcpClient client{at()};
  std::vector<Message> questions;
  for (std::uint16_t id = 0; id < 300; ++id) questions.push_back(framed("a.example", id));

  client.send(joined(questions));

  auto ids = ids_of_next(client, questions.size());
  std::ranges::sort(ids);
  ASSERT_EQ(ids.size(), 300u);
  EXPECT_EQ(ids.front(), 0);
  EXPECT_EQ(ids.back(), 299);
}

TEST_F(DnsOverTcp, EndsAnIdleConnectionButNotOneThatIsUsed) {
  start_with(impatient());
  TcpClient idle{at()}, used{at()}, trickling{at()};
  const RunTime began = clock_.now();
  trickling.send({0});
  while (clock_.now() - began < 450ms) {
    EXPECT_TRUE(ask(used, question_bytes("a.example")));
    let_pass(50ms);
    EXPECT_TRUE(clock_.now() - began > 150ms || !idle.ended());
  }
  EXPECT_TRUE(idle.ended());
  EXPECT_TRUE(trickling.ended()) << "a byte is no question";
  EXPECT_FALSE(used.ended());
  EXPECT_FALSE(idle.was_reset());
}

TEST_F(DnsOverTcp, WaitsLongerThanIdleForAnAnswerThatIsUnderWay) {
  auto config = impatient();
  config.tcp_idle = 40ms;
  start_with(config);
  TcpClient client{at()};

  EXPECT_TRUE(ask(client, question_bytes("slow.example"), 1s));
}

TEST_F(DnsOverTcp, ResetsTheConnectionOfAQuestionThatIsToMeetAReset) {
  start_with({});
  TcpClient client{at()};

  client.ask(question_bytes("reset.example"));

  EXPECT_TRUE(eventually([&] { return client.was_reset(); }));
  EXPECT_EQ(server().counters().silenced, 1u);
}

TEST_F(DnsOverTcp, KeepsASilentConnectionOpenBeyondIdleAndAnswersNothingMore) {
  start_with(impatient());
  TcpClient client{at()};
  client.ask(question_bytes("silent.example"));
  client.ask(question_bytes("a.example"));

  let_pass(450ms);
  EXPECT_FALSE(client.ended());
  EXPECT_FALSE(client.answer());
  EXPECT_TRUE(eventually([&] { return client.ended(); }, 1s)) << "silence has its limit";
}

TEST_F(DnsOverTcp, ADroppedQuestionLeavesTheOthersTheirAnswers) {
  start_with(impatient());
  TcpClient client{at()};
  client.send(joined({framed("drop.example", 1), framed("a.example", 2)}));

  EXPECT_EQ(ids_of_next(client, 1), std::vector{2});
  let_pass(300ms);
  EXPECT_FALSE(client.ended()) << "a client that waits for its answer must not be told by FIN";
}

TEST_F(DnsOverTcp, AnswersAClientThatHasHalfClosedAndThenCloses) {
  start_with({});
  TcpClient client{at()};
  client.send(joined({framed("slow.example", 1), framed("a.example", 2)}));
  client.half_close();

  EXPECT_EQ(ids_of_next(client, 2), (std::vector{2, 1}));
  EXPECT_TRUE(eventually([&] { return client.ended(); }, 1s));
}

TEST_F(DnsOverTcp, ResetsConnectionsBeyondItsLimit) {
  DnsServerConfig config;
  config.tcp_connections_max = 2;
  start_with(config);
  TcpClient first{at()};
  auto second = std::make_unique<TcpClient>(at());
  ASSERT_TRUE(ask(first, question_bytes("a.example")) && ask(*second, question_bytes("a.example")));

  TcpClient third{at()};
  EXPECT_TRUE(eventually([&] { return third.was_reset(); }));
  EXPECT_EQ(server().counters().overflowed, 1u);

  second.reset();
  let_pass(20ms);
  TcpClient fourth{at()};
  EXPECT_TRUE(ask(fourth, question_bytes("a.example"))) << "a place became free";
}

TEST_F(DnsOverTcp, StopsReadingFromAClientThatDoesNotAndEndsIt) {
  auto many = rule_for("*", AnswerKind::spoof);
  for (std::uint8_t i = 0; i < 250; ++i) many.a.push_back({false, {192, 0, 2, i}});
  start(impatient(), {many});
  TcpClient client{at()};
  const int small = 4'096;
  ::setsockopt(client.fd(), SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
  const Message question = framed("a.example", 1);
  std::uint64_t sent = 0;

  // Far more than its buffers and ours can hold of answers.
  const bool ended = eventually([&] {
    for (int i = 0; i < 200; ++i) {
      const auto size =
          ::send(client.fd(), question.data(), question.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
      if (size < 0 && errno != EAGAIN) return true;
      if (size > 0) ++sent;
    }
    return false;
  });

  EXPECT_TRUE(ended);
  EXPECT_LT(server().counters().tcp_questions, 4'000u) << "of " << sent;
}

TEST_F(DnsOverTcp, ClosesIdleConnectionsWhenToldTo) {
  start_with({});
  TcpClient idle{at()}, silent{at()}, waiting{at()};
  silent.ask(question_bytes("silent.example"));
  waiting.ask(question_bytes("slow.example"));
  ASSERT_TRUE(eventually([&] { return server().counters().tcp_questions == 2; }));

  server().close_idle_tcp();

  EXPECT_TRUE(eventually([&] { return idle.ended() && silent.ended(); }));
  EXPECT_TRUE(next_answer(waiting));
}

TEST_F(DnsOverTcp, AnswersLargeThingsWhole) {
  auto many = rule_for("*", AnswerKind::spoof);
  for (int i = 0; i < 1'000; ++i) {
    many.a.push_back(
        {false, {192, 0, static_cast<std::uint8_t>(i / 256), static_cast<std::uint8_t>(i % 256)}});
  }
  start({}, {many});
  TcpClient client{at()};

  const auto answer = ask(client, question_bytes("a.example"));

  ASSERT_TRUE(answer);
  EXPECT_EQ(dns::records_of(*answer).size(), 1'000u);
  EXPECT_FALSE(dns::read_header(*answer)->has(dns::Header::kTc));
}

}  // namespace
}  // namespace blackstart
