#include "cli/go_flags.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/errors.h"

namespace blackstart::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

GoArguments parse(std::vector<std::string> words) {
  return parse_go_flags({{"host", "h"}, {"attribute", "a"}, {"upstream", "u", true}},
                        std::move(words));
}

std::string refusal(std::vector<std::string> words) {
  try {
    parse(std::move(words));
  } catch (const CommandError& error) {
    EXPECT_EQ(error.exit_code(), 2);
    return error.what();
  }
  return "";
}

TEST(GoFlags, TakeOneDashOrTwoAndAValueInEitherPlace) {
  for (const char* dashes : {"-host", "--host", "-h", "--h"}) {
    EXPECT_EQ(parse({dashes, "x:1"}).last("host"), "x:1") << dashes;
    EXPECT_EQ(parse({std::string{dashes} + "=x:1"}).last("host"), "x:1") << dashes;
  }
  EXPECT_EQ(parse({"-h="}).last("host"), "");
  EXPECT_EQ(parse({"-h", "-u"}).last("host"), "-u");
  EXPECT_EQ(parse({"-h", "one", "-h", "two"}).last("host"), "two");
}

TEST(GoFlags, KeepEachValueInOrder) {
  EXPECT_THAT(parse({"-a", "x=1", "--attribute=y=2"}).all("attribute"), ElementsAre("x=1", "y=2"));
  EXPECT_TRUE(parse({}).all("attribute").empty());
}

TEST(GoFlags, ASwitchTakesNoWordThatFollows) {
  const GoArguments in = parse({"-u", "redis", "-h", "x"});
  EXPECT_TRUE(in.on("upstream"));
  EXPECT_THAT(in.rest, ElementsAre("redis", "-h", "x"));
  EXPECT_FALSE(parse({"-u=false"}).on("upstream"));
  EXPECT_FALSE(parse({}).on("upstream"));
}

TEST(GoFlags, EndAtTheFirstArgument) {
  EXPECT_THAT(parse({"-u", "--", "-h"}).rest, ElementsAre("-h"));
  EXPECT_THAT(parse({"-", "-h"}).rest, ElementsAre("-", "-h"));
  EXPECT_THAT(parse({"", "-h"}).rest, ElementsAre("", "-h"));
}

TEST(GoFlags, RefuseWhatTheyDoNotKnow) {
  EXPECT_THAT(refusal({"-hots", "x"}), HasSubstr("-hots"));
  EXPECT_THAT(refusal({"--=x"}), HasSubstr("no option"));
  EXPECT_THAT(refusal({"-h"}), HasSubstr("needs a value"));
  EXPECT_THAT(refusal({"-u=perhaps"}), HasSubstr("perhaps"));
}

}  // namespace
}  // namespace blackstart::cli
