#include "fault/follower.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "support/dns_bytes.h"
#include "support/hand_clock.h"

namespace blackstart {
namespace {

using namespace std::chrono_literals;
using dns::Section;
using dns::Type;
using test::HandClock;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

FollowedEntry entry_of(std::vector<std::string> names, std::uint32_t number = 3) {
  const std::string counter = "entry_" + std::to_string(number);
  return {.entry = number,
          .names = std::move(names),
          .sets = {{netlink::Family::netdev, counter + "_v4_followed", false},
                   {netlink::Family::netdev, counter + "_v6_followed", true}}};
}

// What the kernel would hold: "entry_3_v4_followed 192.0.2.1".
class FollowerTest : public testing::Test {
 protected:
  void follow(std::vector<FollowedEntry> entries,
              std::size_t most = limits::followed_addresses_max) {
    follower_.emplace(std::move(entries), clock_, most);
    follower_->connect({[this](auto changes) {
                          ++requests_;
                          for (const std::string& text : texts(changes)) {
                            EXPECT_TRUE(held_.insert(text).second) << text;
                          }
                        },
                        [this](auto changes) {
                          for (const std::string& text : texts(changes)) {
                            EXPECT_EQ(held_.erase(text), 1u) << text;
                          }
                        },
                        [this] {
                          ++looks_;
                          return connected_;
                        }});
  }
  void answer(std::string_view name, const std::vector<dns::TestRecord>& records) {
    follower_->on_answer(dns::answer_bytes(name, Type::a, records));
  }
  void answer(std::string_view name, std::string_view address, std::uint32_t ttl = 5) {
    const Type type = address.find(':') == std::string_view::npos ? Type::a : Type::aaaa;
    answer(name, {{Section::answer, name, type, ttl, address}});
  }
  void pass(Duration span) {
    clock_.advance(span);
    follower_->sweep();
  }

  HandClock clock_;
  std::optional<Follower> follower_;
  std::set<std::string> held_;
  std::set<Address> connected_;
  int requests_ = 0, looks_ = 0;

 private:
  static std::vector<std::string> texts(std::span<const netlink::SetChange> changes) {
    std::vector<std::string> out;
    for (const netlink::SetChange& change : changes) {
      for (const netlink::SetElement& element : change.elements) {
        const auto& range = std::get<netlink::AddressRange>(element.value);
        EXPECT_EQ(range.first, range.last);
        out.push_back(change.set + ' ' + to_text(range.first));
      }
    }
    return out;
  }
};

TEST_F(FollowerTest, PutsAnswersIntoTheSetOfTheirFamily) {
  follow({entry_of({"api.example"})});
  answer("api.example", "192.0.2.1");
  answer("API.example", "2001:db8::1");
  answer("other.example", "192.0.2.9");
  EXPECT_THAT(held_, UnorderedElementsAre("entry_3_v4_followed 192.0.2.1",
                                          "entry_3_v6_followed 2001:db8::1"));
  EXPECT_THAT(follower_->addresses(3),
              UnorderedElementsAre(*parse_address("192.0.2.1"), *parse_address("2001:db8::1")));
  EXPECT_THAT(follower_->addresses(4), IsEmpty());
}

TEST_F(FollowerTest, MatchesAnyNameOfAChain) {
  const std::vector<dns::TestRecord> chain{
      {Section::answer, "www.shop.example", Type::cname, 60, "lb.cdn.example"},
      {Section::answer, "lb.cdn.example", Type::cname, 60, "edge7.cdn.example"},
      {Section::answer, "edge7.cdn.example", Type::a, 5, "192.0.2.7"}};
  follow({entry_of({"www.shop.example"}, 0), entry_of({"lb.cdn.example"}, 1),
          entry_of({"edge*.cdn.example"}, 2), entry_of({"cdn.example"}, 3)});
  answer("www.shop.example", chain);
  EXPECT_THAT(held_,
              UnorderedElementsAre("entry_0_v4_followed 192.0.2.7", "entry_1_v4_followed 192.0.2.7",
                                   "entry_2_v4_followed 192.0.2.7"));
  EXPECT_EQ(requests_, 1);
}

TEST_F(FollowerTest, AsksNothingOfTheKernelForWhatItHas) {
  follow({entry_of({"*"})});
  for (int i = 0; i < 5; ++i) answer("api.example", "192.0.2.1");
  EXPECT_EQ(requests_, 1);
}

TEST_F(FollowerTest, LetsGoAfterTtlAndGraceSinceItWasLastSeen) {
  follow({entry_of({"*"})});
  answer("api.example", "192.0.2.1", 10);
  pass(10s + kFollowGrace - 1s);
  EXPECT_EQ(looks_, 0);
  answer("api.example", "192.0.2.1", 10);
  pass(10s + kFollowGrace - 1ns);
  EXPECT_EQ(held_.size(), 1u);
  pass(1ns);
  EXPECT_THAT(held_, IsEmpty());
  EXPECT_THAT(follower_->addresses(3), IsEmpty());
  answer("api.example", "192.0.2.1", 10);
  EXPECT_EQ(held_.size(), 1u);
}

TEST_F(FollowerTest, AShorterTtlTakesNothingBack) {
  follow({entry_of({"*"})});
  answer("api.example", "192.0.2.1", 1000);
  answer("api.example", "192.0.2.1", 1);
  pass(1000s);
  EXPECT_EQ(held_.size(), 1u);
}

TEST_F(FollowerTest, KeepsWhatSomebodyIsConnectedTo) {
  follow({entry_of({"*"})});
  answer("api.example", "192.0.2.1");
  answer("api.example", "192.0.2.2");
  connected_ = {*parse_address("192.0.2.1")};
  pass(5s + kFollowGrace);
  EXPECT_THAT(held_, ElementsAre("entry_3_v4_followed 192.0.2.1"));
  EXPECT_EQ(looks_, 1);
  connected_.clear();
  pass(kFollowGrace);
  EXPECT_THAT(held_, IsEmpty());
}

TEST_F(FollowerTest, KeepsHostsForGood) {
  follow({entry_of({"*.svc.local"})});
  EXPECT_TRUE(follower_->on_host("db.svc.local", *parse_address("10.0.0.5")));
  EXPECT_FALSE(follower_->on_host("localhost", *parse_address("127.0.0.1")));
  answer("db.svc.local", "10.0.0.5");
  pass(1000h);
  EXPECT_THAT(held_, ElementsAre("entry_3_v4_followed 10.0.0.5"));
}

TEST_F(FollowerTest, TakesAnIPv4AddressInIPv6ForWhatPacketsCarry) {
  follow({entry_of({"*"})});
  answer("api.example", "::ffff:192.0.2.1");
  EXPECT_THAT(held_, ElementsAre("entry_3_v4_followed 192.0.2.1"));
}

TEST_F(FollowerTest, GivesUpTheOneNearestToItsEndWhenFull) {
  follow({entry_of({"*"})}, 3);
  follower_->on_host("a", *parse_address("192.0.2.1"));
  answer("a", "192.0.2.2", 7);
  answer("a", "192.0.2.3", 6);
  answer("a", "192.0.2.4", 8);
  EXPECT_THAT(held_,
              UnorderedElementsAre("entry_3_v4_followed 192.0.2.1", "entry_3_v4_followed 192.0.2.2",
                                   "entry_3_v4_followed 192.0.2.4"));
}

TEST_F(FollowerTest, FillsARulesetWithWhatIsKnownBeforeItIsLoaded) {
  follow({entry_of({"*"})});
  follower_->connect({});
  answer("api.example", "192.0.2.1");
  netlink::Ruleset ruleset;
  ruleset.tables.push_back({.family = netlink::Family::netdev,
                            .counters = {},
                            .sets = {{.name = "entry_3_v4_followed", .elements = {}},
                                     {.name = "entry_3_v6_followed",
                                      .type = netlink::SetType::ipv6_addr,
                                      .elements = {}}},
                            .chains = {}});
  follower_->fill(ruleset);
  EXPECT_EQ(ruleset.tables[0].sets[0].elements.size(), 1u);
  EXPECT_THAT(ruleset.tables[0].sets[1].elements, IsEmpty());
}

TEST(FollowedNames, AreThoseThatCanBeLookedUpAndPatterns) {
  const std::vector<FollowedEntry> entries{entry_of({"b.example", "*.svc.local"}),
                                           entry_of({"a.example", "b.example", "db-*.x"})};
  EXPECT_THAT(exact_names(entries), ElementsAre("a.example", "b.example"));
  EXPECT_THAT(name_patterns(entries), ElementsAre("*.svc.local", "db-*.x"));
}

}  // namespace
}  // namespace blackstart
