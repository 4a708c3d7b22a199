#include "probe/value_rule.h"

#include <gtest/gtest.h>

#include "support/json_node.h"

namespace blackstart {
namespace {

// What the rule, written as JSON, says to a value; "" where it has nothing to say.
std::string miss(std::string_view rule, const Value& value) {
  Diagnostics mistakes;
  const Node node = test::node_of(rule);
  const ValueRule made{ParamReader{node, mistakes}, node};
  EXPECT_TRUE(mistakes.empty());
  return made.miss(value).value_or("");
}

Node bare(std::string text) {
  Node node;
  node.kind = Node::Kind::scalar;
  node.text = std::move(text);
  return node;
}

TEST(LiteralOf, ReadsScalarsAsJsonWould) {
  EXPECT_EQ(to_text(literal_of(bare("42"))), "42");
  EXPECT_EQ(to_text(literal_of(bare("42.5"))), "42.5");
  EXPECT_EQ(to_text(literal_of(bare("true"))), "true");
  EXPECT_EQ(to_text(literal_of(bare("null"))), "null");
  EXPECT_EQ(to_text(literal_of(bare("nan"))), "\"nan\"");
  EXPECT_EQ(to_text(literal_of(bare("up"))), "\"up\"");
  Node quoted = bare("42");
  quoted.quoted = true;
  EXPECT_EQ(to_text(literal_of(quoted)), "\"42\"");
  EXPECT_EQ(to_text(literal_of(Node{})), "null");
}

TEST(ValueRule, ComparesByValueAndType) {
  EXPECT_EQ(miss("42.5", 42.5), "");
  EXPECT_EQ(miss("42.5", std::int64_t{0}), "is 0, expected 42.5");
  EXPECT_EQ(miss("1", 1.0), "");
  EXPECT_EQ(miss("1", std::string{"1"}), "is \"1\", expected 1");
  EXPECT_EQ(miss("\"1\"", std::string{"1"}), "");
  EXPECT_EQ(miss("true", true), "");
  EXPECT_EQ(miss("true", false), "is false, expected true");
  EXPECT_EQ(miss("true", std::int64_t{1}), "is 1, expected true");
  EXPECT_EQ(miss("null", nullptr), "");
  EXPECT_EQ(miss("null", std::int64_t{0}), "is 0, expected null");
  EXPECT_EQ(miss("1", Compound{"[1]"}), "is [1], expected 1");
}

TEST(ValueRule, ComparesWholeNumbersExactly) {
  const std::int64_t big = 9'007'199'254'740'993;  // 2^53 + 1
  EXPECT_EQ(miss("9007199254740993", big), "");
  EXPECT_NE(miss("9007199254740992", big), "");
  EXPECT_EQ(miss(R"({"gt": 9007199254740992})", big), "");
}

TEST(ValueRule, KnowsOrder) {
  EXPECT_EQ(miss(R"({"gt": 0})", std::int64_t{1}), "");
  EXPECT_EQ(miss(R"({"gt": 0})", std::int64_t{0}), "is 0, expected more than 0");
  EXPECT_EQ(miss(R"({"gte": 0})", std::int64_t{0}), "");
  EXPECT_EQ(miss(R"({"gte": 0})", -0.5), "is -0.5, expected at least 0");
  EXPECT_EQ(miss(R"({"lt": 10})", std::int64_t{9}), "");
  EXPECT_EQ(miss(R"({"lt": 10})", std::int64_t{10}), "is 10, expected less than 10");
  EXPECT_EQ(miss(R"({"lte": 10})", 10.0), "");
  EXPECT_EQ(miss(R"({"lte": 10})", 10.5), "is 10.5, expected at most 10");
  EXPECT_EQ(miss(R"({"gt": 0})", std::string{"9"}), "is \"9\", expected more than 0");
  EXPECT_EQ(miss(R"({"lt": 0})", nullptr), "is null, expected less than 0");
}

TEST(ValueRule, AsksAllOfItsConditions) {
  EXPECT_EQ(miss(R"({"gt": 0, "lt": 10})", std::int64_t{5}), "");
  EXPECT_EQ(miss(R"({"gt": 0, "lt": 10})", std::int64_t{50}), "is 50, expected less than 10");
  EXPECT_EQ(miss(R"({"ne": 0})", std::int64_t{0}), "is 0, expected anything else than 0");
  EXPECT_EQ(miss(R"({"ne": 0})", std::int64_t{7}), "");
}

TEST(ValueRule, MatchesTextsAndTheTextOfOtherValues) {
  EXPECT_EQ(miss(R"({"matches": "^ok"})", std::string{"okay"}), "");
  EXPECT_EQ(miss(R"({"matches": "^ok"})", std::string{"not ok"}),
            "is \"not ok\", expected a match of ^ok");
  EXPECT_EQ(miss(R"({"matches": "^4[0-9]$"})", std::int64_t{42}), "");
}

TEST(ValueRule, SaysWhereARegularExpressionIsBroken) {
  Diagnostics mistakes;
  const Node node = test::node_of(R"({"matches": "("})");
  const ValueRule rule{ParamReader{node, mistakes}, node};
  ASSERT_EQ(mistakes.size(), 1U);
  EXPECT_EQ(mistakes[0].message, "not a regular expression: missing ): (");
  EXPECT_EQ(mistakes[0].pos, node.members[0].value.pos);
}

TEST(ToText, EscapesAsJsonDoes) {
  EXPECT_EQ(to_text(Value{std::string{"a\"b\\c\n"}}), R"("a\"b\\c\u000a")");
}

}  // namespace
}  // namespace blackstart
