#include "api/answers.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace blackstart::api {
namespace {

using namespace std::chrono_literals;

toxic::Toxic made(const char* kind, const toxic::Values& values, float toxicity = 1) {
  return {std::string{kind} + "_UP",
          toxic::find_kind(kind),
          toxic::Stream::upstream,
          "UP",
          toxicity,
          values};
}

const ProxyState kProxy{"p", "127.0.0.1:1", "b:2", true, {}};
constexpr auto kProxyText =
    R"({"name":"p","listen":"127.0.0.1:1","upstream":"b:2","enabled":true,"toxics":[]})";

TEST(Answers, HaveTheirKeysInToxiproxysOrder) {
  EXPECT_EQ(to_json(made("latency", {100, 7}, 0.3F)),
            R"({"attributes":{"latency":100,"jitter":7},"name":"latency_UP","type":"latency",)"
            R"("stream":"UP","toxicity":0.3})");
  EXPECT_EQ(to_json(made("slicer", {1, 2, 3})),
            R"({"attributes":{"average_size":1,"size_variation":2,"delay":3},"name":"slicer_UP",)"
            R"("type":"slicer","stream":"UP","toxicity":1})");
  EXPECT_EQ(to_json(kProxy), kProxyText);
  ProxyState toxic = kProxy;
  toxic.enabled = false;
  toxic.toxics = {made("noop", {}), made("timeout", {5})};
  EXPECT_EQ(to_json(toxic),
            R"({"name":"p","listen":"127.0.0.1:1","upstream":"b:2","enabled":false,"toxics":[)" +
                to_json(toxic.toxics[0]) + "," + to_json(toxic.toxics[1]) + "]}");
}

TEST(Answers, ListProxiesByName) {
  EXPECT_EQ(proxies_json({}), "{}");
  EXPECT_EQ(proxies_json({kProxy, kProxy}),
            std::string{"{\"p\":"} + kProxyText + ",\"p\":" + kProxyText + "}");
}

TEST(Answers, TellAnErrorTwice) {
  EXPECT_EQ(error_json(404, "proxy not found"),
            "{\"error\":\"proxy not found\",\"title\":\"proxy not found\",\"status\":404}\n");
}

TEST(Answers, OfPopulateKeepTheirShape) {
  EXPECT_EQ(populated_json({}, 0, ""), R"({"proxies":[]})");
  EXPECT_EQ(populated_json({kProxy}, 0, ""), std::string{R"({"proxies":[)"} + kProxyText + "]}");
  EXPECT_EQ(populated_json({}, 400, "no"), R"({"error":"no","status":400,"proxies":null})");
  EXPECT_EQ(populated_json({kProxy}, 500, "no"),
            std::string{R"({"error":"no","status":500,"proxies":[)"} + kProxyText + "]}");
}

TEST(Answers, ListConnections) {
  EXPECT_EQ(connections_json({}), "[]");
  EXPECT_EQ(connections_json({{7, "p", "c:1", "", 1'999'999ns, {1, 2, 3, {"a", "b"}}, {}}}),
            R"([{"id":7,"proxy":"p","client":"c:1","upstream":"","age_ms":1,)"
            R"("up":{"received":1,"sent":2,"held":3,"toxics":["a","b"]},)"
            R"("down":{"received":0,"sent":0,"held":0,"toxics":[]}}])");
}

TEST(Answers, ListLeases) {
  Leases leases;
  leases.set({"p", ""}, 1500ms, {});
  leases.set({"p", "t"}, 1s, {});
  EXPECT_EQ(leases_json(leases, {400ms}),
            R"([{"proxy":"p","ttl_ms":1500,"left_ms":1100},)"
            R"({"proxy":"p","toxic":"t","ttl_ms":1000,"left_ms":600}])");
}

TEST(JsonText, IsFitForAPageAndAlwaysUtf8) {
  EXPECT_EQ(json_text("<a&\"b\">\n"), R"("\u003ca\u0026\"b\"\u003e\n")");
  EXPECT_EQ(json_text("\xff"), "\"\xef\xbf\xbd\"");
}

TEST(Shortest, ReadsAsTheSameFloat) {
  const std::vector<std::pair<float, std::string>> cases{
      {1.0F, "1"},
      {0.3F, "0.3"},
      {1e-7F, "1e-7"},
      {7.5F, "7.5"},
      {-1.0F, "-1"},
      {0.0F, "0"},
      {0.1F + 0.2F, "0.3"},
      {1e-6F, "0.000001"},
      {100.0F, "100"},
      {1e21F, "1e+21"},
      {3.4028235e38F, "3.4028235e+38"},
      {1e-12F, "1e-12"},
  };
  for (const auto& [number, text] : cases) {
    EXPECT_EQ(shortest(number), text);
    EXPECT_EQ(nlohmann::json::parse(shortest(number)).get<float>(), number);
  }
}

}  // namespace
}  // namespace blackstart::api
