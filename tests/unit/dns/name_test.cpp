#include "dns/name.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "blackstart/random.h"

namespace blackstart::dns {
namespace {

using Wire = std::vector<std::uint8_t>;

std::string repeat(char c, std::size_t count) { return std::string(count, c); }

TEST(Name, KeepsCaseAndTextBothWays) {
  const auto name = Name::from_text("WwW.Example.com.");
  ASSERT_TRUE(name);
  EXPECT_EQ(name->text(), "WwW.Example.com");
  EXPECT_EQ(name->label_count(), 3u);
  EXPECT_EQ(name->size(), 17u);
  EXPECT_EQ(*name, *Name::from_text("WwW.Example.com"));
}

TEST(Name, RootIsADotOrNothing) {
  EXPECT_TRUE(Name::from_text(".")->is_root());
  EXPECT_TRUE(Name::from_text("")->is_root());
  EXPECT_EQ(Name{}.text(), ".");
}

TEST(Name, EscapesWhatIsNotPlain) {
  const auto name = Name::from_text(R"(a\.b.\000\255.c\032d)");
  ASSERT_TRUE(name);
  EXPECT_EQ(name->label_count(), 3u);
  EXPECT_EQ(name->text(), R"(a\.b.\000\255.c\032d)");
}

TEST(Name, RefusesWhatNoNameLooksLike) {
  for (const std::string text : {"a..b", ".a", "..", "a\\", "a\\25", "a\\256", "bücher.example"}) {
    EXPECT_FALSE(Name::from_text(text)) << text;
  }
}

TEST(Name, TakesLabelsOf63BytesAndNamesOf255) {
  const std::string label = repeat('a', 63);
  EXPECT_TRUE(Name::from_text(label));
  EXPECT_FALSE(Name::from_text(label + "a"));
  const std::string most = label + "." + label + "." + label + "." + repeat('b', 61);
  ASSERT_TRUE(Name::from_text(most));
  EXPECT_EQ(Name::from_text(most)->size(), 255u);
  EXPECT_FALSE(Name::from_text(most + "b"));
}

TEST(Name, SameNameMindsNoCaseButLettersOnly) {
  EXPECT_TRUE(same_name(*Name::from_text("EXAMPLE.com"), *Name::from_text("example.COM")));
  EXPECT_FALSE(same_name(*Name::from_text("a[.com"), *Name::from_text("a{.com")));
  EXPECT_FALSE(*Name::from_text("EXAMPLE.com") == *Name::from_text("example.com"));
}

TEST(Name, ParentTakesLabelsOffTheLeft) {
  const Name name = *Name::from_text("a.b.c");
  EXPECT_EQ(name.parent().text(), "b.c");
  EXPECT_EQ(name.parent(2).text(), "c");
  EXPECT_TRUE(name.parent(9).is_root());
}

TEST(ReadName, FollowsPointersBackwards) {
  const Wire message{0xff, 3, 'c', 'o', 'm', 0, 1, 'a', 0xc0, 1, 1, 'b', 0xc0, 6, 0xee};
  Name name;
  EXPECT_EQ(read_name(message, 10, name), 14u);
  EXPECT_EQ(name.text(), "b.a.com");
  EXPECT_EQ(read_name(message, 1, name), 6u);
  EXPECT_EQ(name.text(), "com");
}

TEST(ReadName, RefusesLoopsForwardPointersAndTornNames) {
  Name name;
  EXPECT_FALSE(read_name(Wire{0xc0, 0}, 0, name));                // itself
  EXPECT_FALSE(read_name(Wire{1, 'a', 0xc0, 0}, 0, name));        // its own start
  EXPECT_FALSE(read_name(Wire{0xc0, 2, 0xc0, 0}, 2, name));       // each other
  EXPECT_FALSE(read_name(Wire{0xc0, 3, 0, 1, 'a', 0}, 0, name));  // forwards
  EXPECT_FALSE(read_name(Wire{3, 'a', 'b'}, 0, name));            // label torn
  EXPECT_FALSE(read_name(Wire{1, 'a'}, 0, name));                 // no root
  EXPECT_FALSE(read_name(Wire{0xc0}, 0, name));                   // pointer torn
  EXPECT_FALSE(read_name(Wire{0x41, 'a', 0}, 0, name));           // extended label
  EXPECT_FALSE(read_name(Wire{0x80, 0}, 0, name));                // reserved
  EXPECT_FALSE(read_name(Wire{}, 0, name));
}

TEST(ReadName, StopsAfter64PointersAndAt255Bytes) {
  Wire chain{0};
  for (std::uint8_t i = 0; i < 70; ++i) {
    const std::uint8_t to = i == 0 ? 0 : static_cast<std::uint8_t>(2 * i - 1);
    chain.push_back(0xc0);
    chain.push_back(to);
  }
  Name name;
  EXPECT_TRUE(read_name(chain, 1 + 2 * 63, name));
  EXPECT_FALSE(read_name(chain, 1 + 2 * 64, name));

  Wire growing{0};  // each name is ten bytes longer than the one before
  std::vector<std::size_t> starts{0};
  for (int i = 0; i < 30; ++i) {
    const std::size_t to = starts.back();
    starts.push_back(growing.size());
    growing.push_back(9);
    growing.insert(growing.end(), 9, 'x');
    growing.push_back(static_cast<std::uint8_t>(0xc0 | to >> 8));
    growing.push_back(static_cast<std::uint8_t>(to & 0xff));
  }
  EXPECT_TRUE(read_name(growing, starts[25], name));
  EXPECT_FALSE(read_name(growing, starts[26], name));
}

TEST(SkipName, EndsAfterTheFirstPointer) {
  EXPECT_EQ(skip_name(Wire{1, 'a', 0xc0, 0, 9}, 0), 4u);
  EXPECT_EQ(skip_name(Wire{0}, 0), 1u);
  EXPECT_FALSE(skip_name(Wire{1, 'a', 0xc0}, 0));
  EXPECT_FALSE(skip_name(Wire(300, 1), 0));
}

TEST(Name, FromWireTakesExactlyOneName) {
  EXPECT_EQ(Name::from_wire(Wire{1, 'a', 0})->text(), "a");
  EXPECT_FALSE(Name::from_wire(Wire{1, 'a', 0, 0}));
  EXPECT_FALSE(Name::from_wire(Wire{1, 'a'}));
  EXPECT_FALSE(Name::from_wire(Wire{0xc0, 0}));
}

TEST(NameKey, HashesEverySuffixWithoutCase) {
  const NameKey key{*Name::from_text("A.b.Example.com")};
  const NameKey tail{*Name::from_text("example.COM")};
  EXPECT_EQ(key.label_count(), 4u);
  EXPECT_EQ(key.hash(2), tail.hash());
  EXPECT_NE(key.hash(1), tail.hash());
  EXPECT_THAT(key.suffix(2), testing::ElementsAreArray(tail.suffix()));
  EXPECT_EQ(key.suffix(4).size(), 1u);
}

struct MatchCase {
  std::string_view pattern;
  std::string_view name;
  bool matches;
};

constexpr MatchCase kMatchCases[] = {
    {"api.example.com", "API.Example.Com", true},
    {"api.example.com.", "api.example.com", true},
    {"API.example.com", "api.example.com", true},
    {"api.example.com", "x.api.example.com", false},
    {"api.example.com", "example.com", false},
    {"*", "anything.at.all", true},
    {"*", ".", true},
    {"*.svc.local", "db.svc.local", true},
    {"*.svc.local", "a.b.svc.LOCAL", true},
    {"*.svc.local", "svc.local", false},
    {"*.svc.local", "dbsvc.local", false},
    {"db-*.svc.local", "db-1.svc.local", true},
    {"db-*.svc.local", "db-.svc.local", true},
    {"db-*.svc.local", "db-1.x.svc.local", false},
    {"db-*.svc.local", "adb-1.svc.local", false},
    {"db-*-*x.local", "db-a-b-cx.local", true},
    {"db-*-*x.local", "db-a-bc.local", false},
    {"a.*.local", "a.b.local", true},
    {"a.*.local", "a.b.c.local", false},
    {"a.*.local", "a.local", false},
    {"*.r*.x", "a.b.rr.x", true},
    {"*.r*.x", "rr.x", false},
    {"xn--bcher-kva.example", "XN--BCHER-KVA.example", true},
};

TEST(NamePattern, MatchesAsItsPageSays) {
  for (const MatchCase& one : kMatchCases) {
    const auto pattern = NamePattern::from_text(one.pattern);
    ASSERT_TRUE(pattern) << one.pattern;
    const NameKey key{*Name::from_text(one.name)};
    EXPECT_EQ(pattern->matches(key), one.matches) << one.pattern << " " << one.name;
    const NamePatterns compiled{std::span{&*pattern, 1}};
    EXPECT_EQ(compiled.matches(key), one.matches) << one.pattern << " " << one.name;
  }
}

TEST(NamePattern, RefusesWhatIsNoName) {
  for (const std::string_view text : {"", ".", "a..b", "*..b", "größe.de"}) {
    EXPECT_FALSE(NamePattern::from_text(text)) << text;
  }
}

TEST(NamePatterns, AgreesWithTryingEachPattern) {
  std::vector<NamePattern> patterns;
  Rng rng{7};
  const auto random_name = [&] {
    std::string text;
    for (std::uint64_t labels = 1 + rng.next() % 4; labels > 0; --labels) {
      text += static_cast<char>('a' + rng.next() % 3);
      text += '.';
    }
    return text;
  };
  for (int i = 0; i < 40; ++i) {
    const std::string prefix = rng.next() % 3 == 0 ? "*." : "";
    patterns.push_back(*NamePattern::from_text(prefix + random_name()));
  }
  const NamePatterns compiled{patterns};
  int hits = 0;
  for (int i = 0; i < 2'000; ++i) {
    const NameKey key{*Name::from_text(random_name())};
    const bool any = std::ranges::any_of(patterns, [&](const auto& p) { return p.matches(key); });
    ASSERT_EQ(compiled.matches(key), any);
    hits += any ? 1 : 0;
  }
  EXPECT_GT(hits, 200);
  EXPECT_LT(hits, 1'950);
}

TEST(NamePatterns, NoneMatchNothing) {
  EXPECT_FALSE(NamePatterns{}.matches(NameKey{*Name::from_text("a")}));
  EXPECT_TRUE(NamePatterns{}.empty());
}

}  // namespace
}  // namespace blackstart::dns
