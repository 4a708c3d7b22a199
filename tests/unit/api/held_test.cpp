// covers api/calls, api/answers
// Toxics that a client holds: /blackstart/held.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/api.h"
#include "support/api_request.h"
#include "support/hand_clock.h"

namespace blackstart::api {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr auto kLatency =
    R"({"proxy":"p","type":"latency","name":"slow","attributes":{"latency":5}})";
constexpr auto kNoop = R"({"proxy":"p","type":"noop","name":"n"})";

std::string hold_of(const std::string& toxics) {
  return R"({"ttl_ms":3000,"toxics":[)" + toxics + "]}";
}

class Held : public testing::Test {
 protected:
  Held() {
    ask(1, "POST", "/proxies", R"({"name":"p","listen":":0","upstream":"u:2","enabled":false})");
  }

  HttpAnswer ask(std::uint64_t client, const std::string& method, const std::string& target,
                 const std::string& body = "") {
    HttpRequest request = test::api_request(method, target, body);
    request.client = client;
    return api_.handle(request);
  }
  HttpAnswer hold(std::uint64_t client, const std::string& toxics) {
    return ask(client, "PUT", "/blackstart/held", hold_of(toxics));
  }
  std::string toxics() { return ask(9, "GET", "/proxies/p/toxics").body; }
  void after(Duration time) {
    clock_.advance(time);
    api_.expire();
  }

  test::HandClock clock_;
  Proxies proxies_{{.threads = 1, .seed = 1}};
  Api api_{proxies_, clock_, {}};
};

TEST_F(Held, ExactlyWhatIsAskedForLast) {
  EXPECT_EQ(hold(1, kLatency).body, R"({"toxics":[{"proxy":"p","toxic":"slow"}],)"
                                    R"("proxies":{"p":{"accepted":0,"open":0,"received":0}}})");
  EXPECT_THAT(toxics(), HasSubstr(R"("latency":5)"));
  hold(1, std::string{kLatency} + "," + kNoop);
  EXPECT_THAT(toxics(), HasSubstr(R"("name":"n")"));
  hold(1, kNoop);
  EXPECT_THAT(toxics(), Not(HasSubstr("slow")));
  hold(1, "");
  EXPECT_EQ(toxics(), "[]");
}

TEST_F(Held, GoesWithItsClientAlone) {
  hold(1, kLatency);
  hold(2, kNoop);
  ask(3, "POST", "/proxies/p/toxics", R"({"type":"noop","name":"mine"})");
  api_.let_go(1);
  EXPECT_THAT(toxics(), Not(HasSubstr("slow")));
  EXPECT_THAT(toxics(), HasSubstr(R"("name":"n")"));
  api_.let_go(2);
  EXPECT_THAT(toxics(), HasSubstr("mine"));
  EXPECT_THAT(ask(2, "GET", "/blackstart/held").body, HasSubstr(R"("toxics":[])"));
}

TEST_F(Held, EndsWhereItsClientFallsSilent) {
  hold(1, kLatency);
  EXPECT_THAT(ask(2, "GET", "/blackstart/leases").body,
              HasSubstr(R"("toxic":"slow","ttl_ms":3000,"left_ms":3000,"held":true)"));
  after(2s);
  EXPECT_THAT(ask(1, "PATCH", "/blackstart/held").body, HasSubstr("slow"));
  after(2s);
  EXPECT_THAT(toxics(), HasSubstr("slow"));
  ask(1, "GET", "/blackstart/held");  // asks, and renews nothing
  after(1s);
  EXPECT_EQ(toxics(), "[]");
  EXPECT_THAT(ask(1, "PATCH", "/blackstart/held").body, HasSubstr(R"("toxics":[])"));
}

TEST_F(Held, TellsItsClientWhatOthersTookAway) {
  hold(1, std::string{kLatency} + "," + kNoop);
  ask(2, "DELETE", "/proxies/p/toxics/n");
  EXPECT_THAT(ask(1, "PATCH", "/blackstart/held").body, Not(HasSubstr(R"("toxic":"n")")));
  ask(2, "POST", "/reset");
  EXPECT_THAT(ask(1, "PATCH", "/blackstart/held").body, HasSubstr(R"("toxics":[])"));
}

TEST_F(Held, IsAllOrNothing) {
  hold(1, kLatency);
  const std::string unknown = R"({"proxy":"q","type":"noop"})";
  const HttpAnswer refused = hold(1, std::string{kNoop} + "," + unknown);
  EXPECT_EQ(refused.status, 404);
  EXPECT_THAT(refused.body, HasSubstr("q: proxy not found"));
  EXPECT_THAT(toxics(), HasSubstr("slow"));
  EXPECT_THAT(toxics(), Not(HasSubstr(R"("name":"n")")));
  EXPECT_EQ(hold(2, kLatency).status, 409);
  EXPECT_THAT(ask(1, "PATCH", "/blackstart/held").body, HasSubstr("slow"));
}

TEST_F(Held, IsNeverForGood) {
  for (const char* body :
       {"{}", R"({"ttl_ms":0})", R"({"ttl_ms":-1})", R"({"ttl_ms":null})", "[]"}) {
    EXPECT_EQ(ask(1, "PUT", "/blackstart/held", body).status, 400) << body;
  }
}

}  // namespace
}  // namespace blackstart::api
