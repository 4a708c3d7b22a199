// covers scenario/aws_ranges
// A partition of the prefixes that AWS publishes, from the file to the packets.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "support/real_run.h"

namespace blackstart::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

constexpr std::uint16_t kPort = 9'000;
constexpr int kPadding = 10'000;

// Many prefixes of a service, none next to another, and one that is really here.
std::string ranges() {
  const auto entry = [](const std::string& key, const std::string& prefix) {
    return "{\"" + key + "\": \"" + prefix + R"(", "region": "us-east-1", "service": "DYNAMODB"})";
  };
  std::string v4 = entry("ip_prefix", "127.0.0.2/32");
  for (int i = 0; i < kPadding; ++i) {
    const std::string net = "10." + std::to_string(i / 250) + '.' + std::to_string(i % 250);
    v4 += ",\n" + entry("ip_prefix", net + ".0/25");
  }
  return R"({"syncToken": "1760932092", "createDate": "2025-10-20-03-48-12", "prefixes": [)" + v4 +
         R"(], "ipv6_prefixes": [)" + entry("ipv6_prefix", "::1/128") + "]}";
}

constexpr const char* kScenario = R"(blackstart: 1
title: A service of AWS is cut off
targets:
  dynamo: {aws: {region: us-east-1, service: DYNAMODB}}
probes:
  v4: {tcp: "127.0.0.2:9000", every: 50ms, timeout: 300ms}
  v6: {tcp: "[::1]:9000", every: 50ms, timeout: 300ms}
  elsewhere: {tcp: "127.0.0.1:9000", every: 50ms, timeout: 300ms, role: control}
watch: {baseline: 300ms, hold: 300ms, limit: 10s}
timeline:
  - {at: 0s, for: 500ms, partition: {target: dynamo, how: reset}}
)";

class AwsOutage : public RealRun {
 protected:
  void SetUp() override {
    RealRun::SetUp();
    if (IsSkipped()) return;
    service_ = UniqueFd{check("socket", ::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0))};
    sockaddr_in6 any{};
    any.sin6_family = AF_INET6;
    any.sin6_port = htons(kPort);
    check("bind", ::bind(service_.get(), reinterpret_cast<const sockaddr*>(&any), sizeof any));
    check("listen", ::listen(service_.get(), 4'096));
    write("ip-ranges.json", ranges());
  }

 private:
  UniqueFd service_;
};

TEST_F(AwsOutage, HitsBothFamiliesOfTheFileAndNothingElse) {
  const Outcome held = play(kScenario, "--ranges ip-ranges.json");
  EXPECT_EQ(held.code, 0) << held.output;
  std::filesystem::remove(path() + "/ip-ranges.json");  // a report needs it no more
  EXPECT_EQ(run("report run").code, 0);
  const Json report = this->report();
  EXPECT_GT(report.at("probes").at("v4").at("failed"), 3);
  EXPECT_GT(report.at("probes").at("v6").at("failed"), 3);
  EXPECT_EQ(report.at("probes").at("elsewhere").at("failed"), 0);
  EXPECT_EQ(tables(), "");

  const std::string journal = text_of(path() + "/run/journal.jsonl");
  EXPECT_THAT(journal, AllOf(HasSubstr("--ranges ip-ranges.json"), HasSubstr("/ip-ranges.json\\\""),
                             Not(HasSubstr("10.1.1.0"))));
  const auto events = this->journal();
  EXPECT_TRUE(std::ranges::any_of(events, [&](const Json& event) {
    return event.at("e") == "note" &&
           event.at("text") == "dynamo: 10002 prefixes of " + path() +
                                   "/ip-ranges.json, syncToken 1760932092, createDate "
                                   "2025-10-20-03-48-12";
  })) << journal.substr(0, 2'000);
}

TEST_F(AwsOutage, IsPlayedAgainWithTheFileAsItWas) {
  const Outcome twice = play(kScenario, "--ranges ip-ranges.json --repeat 2");
  EXPECT_EQ(twice.code, 0) << twice.output;
}

TEST_F(AwsOutage, PlanShowsWhichFileAndAFewOfItsPrefixes) {
  write("outage.yaml", kScenario);
  const Outcome plan = run("plan outage.yaml --ranges ip-ranges.json");
  EXPECT_EQ(plan.code, 0) << plan.output;
  EXPECT_THAT(plan.output,
              AllOf(HasSubstr("10.0.0.0/25, 10.0.1.0/25"), HasSubstr("# and 9981 more"),
                    HasSubstr("10002 prefixes of " + path() + "/ip-ranges.json, syncToken 17")));
  EXPECT_LT(std::ranges::count(plan.output, '\n'), 150);
}

TEST_F(AwsOutage, WithoutAFileItSaysWhereToGetOneAndRunsNothing) {
  const Outcome refused = play(kScenario);
  EXPECT_EQ(refused.code, 2) << refused.output;
  EXPECT_THAT(refused.output, HasSubstr("https://ip-ranges.amazonaws.com/ip-ranges.json"));
  EXPECT_EQ(run("validate outage.yaml").code, 2);
  EXPECT_EQ(run("validate outage.yaml --ranges ip-ranges.json").code, 0);
  EXPECT_EQ(run("plan us-east-1-dns --ranges ip-ranges.json").code, 2);
}

}  // namespace
}  // namespace blackstart::test
