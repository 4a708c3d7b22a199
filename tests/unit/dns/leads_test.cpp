#include "dns/leads.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

#include "support/dns_bytes.h"

namespace blackstart::dns {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> addresses(const Leads& leads) {
  std::vector<std::string> out;
  for (const auto& [address, ttl] : leads.addresses) {
    std::array<char, INET6_ADDRSTRLEN> text{};
    ::inet_ntop(address.v6 ? AF_INET6 : AF_INET, address.bytes.data(), text.data(), text.size());
    out.push_back(std::string{text.data()} + ' ' + std::to_string(ttl));
  }
  return out;
}

std::vector<std::string> names(const Leads& leads) {
  std::vector<std::string> out;
  for (const Name& name : leads.names) out.push_back(name.text());
  return out;
}

TEST(Leads, AreTheAddressesOfTheQuestionsName) {
  const Leads leads =
      leads_of(answer_bytes("api.example", Type::a,
                            {{Section::answer, "API.example", Type::a, 5, "192.0.2.1"},
                             {Section::answer, "api.example", Type::aaaa, 7, "2001:db8::1"},
                             {Section::answer, "other.example", Type::a, 5, "192.0.2.9"},
                             {Section::authority, "api.example", Type::a, 5, "192.0.2.8"}}));
  EXPECT_THAT(addresses(leads), ElementsAre("192.0.2.1 5", "2001:db8::1 7"));
  EXPECT_THAT(names(leads), ElementsAre("api.example"));
}

TEST(Leads, GoAlongChainsInAnyOrder) {
  const Leads leads =
      leads_of(answer_bytes("a.example", Type::a,
                            {{Section::answer, "c.example", Type::a, 5, "192.0.2.3"},
                             {Section::answer, "b.example", Type::cname, 60, "c.example"},
                             {Section::answer, "a.example", Type::cname, 60, "b.example"}}));
  EXPECT_THAT(names(leads), ElementsAre("a.example", "b.example", "c.example"));
  EXPECT_THAT(addresses(leads), ElementsAre("192.0.2.3 5"));
}

TEST(Leads, EndWhereAChainBitesItsTail) {
  const Leads leads =
      leads_of(answer_bytes("a.example", Type::a,
                            {{Section::answer, "a.example", Type::cname, 5, "b.x"},
                             {Section::answer, "b.x", Type::cname, 5, "a.example"}}));
  EXPECT_THAT(names(leads), ElementsAre("a.example", "b.x"));
  EXPECT_THAT(addresses(leads), IsEmpty());
}

TEST(Leads, KnowServicesAndHints) {
  const Leads service = leads_of(
      answer_bytes("_db._tcp.example", Type::srv,
                   {{Section::answer, "_db._tcp.example", Type::srv, 5, "1 1 5432 db1.example"},
                    {Section::additional, "db1.example", Type::a, 9, "192.0.2.5"}}));
  EXPECT_THAT(addresses(service), ElementsAre("192.0.2.5 9"));
  const Leads hints =
      leads_of(answer_bytes("api.example", Type::https,
                            {{Section::answer, "api.example", Type::https, 5,
                              "1 . alpn=h2 ipv4hint=192.0.2.6,192.0.2.7 ipv6hint=2001:db8::6"}}));
  EXPECT_THAT(addresses(hints), ElementsAre("192.0.2.6 5", "192.0.2.7 5", "2001:db8::6 5"));
}

TEST(Leads, TakeATtlWithItsHighestBitForZero) {
  const Leads leads = leads_of(answer_bytes(
      "a.example", Type::a, {{Section::answer, "a.example", Type::a, 0x8000'0001, "192.0.2.1"}}));
  EXPECT_THAT(addresses(leads), ElementsAre("192.0.2.1 0"));
}

TEST(Leads, AreNoneOfWhatIsBroken) {
  Message message =
      answer_bytes("a.example", Type::a, {{Section::answer, "a.example", Type::a, 5, "192.0.2.1"}});
  message.resize(message.size() - 2);
  EXPECT_THAT(leads_of(message).addresses, IsEmpty());
  EXPECT_THAT(leads_of({}).names, IsEmpty());
}

}  // namespace
}  // namespace blackstart::dns
