// covers api/routes, api/calls
// The whole API but its sockets, on real proxies that stay disabled, so that nothing listens.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/api.h"
#include "api/api_error.h"
#include "support/api_request.h"
#include "support/hand_clock.h"

namespace blackstart::api {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;

constexpr auto kJson = "application/json";
constexpr auto kText = "text/plain; charset=utf-8";
constexpr auto kRequestId = "X-Toxiproxy-Request-Id";
constexpr auto kP =
    R"({"name":"p","listen":"127.0.0.1:1","upstream":"u:2","enabled":false,"toxics":[]})";

std::string error(int status, const std::string& text) {
  return R"({"error":")" + text + R"(","title":")" + text + R"(","status":)" +
         std::to_string(status) + "}\n";
}

std::string header(const HttpAnswer& answer, std::string_view name) {
  for (const auto& [key, value] : answer.headers) {
    if (key == name) return value;
  }
  return "";
}

class Routes : public testing::Test {
 protected:
  HttpAnswer ask(const std::string& method, const std::string& target,
                 const std::string& body = "") {
    HttpRequest request = test::api_request(method, target, body);
    request.user_agent = user_agent_;
    return api_.handle(request);
  }
  void expect(const HttpAnswer& answer, int status, const std::string& body) {
    EXPECT_EQ(answer.status, status);
    EXPECT_EQ(answer.body, body);
    if (status != 204) {
      EXPECT_EQ(answer.content_type, status < 400 ? kJson : kText);
    }
    EXPECT_THAT(header(answer, kRequestId), MatchesRegex("[0-9a-v]{20}"));
  }
  void make_p() { expect(ask("POST", "/proxies", kP), 201, kP); }
  std::string make_toxic(const std::string& body) {
    const HttpAnswer answer = ask("POST", "/proxies/p/toxics", body);
    EXPECT_EQ(answer.status, 200) << answer.body;
    return answer.body;
  }
  void after(Duration time) {
    clock_.advance(time);
    api_.expire();
  }
  int status_of_p() { return ask("GET", "/proxies/p").status; }

  std::string user_agent_ = "test";
  test::HandClock clock_;
  Proxies proxies_{{.threads = 1, .seed = 1}};
  Api api_{proxies_, clock_, {}};
};

TEST_F(Routes, TellsTheVersionToTheByte) {
  const HttpAnswer answer = ask("GET", "/version");
  EXPECT_EQ(answer.body, "{\"version\": \"2.12.0\"}\n");
  EXPECT_EQ(answer.content_type, "application/json;charset=utf-8");
}

TEST_F(Routes, MakesListsShowsAndDeletesProxies) {
  expect(ask("GET", "/proxies"), 200, "{}");
  make_p();
  expect(ask("GET", "/proxies/p"), 200, kP);
  expect(ask("POST", "/proxies", R"({"name":"B","upstream":"u","enabled":false})"), 201,
         R"({"name":"B","listen":"","upstream":"u","enabled":false,"toxics":[]})");
  EXPECT_THAT(ask("GET", "/proxies").body, testing::StartsWith(R"({"B":{"name":"B")"));
  expect(ask("DELETE", "/proxies/p"), 204, "");
  expect(ask("GET", "/proxies/p"), 404, error(404, "proxy not found"));
  expect(ask("DELETE", "/proxies/p"), 404, error(404, "proxy not found"));
}

TEST_F(Routes, RefusesWhatCannotBeMade) {
  make_p();
  expect(ask("POST", "/proxies", kP), 409, error(409, "proxy already exists"));
  expect(ask("POST", "/proxies"), 400, error(400, "bad request body: EOF"));
  expect(ask("POST", "/proxies", "{"), 400, error(400, "bad request body: unexpected EOF"));
  expect(ask("POST", "/proxies", "{}"), 400, error(400, "missing required field: name"));
  expect(ask("POST", "/proxies", R"({"name":"q","upstream":"u","listen":"local373"})"), 500,
         error(500, "listen tcp: address local373: missing port in address"));
  expect(ask("GET", "/proxies/q"), 404, error(404, "proxy not found"));
}

TEST_F(Routes, MakesAProxyWithItsToxicsOrNotAtAll) {
  const std::string head = R"({"name":"p","upstream":"u","enabled":false,"toxics":[)";
  const std::string wrong = R"({"type":"latency","attributes":{"latency":"x"}})";
  EXPECT_EQ(ask("POST", "/proxies", head + wrong + "]}").status, 400);
  EXPECT_EQ(status_of_p(), 404);
  const HttpAnswer made =
      ask("POST", "/proxies", head + R"({"type":"noop"},{"type":"latency","stream":"upstream"}]})");
  EXPECT_EQ(made.status, 201);
  EXPECT_THAT(made.body, HasSubstr(R"("toxics":[{"attributes":{"latency":0,"jitter":0})"));
  EXPECT_THAT(made.body, HasSubstr(R"({"attributes":{},"name":"noop_downstream")"));
}

TEST_F(Routes, ChangesAProxyByPatchAndByPost) {
  make_p();
  for (const char* method : {"PATCH", "POST"}) {
    expect(ask(method, "/proxies/p", R"({"upstream":"v:3","name":"q","toxics":[{}]})"), 200,
           R"({"name":"p","listen":"127.0.0.1:1","upstream":"v:3","enabled":false,"toxics":[]})");
    expect(ask(method, "/proxies/p", R"({"enabled":1,"upstream":"w"})"), 400,
           error(400, "bad request body: enabled must be true or false"));
    expect(ask(method, "/proxies/q", "x"), 404, error(404, "proxy not found"));
  }
  EXPECT_THAT(ask("GET", "/proxies/p").body, HasSubstr("v:3"));
  expect(ask("PATCH", "/proxies/p", R"({"listen":"bad"})"), 500,
         error(500, "address bad: missing port in address"));
}

TEST_F(Routes, MakesListsShowsChangesAndDeletesToxics) {
  make_p();
  const std::string made = make_toxic(R"({"type":"latency","attributes":{"latency":5}})");
  expect(ask("GET", "/proxies/p/toxics"), 200, "[" + made + "]");
  expect(ask("GET", "/proxies/p/toxics/latency_downstream"), 200, made);
  const std::string changed =
      R"({"attributes":{"latency":5,"jitter":2},"name":"latency_downstream","type":"latency",)"
      R"("stream":"downstream","toxicity":0.5})";
  for (const char* method : {"PATCH", "POST"}) {
    expect(ask(method, "/proxies/p/toxics/latency_downstream",
               R"({"attributes":{"jitter":2},"toxicity":0.5,"name":"x","stream":"upstream"})"),
           200, changed);
  }
  expect(ask("POST", "/proxies/p/toxics/latency_downstream",
             R"({"attributes":{"latency":9,"jitter":"x"}})"),
         400, error(400, "bad request body: attributes.jitter must be a whole number of 64 bits"));
  expect(ask("GET", "/proxies/p/toxics/latency_downstream"), 200, changed);
  expect(ask("DELETE", "/proxies/p/toxics/latency_downstream"), 204, "");
  expect(ask("GET", "/proxies/p/toxics"), 200, "[]");
}

TEST_F(Routes, RefusesToxicsThatThereAreOrAreNot) {
  make_p();
  make_toxic(R"({"type":"noop","name":"t"})");
  const std::string no_proxy = error(404, "proxy not found");
  const std::string no_toxic = error(404, "toxic not found");
  expect(ask("POST", "/proxies/p/toxics", R"({"type":"noop","name":"t","stream":"upstream"})"), 409,
         error(409, "toxic already exists"));
  expect(ask("POST", "/proxies/p/toxics", R"({"type":"x"})"), 400,
         error(400, "invalid toxic type"));
  expect(ask("POST", "/proxies/q/toxics", "x"), 404, no_proxy);
  expect(ask("GET", "/proxies/q/toxics"), 404, no_proxy);
  for (const char* method : {"GET", "PATCH", "POST", "DELETE"}) {
    expect(ask(method, "/proxies/q/toxics/t", "x"), 404, no_proxy);
    expect(ask(method, "/proxies/p/toxics/u", "x"), 404, no_toxic);
  }
}

TEST_F(Routes, PopulatesUntilAnEntryFails) {
  const std::string head = R"([{"name":"a","upstream":"u","enabled":false},)"
                           R"({"name":"b","upstream":"u","listen":"local373"},)";
  const HttpAnswer failed = ask("POST", "/populate", head + R"({"name":"c","upstream":"u"}])");
  EXPECT_EQ(failed.status, 500);
  EXPECT_EQ(failed.content_type, kJson);
  EXPECT_THAT(failed.body, MatchesRegex(".\"error\":\"[^\"]*local373[^\"]*\",\"status\":500,"
                                        "\"proxies\":\\[.\"name\":\"a\"[^{}]*.\\].$"));
  EXPECT_EQ(ask("GET", "/proxies/c").status, 404);

  const HttpAnswer invalid = ask("POST", "/populate", head + "{}]");
  EXPECT_EQ(invalid.status, 400);
  EXPECT_EQ(invalid.body,
            R"({"error":"missing required field: name at proxy 3","status":400,"proxies":null})");
}

TEST_F(Routes, PopulateLeavesAloneWhatStays) {
  make_p();
  make_toxic(R"({"type":"noop"})");
  const HttpAnswer same = ask("POST", "/populate", std::string{"["} + kP + "]");
  EXPECT_EQ(same.status, 201);
  EXPECT_THAT(same.body, HasSubstr("noop_downstream"));
  const HttpAnswer other =
      ask("POST", "/populate",
          R"([{"name":"p","listen":"127.0.0.1:1","upstream":"v","enabled":false}])");
  EXPECT_EQ(other.body,
            R"({"proxies":[{"name":"p","listen":"127.0.0.1:1","upstream":"v","enabled":false,)"
            R"("toxics":[]}]})");
  expect(ask("POST", "/populate", "null"), 201, R"({"proxies":[]})");
  const HttpAnswer nowhere =
      ask("POST", "/populate", R"([{"name":"p","listen":"bad","upstream":"w"}])");
  EXPECT_EQ(nowhere.body,
            R"({"error":"address bad: missing port in address","status":500,"proxies":null})");
  EXPECT_THAT(ask("GET", "/proxies/p").body, HasSubstr(R"("upstream":"v")"));
}

TEST_F(Routes, ResetsNothingWhereThereIsNothing) { expect(ask("POST", "/reset", "x"), 204, ""); }

TEST_F(Routes, AddressesNamesWithOddLetters) {
  ask("POST", "/proxies", R"({"name":"redis:6379","upstream":"u","enabled":false})");
  ask("POST", "/proxies", R"({"name":"a b%/c","upstream":"u","enabled":false})");
  EXPECT_EQ(ask("GET", "/proxies/redis:6379").status, 200);
  EXPECT_EQ(ask("GET", "/proxies/redis%3A6379/toxics?x=1").status, 200);
  EXPECT_EQ(ask("GET", "/proxies/a%20b%25%2Fc").status, 404);
}

TEST_F(Routes, KnowsNoOtherPaths) {
  for (const char* path : {"/", "/proxies/", "/nothing", "/proxies/p/toxics/t/x", "/metrics"}) {
    const HttpAnswer answer = ask("GET", path);
    EXPECT_EQ(answer.status, 404) << path;
    EXPECT_EQ(answer.body, "404 page not found\n");
    EXPECT_EQ(answer.content_type, kText);
    EXPECT_EQ(header(answer, kRequestId), "");
  }
}

TEST_F(Routes, KnowsNoOtherMethods) {
  for (const auto& [method, path] : std::vector<std::pair<std::string, std::string>>{
           {"HEAD", "/version"},
           {"OPTIONS", "/proxies"},
           {"PUT", "/proxies/p"},
           {"GET", "/populate"},
           {"GET", "/reset"},
           {"PATCH", "/proxies/p/toxics"},
       }) {
    const HttpAnswer answer = ask(method, path);
    EXPECT_EQ(answer.status, 405) << method << path;
    EXPECT_EQ(answer.body + answer.content_type, "");
    EXPECT_EQ(header(answer, kRequestId), "");
  }
}

TEST_F(Routes, SendsDoubledSlashesElsewhere) {
  const HttpAnswer answer = ask("GET", "//proxies///a%20b?x=//");
  EXPECT_EQ(answer.status, 301);
  EXPECT_EQ(header(answer, "Location"), "/proxies/a%20b?x=//");
}

TEST_F(Routes, AnswersNoBrowser) {
  user_agent_ = "Mozilla/5.0";
  const HttpAnswer answer = ask("GET", "/version");
  EXPECT_EQ(answer.status, 403);
  EXPECT_EQ(answer.body, "User agent not allowed\n");
  EXPECT_EQ(header(answer, kRequestId).size(), 20U);
  EXPECT_EQ(ask("GET", "/nothing").status, 404);
  EXPECT_EQ(ask("PUT", "/version").status, 405);
  for (const char* client : {"Mozilla", "", "mozilla/5.0"}) {
    user_agent_ = client;
    EXPECT_EQ(ask("GET", "/version").status, 200) << client;
  }
}

TEST_F(Routes, ChecksTheHostUnlessToldOtherwise) {
  HttpRequest request;
  request.method = "GET";
  request.target = "/version";
  request.host = "evil.example";
  EXPECT_EQ(api_.handle(request).status, 403);
  Api open{proxies_, clock_, {.host_check = false}};
  EXPECT_EQ(open.handle(request).status, 200);
}

TEST_F(Routes, GivesEachAnswerAnIdOfItsOwn) {
  EXPECT_NE(header(ask("GET", "/version"), kRequestId), header(ask("GET", "/version"), kRequestId));
}

TEST_F(Routes, ShowsMetricsWhereAskedFor) {
  HttpRequest request;
  request.method = "PUT";
  request.target = "/metrics";
  request.host = "localhost";
  Api process{proxies_, clock_, {.runtime_metrics = true}};
  const HttpAnswer page = process.handle(request);
  EXPECT_EQ(page.content_type, "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_THAT(page.body, HasSubstr("\nprocess_open_fds "));
  Api bytes{proxies_, clock_, {.proxy_metrics = true}};
  EXPECT_THAT(bytes.handle(request).body, HasSubstr("promhttp_metric_handler_errors_total"));
  EXPECT_THAT(bytes.handle(request).body, testing::Not(HasSubstr("process_")));
}

TEST_F(Routes, ListsNoConnectionsWhereThereAreNone) {
  expect(ask("GET", "/blackstart/connections"), 200, "[]");
}

TEST_F(Routes, AProxyWithALeaseVanishesUnlessItIsRenewed) {
  ask("POST", "/proxies", R"({"name":"p","upstream":"u","enabled":false,"ttl_ms":1000})");
  expect(ask("GET", "/blackstart/leases"), 200, R"([{"proxy":"p","ttl_ms":1000,"left_ms":1000}])");
  EXPECT_THAT(ask("GET", "/proxies/p").body, testing::Not(HasSubstr("ttl")));
  after(900ms);
  ask("PATCH", "/proxies/p", R"({"ttl_ms":1000})");
  after(900ms);
  ask("PATCH", "/proxies/p", R"({"upstream":"v"})");
  EXPECT_EQ(status_of_p(), 200);
  EXPECT_EQ(api_.next_expiry(), RunTime{1900ms});
  after(100ms);
  EXPECT_EQ(status_of_p(), 404);
  EXPECT_EQ(api_.next_expiry(), std::nullopt);
}

TEST_F(Routes, AToxicWithALeaseVanishesUnlessItIsRenewed) {
  make_p();
  make_toxic(R"({"type":"noop","name":"t","ttl_ms":1000})");
  make_toxic(R"({"type":"noop","name":"u"})");
  after(900ms);
  ask("POST", "/proxies/p/toxics/t", R"({"ttl_ms":500})");
  after(499ms);
  EXPECT_EQ(ask("GET", "/proxies/p/toxics/t").status, 200);
  after(1ms);
  EXPECT_EQ(ask("GET", "/proxies/p/toxics/t").status, 404);
  EXPECT_EQ(ask("GET", "/proxies/p/toxics/u").status, 200);
}

TEST_F(Routes, ALeaseEndsWithWhatItIsOf) {
  make_p();
  for (const char* gone : {"DELETE /proxies/p/toxics/t", "DELETE /proxies/p", "POST /populate"}) {
    const std::string text = gone;
    ask("POST", "/populate", std::string{"["} + kP + "]");
    make_toxic(R"({"type":"noop","name":"t","ttl_ms":1000})");
    const auto space = text.find(' ');
    ask(text.substr(0, space), text.substr(space + 1),
        R"([{"name":"p","upstream":"other","enabled":false}])");
    EXPECT_EQ(api_.next_expiry(), std::nullopt) << gone;
    ask("DELETE", "/proxies/p");
  }
}

TEST_F(Routes, PopulateRenewsALeaseOfWhatStays) {
  const std::string list =
      R"([{"name":"p","listen":"127.0.0.1:1","upstream":"u","enabled":false,"ttl_ms":1000}])";
  ask("POST", "/populate", list);
  after(900ms);
  ask("POST", "/populate", list);
  after(900ms);
  EXPECT_EQ(status_of_p(), 200);
  ask("PATCH", "/proxies/p", R"({"ttl_ms":0})");
  after(1h);
  EXPECT_EQ(status_of_p(), 200);
}

TEST_F(Routes, AConfigFileIsABodyOfPopulate) {
  EXPECT_EQ(api_.populate(std::string{"["} + kP + "]").done.size(), 1U);
  EXPECT_EQ(status_of_p(), 200);
  EXPECT_THROW(api_.populate("{}"), ApiError);
}

}  // namespace
}  // namespace blackstart::api
