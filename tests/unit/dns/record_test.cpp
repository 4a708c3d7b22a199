// covers dns/rdata, dns/svcb

#include "dns/record.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/dns_bytes.h"

namespace blackstart::dns {
namespace {

using testing::ElementsAre;

TEST(Types, HaveNamesBothWays) {
  for (const std::string_view name :
       {"A", "AAAA", "CNAME", "NS", "SOA", "PTR", "MX", "TXT", "SRV", "SVCB", "HTTPS", "OPT"}) {
    const auto type = type_from_text(name);
    ASSERT_TRUE(type) << name;
    EXPECT_EQ(type_text(*type), name);
  }
  EXPECT_EQ(type_from_text("aaaa"), Type::aaaa);
  EXPECT_EQ(type_text(Type{65280}), "TYPE65280");
  EXPECT_EQ(type_from_text("type65280"), Type{65280});
  for (const std::string_view bad : {"", "B", "TYPE", "TYPE65536", "TYPE1x", "TYPE-1"}) {
    EXPECT_FALSE(type_from_text(bad)) << bad;
  }
}

TEST(Rcodes, HaveNamesBothWays) {
  EXPECT_EQ(rcode_text(Rcode::nxdomain), "NXDOMAIN");
  EXPECT_EQ(rcode_from_text("servfail"), Rcode::servfail);
  EXPECT_EQ(rcode_text(Rcode{99}), "RCODE99");
  EXPECT_EQ(rcode_from_text("RCODE99"), Rcode{99});
  EXPECT_FALSE(rcode_from_text("RCODE4096"));
  EXPECT_EQ(ede_text(Ede::no_reachable_authority), "22 (no reachable authority)");
  EXPECT_EQ(ede_text(Ede::other), "0 (other)");
  EXPECT_EQ(ede_text(Ede{49152}), "49152");
}

struct TextCase {
  Type type;
  std::string_view text;
  std::string_view printed;  // empty: as `text`
};

constexpr TextCase kTextCases[] = {
    {Type::a, "192.0.2.1", ""},
    {Type::aaaa, "2001:db8::1", ""},
    {Type::aaaa, "2001:DB8:0::1", "2001:db8::1"},
    {Type::cname, "x.example.", "x.example"},
    {Type::ns, "ns1.example", ""},
    {Type::ptr, ".", ""},
    {Type::soa, "ns.example h.example 1 3600 600 86400 60", ""},
    {Type::mx, "10  mail.example ", "10 mail.example"},
    {Type::txt, R"("two words" plain "q\"\\\009")", R"("two words" "plain" "q\"\\\009")"},
    {Type::txt, R"("")", ""},
    {Type::srv, "1 2 443 x.example", ""},
    {Type::svcb, "0 x.example", ""},
    {Type::https, "1 . alpn=h2,h3 port=8443 ipv4hint=192.0.2.1,192.0.2.2", ""},
    {Type::https, "1 . port=8443 alpn=\"h2\"", "1 . alpn=h2 port=8443"},
    {Type::https, "1 . mandatory=alpn alpn=h2 no-default-alpn ipv6hint=::1", ""},
    {Type::https, "1 . key667=\"a\\000\"", ""},
    {Type::https, "1 . key667", ""},
    {Type::https, "\\# 7 00010000010000", ""},  // an empty alpn is none
    {Type::a, "\\# 4 C0 000201", "192.0.2.1"},
    {Type::a, "\\# 3 c00002", ""},
    {Type{65280}, "\\# 0", ""},
    {Type{65280}, "\\# 2 beef", ""},
};

TEST(Rdata, GoesToWireAndBack) {
  for (const TextCase& one : kTextCases) {
    const auto rdata = rdata_from_text(one.type, one.text);
    ASSERT_TRUE(rdata) << one.text;
    Message bytes(512);
    MessageWriter writer{bytes, {}};
    ASSERT_TRUE(writer.record(Section::answer, Name{}, one.type, Class::in, 0, *rdata));
    bytes.resize(writer.finish());
    RecordCursor records{bytes};
    EXPECT_EQ(rdata_text(bytes, *records.next()), one.printed.empty() ? one.text : one.printed);
  }
}

TEST(Rdata, RefusesTextOfAnotherForm) {
  const std::pair<Type, std::string_view> bad[] = {
      {Type::a, "192.0.2"},
      {Type::a, "2001:db8::1"},
      {Type::a, ""},
      {Type::a, "192.0.2.1 x"},
      {Type::aaaa, "192.0.2.1"},
      {Type::cname, "a..b"},
      {Type::cname, ""},
      {Type::mx, "70000 x"},
      {Type::mx, "10"},
      {Type::srv, "1 2 x"},
      {Type::txt, ""},
      {Type::txt, "\"open"},
      {Type::https, "1 . port=x"},
      {Type::https, "1 . bogus=1"},
      {Type::https, "1 . port=1 port=2"},
      {Type::a, "\\# 4 c000"},
      {Type::a, "\\# 1 c"},
      {Type::a, "\\# 1 zz"},
      {Type{65280}, "anything"},
      {Type::opt, "x"},
      {Type::https, "1 . ipv4hint=::1"},
  };
  for (const auto& [type, text] : bad) {
    EXPECT_FALSE(rdata_from_text(type, text)) << type_text(type) << " " << text;
  }
}

TEST(Rdata, PrintsTornDataAsUnknown) {
  const Message bytes{0, 0, 0,  0, 0, 0, 0, 1, 0, 0, 0, 0,             // one answer
                      0, 0, 15, 0, 1, 0, 0, 0, 5, 0, 3, 0, 10, 0xc0};  // MX with half a pointer
  EXPECT_THAT(records_of(bytes), ElementsAre("answer: . 5 IN MX \\# 3 000ac0"));
}

// An answer for example.com whose one record of that type ends in a pointer to that name.
Message with_pointer(Type type, const Message& before) {
  Message bytes = answer_bytes("example.com", type, {});
  bytes[7] = 1;  // one answer
  const auto low = static_cast<std::uint8_t>(type);
  const auto size = static_cast<std::uint8_t>(before.size() + 2);
  const Message fixed{0xc0, 12, 0, low, 0, 1, 0, 0, 0, 5, 0, size};
  bytes.insert(bytes.end(), fixed.begin(), fixed.end());
  bytes.insert(bytes.end(), before.begin(), before.end());
  bytes.insert(bytes.end(), {0xc0, 12});
  return bytes;
}

TEST(Rdata, ExpandsPointersInTheOldTypesAndInSrv) {
  EXPECT_THAT(records_of(with_pointer(Type::mx, {0, 10, 1, 'm'})),
              ElementsAre("answer: example.com 5 IN MX 10 m.example.com"));
  EXPECT_THAT(records_of(with_pointer(Type::srv, {0, 1, 0, 2, 0, 80, 1, 's'})),
              ElementsAre("answer: example.com 5 IN SRV 1 2 80 s.example.com"));
}

TEST(Rdata, TakesAPointerInAServiceBindingForBroken) {
  EXPECT_THAT(records_of(with_pointer(Type::svcb, {0, 1})),
              ElementsAre("answer: example.com 5 IN SVCB \\# 4 0001c00c"));
  EXPECT_THAT(records_of(with_pointer(Type::https, {0, 1, 1, 's'})),
              ElementsAre("answer: example.com 5 IN HTTPS \\# 6 00010173c00c"));
}

}  // namespace
}  // namespace blackstart::dns
