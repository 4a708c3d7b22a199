// covers cli/toxi_words
#include "cli/toxi_words.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "cli/errors.h"

namespace blackstart::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

const Json kProxies = Json::parse(R"({
  "web": {"name":"web","listen":"127.0.0.1:80","upstream":"10.0.0.1:80","enabled":false,
          "toxics":[]},
  "redis:1": {"name":"redis:1","listen":"127.0.0.1:6","upstream":"10.0.0.1:6","enabled":true,
          "toxics":[{"name":"slow","type":"latency","stream":"upstream","toxicity":0.5,
                     "attributes":{"latency":100,"jitter":5}},
                    {"name":"n","type":"noop","stream":"downstream","toxicity":1,
                     "attributes":{}}]}})");

TEST(ToxiWords, AScriptGetsALineForEachProxyByName) {
  EXPECT_EQ(proxy_list(kProxies, std::nullopt),
            "redis:1\t127.0.0.1:6\t10.0.0.1:6\tenabled\t2\n"
            "web\t127.0.0.1:80\t10.0.0.1:80\tdisabled\t0\n");
  EXPECT_EQ(proxy_list(Json::object(), std::nullopt), "");
}

TEST(ToxiWords, AScriptGetsALineForEachToxicWithAttributesByName) {
  EXPECT_EQ(toxic_list(kProxies["redis:1"], std::nullopt),
            "slow\ttype=latency\tstream=upstream\ttoxicity=0.50\t"
            "attributes=[\tjitter=5\tlatency=100\t]\n"
            "n\ttype=noop\tstream=downstream\ttoxicity=1.00\tattributes=[\t]\n");
  EXPECT_EQ(toxic_list(kProxies["web"], std::nullopt), "");
}

TEST(ToxiWords, APersonGetsATable) {
  const std::string plain = proxy_list(kProxies, picture::Style{});
  EXPECT_THAT(plain, HasSubstr("Name      Listen         Upstream      Enabled    Toxics\n"));
  EXPECT_THAT(plain, HasSubstr("web       127.0.0.1:80   10.0.0.1:80   disabled   none\n"));
  EXPECT_THAT(plain, Not(HasSubstr("\t")));
  EXPECT_THAT(proxy_list(kProxies, picture::Style{.colour = true}), HasSubstr("\x1b[32menabled"));
  EXPECT_THAT(proxy_list(Json::object(), picture::Style{}), HasSubstr("no proxies"));
  EXPECT_THAT(toxic_list(kProxies["web"], picture::Style{}), HasSubstr("no toxics"));
  EXPECT_THAT(toxic_list(kProxies["redis:1"], picture::Style{}),
              HasSubstr("slow type=latency stream=upstream toxicity=0.50"));
}

TEST(ToxiWords, NothingOfAServersReachesATerminalAsACommand) {
  const Json evil{{"a", {{"name", "\x1b[2J"}, {"listen", "x\ty\nz"}, {"enabled", true}}}};
  EXPECT_EQ(proxy_list(evil, std::nullopt), "?[2J\tx?y?z\t\tenabled\t0\n");
}

TEST(ToxiWords, AttributesThatReadAsNumbersAreNumbers) {
  EXPECT_EQ(toxic_attributes({"latency=100", "jitter=-5"}).dump(),
            R"({"latency":100,"jitter":-5})");
  EXPECT_EQ(toxic_attributes({"a=1e3", "b=0.5", "c=10.0", "d=x", "e="}).dump(),
            R"({"a":1000,"b":0.5,"c":10,"d":"x","e":""})");
  EXPECT_EQ(toxic_attributes({"a=9223372036854775807,b=2"}).dump(),
            R"({"a":9223372036854775807,"b":2})");
  EXPECT_EQ(toxic_attributes({}).dump(), "{}");
  EXPECT_THROW(toxic_attributes({"latency"}), CommandError);
  EXPECT_THROW(toxic_attributes({"=5"}), CommandError);
}

}  // namespace
}  // namespace blackstart::cli
