#include "api/requests.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <limits>

#include "api/api_error.h"
#include "api/fields.h"

namespace blackstart::api {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;
using ::testing::StartsWith;
using toxic::Stream;

constexpr auto kMost = std::numeric_limits<std::int64_t>::max();
constexpr auto kLeast = std::numeric_limits<std::int64_t>::min();

std::string refusal(const std::function<void()>& read) {
  try {
    read();
  } catch (const ApiError& error) {
    EXPECT_EQ(error.status(), 400);
    return error.what();
  } catch (const ProxyError& error) {
    return error.what();
  }
  return "taken";
}

std::string refused_value(std::string_view body) {
  return refusal([&] { first_value(body); });
}
std::string refused_proxy(std::string_view body) {
  return refusal([&] { read_proxy(body); });
}
std::string refused_toxic(std::string_view body) {
  return refusal([&] { read_toxic(body, {}); });
}

AskedToxic latency(const std::string& more) {
  return read_toxic(R"({"type":"latency",)" + more + "}", {});
}

TEST(FirstValue, IsReadAloneWhateverFollows) {
  EXPECT_EQ(first_value(R"({"a":1} and more)").dump(), R"({"a":1})");
  EXPECT_EQ(first_value("[] [").dump(), "[]");
  EXPECT_EQ(first_value(" \n null"), nullptr);
}

TEST(FirstValue, EndsWithGosWords) {
  for (const char* nothing : {"", " ", "\r\n\t"}) {
    EXPECT_EQ(refused_value(nothing), "bad request body: EOF");
  }
  for (const char* half : {"{", R"({"a)", R"({"a")", R"({"a":)", R"({"a":1)", "[1,", "tru", "-",
                           R"("\)", R"("\u12)"}) {
    EXPECT_EQ(refused_value(half), "bad request body: unexpected EOF") << half;
  }
}

TEST(FirstValue, SaysWhereItIsNoJson) {
  EXPECT_THAT(refused_value("{\n  name: 1}"),
              StartsWith("bad request body: parse error at line 2, column 4"));
  EXPECT_THAT(refused_value("1e999"), HasSubstr("1e999"));
  EXPECT_THAT(refused_value("\"\xff\""), HasSubstr("line 1, column 2"));
  EXPECT_THAT(refused_value(std::string_view{"\0", 1}), HasSubstr("line 1, column 1"));
}

TEST(FirstValue, IsNotNestedWithoutEnd) {
  EXPECT_EQ(refused_value(std::string(1'000'000, '[')), "bad request body: nested too deep");
  EXPECT_EQ(
      first_value("\"" + std::string(100, '[') + "\\\"" + std::string(100, '{') + "\"").size(), 1U);
  EXPECT_EQ(first_value(std::string(64, '[') + std::string(64, ']')).size(), 1U);
}

TEST(ReadProxy, TakesKeysInAnyLetterCaseAndNullAsAbsent) {
  const auto pascal = read_proxy(R"({"Name":"a","LISTEN":":1","uPstream":"b:2","Enabled":false})");
  EXPECT_EQ(pascal.state.name, "a");
  EXPECT_EQ(pascal.state.listen, ":1");
  EXPECT_EQ(pascal.state.upstream, "b:2");
  EXPECT_FALSE(pascal.state.enabled);
  const auto bare =
      read_proxy(R"({"name":"a","upstream":"b","enabled":null,"listen":null,"toxics":null,"x":1})");
  EXPECT_TRUE(bare.state.enabled);
  EXPECT_EQ(bare.state.listen, "");
  EXPECT_TRUE(bare.state.toxics.empty());
  EXPECT_FALSE(bare.ttl);
}

TEST(ReadProxy, PrefersTheExactKey) {
  EXPECT_EQ(read_proxy(R"({"NAME":"a","name":"b","upstream":"c"})").state.name, "b");
}

TEST(ReadProxy, NamesWhatIsMissing) {
  EXPECT_EQ(refused_proxy("null"), "missing required field: name");
  EXPECT_EQ(refused_proxy("{}"), "missing required field: name");
  EXPECT_EQ(refused_proxy(R"({"name":""})"), "missing required field: name");
  EXPECT_EQ(refused_proxy(R"({"name":"a"})"), "missing required field: upstream");
}

TEST(ReadProxy, TellsWhichMemberHasTheWrongType) {
  EXPECT_EQ(refused_proxy("[]"), "bad request body: it must be an object");
  EXPECT_EQ(refused_proxy(R"({"name":1})"), "bad request body: name must be a string");
  EXPECT_EQ(refused_proxy(R"({"enabled":1})"), "bad request body: enabled must be true or false");
  EXPECT_EQ(refused_proxy(R"({"name":"a","upstream":"b","toxics":{}})"),
            "bad request body: toxics must be a list");
  EXPECT_EQ(refused_proxy(R"({"name":"a","upstream":"b","toxics":[{"type":"latency",)"
                          R"("attributes":{"jitter":"1"}}]})"),
            "bad request body: toxics[0].attributes.jitter must be a whole number of 64 bits");
}

TEST(ReadProxy, BringsItsToxics) {
  const auto asked = read_proxy(
      R"({"name":"a","upstream":"b","ttl_ms":5,"toxics":[{"type":"latency","ttl_ms":2e3},)"
      R"({"type":"bandwidth","stream":"upstream","attributes":{"rate":9}}]})");
  ASSERT_EQ(asked.state.toxics.size(), 2U);
  EXPECT_EQ(asked.state.toxics[0].name, "latency_downstream");
  EXPECT_EQ(asked.state.toxics[1].values[0], 9);
  EXPECT_EQ(asked.ttl, Ttl{5ms});
  EXPECT_THAT(asked.toxic_ttls, ElementsAre(Ttl{2s}, Ttl{}));
  EXPECT_EQ(refused_proxy(R"({"name":"a","upstream":"b","toxics":[{"type":"noop"},)"
                          R"({"type":"noop"}]})"),
            "toxic already exists");
}

TEST(ReadPopulate, CountsEntriesFromOne) {
  const auto refused = [](std::string_view body) { return refusal([&] { read_populate(body); }); };
  EXPECT_EQ(refused(R"([{"name":"a","upstream":"b"},{}])"),
            "missing required field: name at proxy 2");
  EXPECT_EQ(refused(R"([{"name":"a"}])"), "missing required field: upstream at proxy 1");
  EXPECT_EQ(refused("[null]"), "missing required field: name at proxy 1");
  EXPECT_EQ(refused("{}"), "bad request body: it must be a list of proxies");
  EXPECT_EQ(refused(R"([{"name":1}])"), "bad request body: [0].name must be a string");
}

TEST(ReadPopulate, TakesNoneAtAll) {
  EXPECT_TRUE(read_populate("null").empty());
  EXPECT_TRUE(read_populate("[]").empty());
  EXPECT_EQ(read_populate(R"([{"name":"a","upstream":"b"}])")[0].state.upstream, "b");
}

TEST(ReadProxyChange, HoldsWhatIsNamedAlone) {
  const auto none = read_proxy_change(R"({"name":7,"toxics":7,"enabled":null})");
  EXPECT_FALSE(none.change.listen || none.change.upstream || none.change.enabled || none.ttl);
  const auto all = read_proxy_change(R"({"listen":"","upstream":"","enabled":false,"ttl_ms":0})");
  EXPECT_EQ(all.change.listen, "");
  EXPECT_EQ(all.change.upstream, "");
  EXPECT_EQ(all.change.enabled, false);
  EXPECT_EQ(all.ttl, Ttl{0s});
}

TEST(ReadToxic, FillsWhatIsAbsent) {
  const auto asked = read_toxic(R"({"type":"latency","name":"","stream":null})", {});
  EXPECT_EQ(asked.toxic.name, "latency_downstream");
  EXPECT_EQ(asked.toxic.stream, Stream::downstream);
  EXPECT_EQ(asked.toxic.stream_text, "downstream");
  EXPECT_EQ(asked.toxic.toxicity, 1.0F);
  EXPECT_EQ(asked.toxic.values[0], 0);
  EXPECT_FALSE(asked.ttl);
}

TEST(ReadToxic, KeepsTheStreamAsItWasSent) {
  const auto asked = read_toxic(R"({"type":"latency","Stream":"UpStream"})", {});
  EXPECT_EQ(asked.toxic.stream, Stream::upstream);
  EXPECT_EQ(asked.toxic.name, "latency_UpStream");
}

TEST(ReadToxic, TakesEveryWholeNumberOf64Bits) {
  const std::vector<std::pair<std::string, std::int64_t>> cases{
      {"100", 100},
      {"10.0", 10},
      {"1e2", 100},
      {"-5", -5},
      {"null", 0},
      {"9223372036854775807", kMost},
      {"-0.0", 0},
      {"-9223372036854775808", kLeast},
      {"1e18", 1'000'000'000'000'000'000},
  };
  for (const auto& [text, value] : cases) {
    EXPECT_EQ(latency(R"("attributes":{"LATENCY":)" + text + "}").toxic.values[0], value) << text;
  }
  for (const char* text : {"10.5", "\"10\"", "true", "[]", "9223372036854775808", "1e19",
                           "-9223372036854775809", "-1e19", "99999999999999999999999"}) {
    EXPECT_THAT(refusal([&] { latency(R"("attributes":{"latency":)" + std::string{text} + "}"); }),
                HasSubstr("attributes.latency"))
        << text;
  }
}

TEST(ReadToxic, TakesPhpsEmptyListAsNoAttributes) {
  EXPECT_EQ(latency(R"("attributes":[])").toxic.values[0], 0);
  EXPECT_EQ(latency(R"("attributes":{"latency":7,"other":"x"})").toxic.values[0], 7);
  EXPECT_THAT(refused_toxic(R"({"type":"latency","attributes":[1]})"),
              HasSubstr("attributes must be an object"));
}

TEST(ReadToxic, ChecksInToxiproxysOrder) {
  const toxic::Toxic there = latency(R"("name":"there")").toxic;
  const auto refused = [&](std::string_view body) {
    return refusal([&] { read_toxic(body, {there}); });
  };
  const std::string name = R"("name":"there","attributes":{"latency":"x"}})";
  EXPECT_EQ(refused(R"({"stream":"","type":"x",)" + name),
            "stream was invalid, can be either upstream or downstream");
  EXPECT_EQ(refused(R"({"type":"Latency",)" + name), "invalid toxic type");
  EXPECT_EQ(refused("{" + name), "invalid toxic type");
  EXPECT_EQ(refused(R"({"type":"latency",)" + name), "toxic already exists");
}

TEST(ReadToxic, TakesAnyToxicityThatAFloatHolds) {
  for (const float toxicity : {0.3F, 7.5F, -1.0F, 1e-7F, 3.4028235e38F}) {
    EXPECT_EQ(latency("\"toxicity\":" + std::to_string(toxicity)).toxic.toxicity,
              std::stof(std::to_string(toxicity)));
  }
  EXPECT_THAT(refused_toxic(R"({"type":"noop","toxicity":1e39})"), HasSubstr("toxicity"));
  EXPECT_THAT(refused_toxic(R"({"type":"noop","toxicity":"1"})"), HasSubstr("toxicity"));
}

TEST(ReadToxic, BoundsALease) {
  EXPECT_GT(latency(R"("ttl_ms":9223372036854775807)").ttl, Ttl{1h});
  EXPECT_EQ(refused_toxic(R"({"type":"noop","ttl_ms":-1})"),
            "bad request body: ttl_ms must not be negative");
}

TEST(ReadToxicChange, HoldsWhatIsNamedAlone) {
  const toxic::Kind& slicer = *toxic::find_kind("slicer");
  const auto some = read_toxic_change(
      R"({"name":3,"type":4,"attributes":{"delay":9,"average_size":null},"toxicity":0})", slicer);
  EXPECT_THAT(some.change.values, ElementsAre(Pair(2U, 9)));
  EXPECT_EQ(some.change.toxicity, 0.0F);
  const auto none = read_toxic_change("null", slicer);
  EXPECT_TRUE(none.change.values.empty());
  EXPECT_FALSE(none.change.toxicity);
}

}  // namespace
}  // namespace blackstart::api
