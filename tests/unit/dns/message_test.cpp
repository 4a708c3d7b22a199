#include "dns/message.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "blackstart/random.h"
#include "support/dns_bytes.h"

namespace blackstart::dns {
namespace {

using testing::ElementsAre;

TEST(WriteQuestion, IsByteForByteWhatAStubSends) {
  EXPECT_EQ(question_bytes("a.b", Type::aaaa, 0x0102),
            (Message{1, 2, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 'a', 1, 'b', 0, 0, 28, 0, 1}));
}

TEST(WriteQuestion, AnnouncesOurSizeByEdns) {
  const Message bytes = question_bytes("a", Type::a, 1, {.dnssec_ok = true, .edns = true});
  const ParsedMessage message = parsed(bytes);
  ASSERT_TRUE(message.edns);
  EXPECT_EQ(message.edns->payload, limits::dns_udp_bytes_max);
  EXPECT_TRUE(message.edns->dnssec_ok);
  EXPECT_EQ(message.edns->version, 0);
  EXPECT_EQ(message.edns->end, bytes.size());
}

TEST(WriteQuestion, FitsOrIsNothing) {
  Message bytes(20);
  EXPECT_EQ(write_question(bytes, 1, {name_of("a.b"), Type::a}, {.edns = false}), 0u);
  bytes.resize(21);
  EXPECT_EQ(write_question(bytes, 1, {name_of("a.b"), Type::a}, {.edns = false}), 21u);
  EXPECT_EQ(write_question(bytes, 1, {name_of("a.b"), Type::a}, {.edns = true}), 0u);
}

TEST(ParseMessage, GivesTheQuestionAsItCame) {
  const ParsedMessage message = parsed(question_bytes("wWw.ExAmple.com", Type::https, 0xbeef));
  EXPECT_EQ(message.header.id, 0xbeef);
  EXPECT_TRUE(message.header.has(Header::kRd));
  EXPECT_EQ(message.question.name.text(), "wWw.ExAmple.com");
  EXPECT_EQ(message.question.type, Type::https);
  EXPECT_EQ(message.question.klass, Class::in);
  EXPECT_EQ(message.question_end, 12u + 17 + 4);
  EXPECT_FALSE(message.edns);
}

TEST(ParseMessage, NamesEveryFlaw) {
  ParsedMessage out;
  const Message good = question_bytes("a.b");
  EXPECT_EQ(parse_message(Bytes{good}.first(11), out), Flaw::too_short);
  for (std::size_t size = 12; size < good.size(); ++size) {
    EXPECT_EQ(parse_message(Bytes{good}.first(size), out), Flaw::broken) << size;
  }
  Message two = good;
  two[5] = 2;
  EXPECT_EQ(parse_message(two, out), Flaw::question_count);
  EXPECT_EQ(out.header.id, 0x1234);
  two[5] = 0;
  EXPECT_EQ(parse_message(two, out), Flaw::question_count);
  Message missing = good;
  missing[11] = 1;  // ARCOUNT says one, and there is none
  EXPECT_EQ(parse_message(missing, out), Flaw::broken);
}

TEST(ParseMessage, RefusesACompressedQuestion) {
  Message bytes{0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0xc0, 4, 0, 1, 0, 1};
  ParsedMessage out;
  EXPECT_EQ(parse_message(bytes, out), Flaw::broken);
}

TEST(ParseMessage, IgnoresBytesAfterTheLastRecord) {
  Message bytes = question_bytes("a", Type::a, 1, {.edns = true});
  bytes.insert(bytes.end(), {0, 0, 41, 4, 0xd0, 0, 0, 0, 0, 0, 0});  // beyond ARCOUNT
  ParsedMessage out;
  EXPECT_EQ(parse_message(bytes, out), Flaw::none);
}

TEST(ParseMessage, RefusesTwoOptsAndOptsThatAreNone) {
  Message twice = question_bytes("a", Type::a, 1, {.edns = true});
  twice.insert(twice.end(), {0, 0, 41, 4, 0xd0, 0, 0, 0, 0, 0, 0});
  twice[11] = 2;
  ParsedMessage out;
  EXPECT_EQ(parse_message(twice, out), Flaw::broken);
  Message named = question_bytes("a");
  named.insert(named.end(), {1, 'x', 0, 0, 41, 4, 0xd0, 0, 0, 0, 0, 0, 0});
  named[11] = 1;
  EXPECT_EQ(parse_message(named, out), Flaw::broken);  // OPT belongs to the root
  Message torn = question_bytes("a");
  torn.insert(torn.end(), {0, 0, 41, 4, 0xd0, 0, 0, 0, 0, 0, 3, 0, 15, 9});
  torn[11] = 1;
  EXPECT_EQ(parse_message(torn, out), Flaw::broken);  // an option that is cut short
}

TEST(UdpLimit, Is512UnlessEdnsSaysMore) {
  ParsedMessage message = parsed(question_bytes("a"));
  EXPECT_EQ(udp_limit(message), 512u);
  message.edns = Edns{.payload = 100};
  EXPECT_EQ(udp_limit(message), 512u);
  message.edns->payload = 4096;
  EXPECT_EQ(udp_limit(message), 4096u);
}

TEST(RecordCursor, WalksEverySectionWhateverTheTypes) {
  const Message bytes = answer_bytes("x.example", Type::mx,
                                     {{Section::answer, "x.example", Type::mx, 60, "10 m.example"},
                                      {Section::answer, "x.example", Type{65280}, 7, "\\# 2 beef"},
                                      {Section::authority, "example", Type::ns, 9, "ns.example"},
                                      {Section::additional, "m.example", Type::a, 5, "192.0.2.1"}});
  EXPECT_THAT(records_of(bytes), ElementsAre("answer: x.example 60 IN MX 10 m.example",
                                             "answer: x.example 7 IN TYPE65280 \\# 2 beef",
                                             "authority: example 9 IN NS ns.example",
                                             "additional: m.example 5 IN A 192.0.2.1"));
}

TEST(RecordCursor, SaysWhereItBroke) {
  Message bytes = answer_bytes("x", Type::a, {{Section::answer, "x", Type::a, 60, "192.0.2.1"}});
  bytes.pop_back();
  RecordCursor records{bytes};
  EXPECT_FALSE(records.next());
  EXPECT_TRUE(records.broken());
}

TEST(MessageWriter, CompressesTailsOfTheSameCase) {
  Message bytes(512);
  MessageWriter writer{bytes, {1, Header::kQr, {}}};
  ASSERT_TRUE(writer.question({name_of("www.example.com"), Type::cname}));
  ASSERT_TRUE(writer.name_record(Section::answer, name_of("www.example.com"), Type::cname, 5,
                                 name_of("cdn.example.com")));
  ASSERT_TRUE(writer.name_record(Section::answer, name_of("cdn.example.com"), Type::cname, 5,
                                 name_of("x.EXAMPLE.com")));
  bytes.resize(writer.finish());
  EXPECT_THAT(records_of(bytes), ElementsAre("answer: www.example.com 5 IN CNAME cdn.example.com",
                                             "answer: cdn.example.com 5 IN CNAME x.EXAMPLE.com"));
  // Header, question, then: pointer + fixed + "cdn" + pointer, pointer + fixed + "x.EXAMPLE" +
  // pointer.
  EXPECT_EQ(bytes.size(), 12u + 21 + (2 + 10 + 6) + (2 + 10 + 12));
}

TEST(MessageWriter, LeavesOutWholeWhatDoesNotFit) {
  Message bytes(12 + 7 + 20);
  MessageWriter writer{bytes, {}};
  const Message address{192, 0, 2, 1};
  ASSERT_TRUE(writer.question({name_of("a"), Type::a}));
  EXPECT_TRUE(writer.record(Section::answer, name_of("a"), Type::a, Class::in, 1, address));
  EXPECT_FALSE(writer.record(Section::answer, name_of("a"), Type::a, Class::in, 1, address));
  EXPECT_TRUE(writer.overflowed());
  bytes.resize(writer.finish());
  EXPECT_THAT(records_of(bytes), ElementsAre("answer: a 1 IN A 192.0.2.1"));
}

TEST(MessageWriter, KeepsRoomForOptAfterAnOverflow) {
  Message bytes(12 + 7 + 20);
  MessageWriter writer{bytes, {}};
  const Message address{192, 0, 2, 1};
  ASSERT_TRUE(writer.question({name_of("a"), Type::a}));
  writer.reserve_opt();
  EXPECT_FALSE(writer.record(Section::answer, name_of("a"), Type::a, Class::in, 1, address));
  EXPECT_TRUE(writer.opt(false, Rcode::badvers, Ede::not_ready));
  bytes.resize(writer.finish());
  const ParsedMessage message = parsed(bytes);
  ASSERT_TRUE(message.edns);
  EXPECT_EQ(full_rcode(message.header, message.edns), Rcode::badvers);
  EXPECT_EQ(ede_of(bytes), Ede::not_ready);
}

TEST(MessageWriter, CopiesRecordsOfAnotherMessageWithTheirNames) {
  Message from(512);
  MessageWriter source{from, {1, Header::kQr, {}}};
  const Name zone = name_of("example");
  ASSERT_TRUE(source.question({name_of("a.example"), Type::soa}));
  ASSERT_TRUE(source.soa(zone, 60, name_of("ns.example"), name_of("h.example"), {1, 2, 3, 4, 5}));
  from.resize(source.finish());
  Message to(512);
  MessageWriter writer{to, {2, Header::kQr, {}}};
  ASSERT_TRUE(writer.question({name_of("other"), Type::soa}));
  RecordCursor records{from};
  ASSERT_TRUE(writer.copy(from, *records.next()));
  to.resize(writer.finish());
  EXPECT_THAT(records_of(to),
              ElementsAre("authority: example 60 IN SOA ns.example h.example 1 2 3 4 5"));
}

TEST(EdnsOption, IsFoundByItsCode) {
  Message bytes = question_bytes("a");
  bytes.insert(bytes.end(),
               {0, 0, 41, 4, 0xd0, 0, 0, 0, 0, 0, 11, 0, 10, 0, 2, 7, 8, 0, 15, 0, 1, 9});
  bytes[11] = 1;
  const ParsedMessage message = parsed(bytes);
  EXPECT_THAT(*edns_option(bytes, *message.edns, 10), ElementsAre(7, 8));
  EXPECT_FALSE(edns_option(bytes, *message.edns, 11));
  EXPECT_FALSE(ede_of(bytes));  // one byte is no code
}

TEST(ParseMessage, SurvivesAnyBytes) {
  Rng rng{42};
  const Message seed = answer_bytes("x.example", Type::mx,
                                    {{Section::answer, "x.example", Type::mx, 60, "10 m.example"},
                                     {Section::authority, "example", Type::ns, 9, "ns.example"}},
                                    Header::kQr, true);
  for (int i = 0; i < 20'000; ++i) {
    Message bytes = seed;
    for (std::uint64_t flips = 1 + rng.next() % 4; flips > 0; --flips) {
      bytes[rng.next() % bytes.size()] = static_cast<std::uint8_t>(rng.next());
    }
    bytes.resize(rng.next() % 4 == 0 ? rng.next() % bytes.size() : bytes.size());
    ParsedMessage out;
    parse_message(bytes, out);
    RecordCursor records{bytes};
    while (const auto record = records.next()) {
      ASSERT_LE(record->end, bytes.size());
      record_text(bytes, *record);
    }
  }
}

}  // namespace
}  // namespace blackstart::dns
