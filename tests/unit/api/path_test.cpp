#include "api/path.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace blackstart::api {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Optional;

TEST(PathOf, DecodesAndLeavesTheQueryOut) {
  EXPECT_EQ(path_of("/proxies/a%20b?x=%zz"), "/proxies/a b");
  EXPECT_EQ(path_of("/a%2Fb%00"), (std::string{"/a/b\0", 5}));
  EXPECT_EQ(path_of("/redis:6379"), "/redis:6379");
  EXPECT_EQ(path_of("/a+b"), "/a+b");
}

TEST(PathOf, TakesTheAbsoluteForm) {
  EXPECT_EQ(path_of("http://localhost:8474/proxies?x"), "/proxies");
  EXPECT_EQ(path_of("http://localhost:8474"), "/");
}

TEST(PathOf, RefusesWhatIsNoPath) {
  for (const char* target : {"", "*", "proxies", "/%", "/%2", "/%2x", "/%-1", "/%%30"}) {
    EXPECT_EQ(path_of(target), std::nullopt) << target;
  }
}

TEST(Cleaned, HasNeitherDoubledSlashesNorDots) {
  EXPECT_EQ(cleaned("//proxies///a"), "/proxies/a");
  EXPECT_EQ(cleaned("/proxies/"), "/proxies/");
  EXPECT_EQ(cleaned("/a/./b/../c//"), "/a/c/");
  EXPECT_EQ(cleaned("/../.."), "/");
  EXPECT_EQ(cleaned("//"), "/");
  EXPECT_EQ(cleaned("/...a/..b"), "/...a/..b");
}

TEST(PercentEncoded, ComesBackTheSame) {
  EXPECT_EQ(percent_encoded("/redis:6379/a b%\xff"), "/redis:6379/a%20b%25%FF");
  EXPECT_EQ(path_of(percent_encoded("/?#\"<")), "/?#\"<");
}

TEST(Match, FindsWhatStandsForAStar) {
  EXPECT_THAT(match("/proxies/*/toxics/*", "/proxies/a:1/toxics/b"),
              Optional(ElementsAre("a:1", "b")));
  EXPECT_THAT(match("/version", "/version"), Optional(IsEmpty()));
  for (const char* other : {"/proxies", "/proxies/", "/proxies//", "/proxies/a/", "/proxies/a/b",
                            "/proxie/a", "/", ""}) {
    EXPECT_EQ(match("/proxies/*", other), std::nullopt) << other;
  }
}

}  // namespace
}  // namespace blackstart::api
