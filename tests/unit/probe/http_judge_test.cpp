#include "probe/http_judge.h"

#include <gtest/gtest.h>

#include "support/json_node.h"

namespace blackstart {
namespace {

using namespace std::chrono_literals;

struct Judged {
  Node node;
  Diagnostics mistakes;
  std::optional<HttpJudge> judge;
};

Judged judge_of(std::string_view json) {
  Judged made;
  made.node = test::node_of(json);
  made.judge.emplace(ParamReader{made.node, made.mistakes});
  return made;
}

HttpAnswer answer(int status, std::string body = {}) {
  HttpAnswer made;
  made.status = status;
  made.body = std::move(body);
  made.took = 10ms;
  return made;
}

std::string reason(std::string_view json, const HttpAnswer& got) {
  const Judged judged = judge_of(json);
  for (const Diagnostic& mistake : judged.mistakes) ADD_FAILURE() << mistake.message;
  const auto miss = judged.judge->check(got);
  return miss ? miss->reason : "";
}

TEST(HttpJudge, TakesAnyStatusUnlessOneIsAskedFor) {
  EXPECT_EQ(reason("{}", answer(503)), "");
  EXPECT_EQ(reason(R"({"status": 200})", answer(200)), "");
  EXPECT_EQ(reason(R"({"status": 200})", answer(201)), "status 201, expected 200");
  EXPECT_EQ(reason(R"({"status": "2xx"})", answer(299)), "");
  EXPECT_EQ(reason(R"({"status": "2xx"})", answer(300)), "status 300, expected 2xx");
  EXPECT_EQ(reason(R"({"status": "2xx"})", answer(199)), "status 199, expected 2xx");
  EXPECT_EQ(reason(R"({"status": [200, "4xx"]})", answer(404)), "");
  EXPECT_EQ(reason(R"({"status": [200, "4xx"]})", answer(500)), "status 500, expected 200 or 4xx");
}

TEST(HttpJudge, DefaultsToSuccessOnlyWithoutAStatus) {
  Judged plain = judge_of("{}");
  plain.judge->default_to_success();
  EXPECT_EQ(plain.judge->check(answer(404)).value().reason, "status 404, expected 2xx");
  Judged asked = judge_of(R"({"status": 404})");
  asked.judge->default_to_success();
  EXPECT_FALSE(asked.judge->check(answer(404)));
}

TEST(HttpJudge, SaysWhichStatusIsNone) {
  for (const char* bad : {"99", "600", "6xx", "2x", "ok", "2xxx"}) {
    const Judged judged = judge_of("{\"status\": [200, \"" + std::string{bad} + "\"]}");
    ASSERT_EQ(judged.mistakes.size(), 1U) << bad;
    EXPECT_EQ(judged.mistakes[0].message, "not an HTTP status: " + std::string{bad});
    EXPECT_EQ(judged.mistakes[0].pos, judged.node.find("status")->items[1].pos);
  }
}

TEST(HttpJudge, TakesTimeByWithin) {
  EXPECT_EQ(reason(R"({"within": "10ms"})", answer(200)), "");
  EXPECT_EQ(reason(R"({"within": "9ms"})", answer(200)), "took 10ms, expected within 9ms");
}

TEST(HttpJudge, FindsHeadersWithoutRegardToCase) {
  HttpAnswer got = answer(200);
  got.headers = {{"content-type", "application/json"}, {"X-Count", "7"}};
  EXPECT_EQ(reason(R"({"header": {"Content-Type": {"matches": "^application/json"}}})", got), "");
  EXPECT_EQ(reason(R"({"header": {"x-count": 7}})", got), "") << "a header is text";
  EXPECT_EQ(reason(R"({"header": {"x-count": 8}})", got),
            "header x-count is \"7\", expected \"8\"");
  EXPECT_EQ(reason(R"({"header": {"X-Other": "a"}})", got), "header X-Other is missing");
}

TEST(HttpJudge, SearchesTheBody) {
  EXPECT_EQ(reason(R"({"body": "al+"})", answer(200, "all is well")), "");
  EXPECT_EQ(reason(R"({"body": "^well"})", answer(200, "all is well")),
            "body does not match ^well");
  EXPECT_EQ(judge_of(R"({"body": "("})").mistakes.at(0).message,
            "not a regular expression: missing ): (");
}

TEST(HttpJudge, GoesFromStatusToJsonInOrder) {
  const std::string_view all =
      R"({"json": {"/a": 1}, "body": "x", "header": {"H": "h"}, "within": "1ms", "status": 200})";
  HttpAnswer got = answer(500, "{}");
  EXPECT_EQ(reason(all, got), "status 500, expected 200");
  got.status = 200;
  EXPECT_EQ(reason(all, got), "took 10ms, expected within 1ms");
  got.took = 1ms;
  EXPECT_EQ(reason(all, got), "header H is missing");
  got.headers = {{"H", "h"}};
  EXPECT_EQ(reason(all, got), "body does not match x");
  got.body = "{\"x\": 0}";
  EXPECT_EQ(reason(all, got), "/a is missing");
  got.body = "{\"x\": 0, \"a\": 1}";
  EXPECT_EQ(reason(all, got), "");
}

TEST(HttpJudge, TellsWhetherItLooksAtTheBody) {
  EXPECT_FALSE(judge_of(R"({"status": 200, "within": "1s"})").judge->looks_at_body());
  EXPECT_TRUE(judge_of(R"({"body": "x"})").judge->looks_at_body());
  EXPECT_TRUE(judge_of(R"({"json": {"/a": 1}})").judge->looks_at_body());
}

TEST(Pattern, IsLinearWhereBacktrackingIsNot) {
  std::string error;
  const auto pattern = Pattern::compile("^(a+)+$", error);
  ASSERT_TRUE(pattern);
  EXPECT_FALSE(pattern->found_in(std::string(100'000, 'a') + 'b'));
  EXPECT_FALSE(Pattern::compile("(?=a)", error));
  EXPECT_EQ(error, "invalid perl operator: (?=");
}

}  // namespace
}  // namespace blackstart
