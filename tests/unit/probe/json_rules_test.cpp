#include "probe/json_rules.h"

#include <gtest/gtest.h>

#include "support/json_node.h"

namespace blackstart {
namespace {

JsonRules rules_of(std::string_view table, Diagnostics& mistakes) {
  static Node node;
  node = test::node_of(table);
  return JsonRules{ParamReader{node, mistakes}, &node};
}

std::string reason(std::string_view table, std::string_view body) {
  Diagnostics mistakes;
  const auto miss = rules_of(table, mistakes).check(body);
  EXPECT_TRUE(mistakes.empty());
  return miss ? miss->reason : "";
}

TEST(JsonRules, LookWhereTheirPointersSay) {
  const std::string_view body = R"({"a": {"b": [10, {"c/d": "x", "e~f": null}]}})";
  EXPECT_EQ(reason(R"({"/a/b/0": 10})", body), "");
  EXPECT_EQ(reason(R"({"/a/b/1/c~1d": "x"})", body), "");
  EXPECT_EQ(reason(R"({"/a/b/1/e~0f": null})", body), "");
  EXPECT_EQ(reason(R"({"/a/b/0": 11})", body), "/a/b/0 is 10, expected 11");
  EXPECT_EQ(reason(R"({"/a/b": 10})", body), R"(/a/b is [10,{"c/d":"x","e~f":null}], expected 10)");
  EXPECT_EQ(reason(R"({"": 7})", "7"), "");
  EXPECT_EQ(reason(R"({"": 8})", "7"), "the body is 7, expected 8");
}

TEST(JsonRules, SayWhatIsMissing) {
  EXPECT_EQ(reason(R"({"/a": null})", "{}"), "/a is missing");
  EXPECT_EQ(reason(R"({"/a/2": 1})", R"({"a": [0, 1]})"), "/a/2 is missing");
  EXPECT_EQ(reason(R"({"/a/-": 1})", R"({"a": [0, 1]})"), "/a/- is missing");
  EXPECT_EQ(reason(R"({"/a/x": 1})", R"({"a": [0, 1]})"), "/a/x is missing");
  EXPECT_EQ(reason(R"({"/a/b": 1})", R"({"a": 3})"), "/a/b is missing");
}

TEST(JsonRules, RefuseBodiesThatAreNoJson) {
  for (const char* body : {"", "<html>", "{\"a\": 1", "{} {}", "{a: 1}"}) {
    EXPECT_EQ(reason(R"({"/a": 1})", body), "the body is not JSON") << body;
  }
  EXPECT_EQ(reason(R"({"/a": 1})", std::string(100'000, '[')), "the body is not JSON");
  const std::string deep = std::string(200, '[') + std::string(200, ']');
  EXPECT_EQ(reason(R"({"/a": 1})", deep), "the body is not JSON");
}

TEST(JsonRules, HaveNothingToSayWhereNothingIsAsked) {
  EXPECT_FALSE(JsonRules{}.check("<html>"));
  EXPECT_TRUE(JsonRules{}.empty());
}

TEST(JsonRules, ReportTheFirstMissInTheScenariosOrder) {
  EXPECT_EQ(reason(R"({"/b": 1, "/a": 1})", R"({"a": 0, "b": 0})"), "/b is 0, expected 1");
}

TEST(JsonRules, KeepTheValueAndTheBodyAsEvidence) {
  Diagnostics mistakes;
  const auto miss = rules_of(R"({"/a": 1})", mistakes).check(R"({"a":0})");
  EXPECT_EQ(miss.value().evidence, R"(/a is 0; body: {"a":0})");
}

TEST(JsonRules, SayWhichPointerIsNone) {
  Diagnostics mistakes;
  rules_of(R"({"balance": 1, "/a~2": 1, "/fine": 1})", mistakes);
  ASSERT_EQ(mistakes.size(), 2U);
  EXPECT_EQ(mistakes[0].message, "a JSON Pointer begins with a slash");
  EXPECT_EQ(mistakes[0].hint, "write /balance");
  EXPECT_EQ(mistakes[0].pos.line, 2U);
  EXPECT_EQ(mistakes[1].message, "not a JSON Pointer (RFC 6901): ~ must be followed by 0 or 1");
}

TEST(JsonRules, SurviveNumbersThatAreTooLargeForWholeOnes) {
  EXPECT_EQ(reason(R"({"/a": {"gt": 1}})", R"({"a": 18446744073709551615})"), "");
  EXPECT_EQ(reason(R"({"/a": {"gt": 1}})", R"({"a": 1e400})"), "the body is not JSON");
}

}  // namespace
}  // namespace blackstart
