#include "probe/lookup.h"

#include <gtest/gtest.h>

#include "dns/record.h"

namespace blackstart {
namespace {

using dns::Class;
using dns::Name;
using dns::Section;
using dns::Type;

const dns::Question kQuestion{*Name::from_text("www.example.com"), Type::a};

class AnswerText {
 public:
  AnswerText() : writer_{buffer_, dns::Header{.id = 1, .flags = dns::Header::kQr}} {
    writer_.question(kQuestion);
  }
  AnswerText& a(const char* owner, std::vector<std::uint8_t> rdata, Type type = Type::a) {
    writer_.record(Section::answer, *Name::from_text(owner), type, Class::in, 1, rdata);
    return *this;
  }
  AnswerText& cname(const char* owner, const char* target) {
    writer_.name_record(Section::answer, *Name::from_text(owner), Type::cname, 1,
                        *Name::from_text(target));
    return *this;
  }
  std::string addresses() {
    const std::size_t size = writer_.finish();
    std::string out;
    for (const Address& address : addresses_in(dns::Bytes{buffer_.data(), size}, kQuestion)) {
      out += to_text(address) + ' ';
    }
    return out;
  }

 private:
  std::array<std::uint8_t, 1024> buffer_{};
  dns::MessageWriter writer_;
};

TEST(AddressesIn, TakesTheRecordsOfTheNameWhateverItsCase) {
  EXPECT_EQ(AnswerText{}
                .a("WWW.example.com", {192, 0, 2, 1})
                .a("www.example.com", {192, 0, 2, 2})
                .addresses(),
            "192.0.2.1 192.0.2.2 ");
}

TEST(AddressesIn, FollowsAliasesInOrder) {
  EXPECT_EQ(AnswerText{}
                .cname("www.example.com", "a.example.com")
                .cname("a.example.com", "b.example.net")
                .a("b.example.net", {192, 0, 2, 1})
                .addresses(),
            "192.0.2.1 ");
}

TEST(AddressesIn, PassesOverWhatBelongsToOtherNamesAndTypes) {
  EXPECT_EQ(AnswerText{}.a("other.example.com", {192, 0, 2, 1}).addresses(), "");
  EXPECT_EQ(AnswerText{}
                .a("a.example.com", {192, 0, 2, 1})  // before its alias: glibc takes it for NODATA
                .cname("www.example.com", "a.example.com")
                .addresses(),
            "");
  EXPECT_EQ(
      AnswerText{}.a("www.example.com", std::vector<std::uint8_t>(16), Type::aaaa).addresses(), "");
  EXPECT_EQ(AnswerText{}.a("www.example.com", {192, 0, 2}).addresses(), "") << "three bytes";
}

TEST(WordsOfRcode, AreForPeople) {
  EXPECT_EQ(words_of_rcode(dns::Rcode::noerror), "no address for name (NODATA)");
  EXPECT_EQ(words_of_rcode(dns::Rcode::nxdomain), "name does not exist (NXDOMAIN)");
  EXPECT_EQ(words_of_rcode(dns::Rcode::formerr), "resolver answered FORMERR");
}

}  // namespace
}  // namespace blackstart
