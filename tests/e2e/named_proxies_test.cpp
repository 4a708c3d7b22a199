// covers fault/named_proxies, run/heal, api/holder, api/http_client, cli/inject, cli/preview
// Toxics on the proxies of a server that is somebody else's, played by the real binary.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include "support/real_run.h"

namespace blackstart::test {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr auto kSlow = "{type: latency, latency: 200}";

// A ledger with a proxy before it, 127.0.0.1:8546, of an API at 127.0.0.1:8474.
class NamedProxiesPlayed : public RealRun {
 protected:
  void SetUp() override {
    RealRun::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    ledger_ = start_ledger();
    serve();
  }

  void serve() {
    write("proxies.json",
          R"([{"name": "ledger", "listen": "127.0.0.1:8546", "upstream": "127.0.0.1:8545"}])");
    server_ = start("served", blackstart("serve -config proxies.json"));
    EXPECT_TRUE(comes_true(10s, [] { return answers(8'474); })) << text_of(path() + "/served.txt");
  }
  Process& server() { return *server_; }

  static std::string scenario(const std::string& timeline, const std::string& more = {}) {
    return "blackstart: 1\n"
           "title: The ledger is slow\n"
           "targets:\n"
           "  ledger: {proxy: ledger}\n"
           "  all: {any: true}\n"
           "probes:\n"
           "  balance: {http: 'http://127.0.0.1:8546/balance/alice', every: 50ms, timeout: 300ms}\n"
           "watch: {baseline: 300ms, hold: 300ms, limit: 10s}\n"
           "timeline:\n" +
           timeline + more;
  }
  static std::string entry(const std::string& lasts, const std::string& toxics) {
    return "  - {at: 0s, for: " + lasts + ", proxy: {target: ledger, toxics: [" + toxics + "]}}\n";
  }

  std::string toxics() const {
    return in_folder("curl -s http://127.0.0.1:8474/proxies/ledger/toxics").output;
  }
  bool are_gone(std::chrono::milliseconds within) const {
    return comes_true(within, [&] { return toxics() == "[]"; });
  }

 private:
  std::unique_ptr<Process> ledger_, server_;
};

TEST_F(NamedProxiesPlayed, SlowsEveryConnectionAndIsProvenWithoutAnyRule) {
  in_folder("curl -s http://127.0.0.1:8474/proxies/ledger/toxics -d '{\"type\": \"noop\"}'");
  const Outcome held =
      play(scenario(entry("1500ms", kSlow),
                    "  - {at: 500ms, for: 500ms, proxy: "
                    "{target: ledger, toxics: [{type: limit_data, bytes: 1}]}}\n"));
  EXPECT_EQ(held.code, 0) << held.output;
  const Json faults = report().at("faults");
  for (const Json& fault : faults) {
    EXPECT_EQ(fault.at("engine"), "proxy");
    EXPECT_EQ(fault.at("proven"), true);
    EXPECT_GT(fault.at("matched").at("connections"), 2);
    EXPECT_GT(fault.at("matched").at("bytes"), 100);
  }
  EXPECT_GT(faults.at(0).at("matched").at("connections"),
            faults.at(1).at("matched").at("connections"));
  EXPECT_GT(report().at("probes").at("balance").at("failed"), 2);
  EXPECT_THAT(toxics(), HasSubstr("noop"));
  EXPECT_THAT(toxics(), Not(HasSubstr("blackstart")));
  EXPECT_EQ(tables(), "");
}

TEST_F(NamedProxiesPlayed, ItsToxicsGoWithARunThatIsKilled) {
  const auto run = start_run(scenario(entry("60s", kSlow)));
  EXPECT_THAT(toxics(), HasSubstr("blackstart_0_latency_downstream"));
  ::kill(run->pid(), SIGKILL);
  end_of(*run);
  EXPECT_TRUE(are_gone(2s)) << toxics();
}

TEST_F(NamedProxiesPlayed, ItsToxicsGoWithARunThatHangs) {
  const auto run = start_run(scenario(entry("60s", kSlow)));
  ::kill(run->pid(), SIGSTOP);
  EXPECT_TRUE(are_gone(10s)) << toxics();
  ::kill(run->pid(), SIGCONT);
  EXPECT_EQ(end_of(*run), 1);
  EXPECT_THAT(printed(), HasSubstr("toxics of this run are gone"));
}

TEST_F(NamedProxiesPlayed, StopsWhereSomebodyTakesItsToxicsAway) {
  const auto run = start_run(
      scenario(entry("60s", kSlow),
               "  - {at: 1s, for: 1s, proxy: {target: ledger, toxics: [{type: noop}]}}\n"));
  in_folder("curl -s -X POST http://127.0.0.1:8474/reset");
  EXPECT_EQ(end_of(*run), 1) << printed();
  EXPECT_THAT(printed(), HasSubstr("somebody took them away"));
  EXPECT_EQ(toxics(), "[]");
}

// `heal` and `status` look at every process that they can see: here these are the test's own.
TEST_F(NamedProxiesPlayed, StatusShowsTheRunAndHealEndsIt) {
  write("outage.yaml", scenario(entry("60s", kSlow)));
  write("script", "mount -t tmpfs none /run\n" +
                      blackstart("run outage.yaml --plain --out run >printed.txt 2>&1 &\n") +
                      "first=$!\n"
                      "until grep -q '\"e\":\"on\"' run/journal.jsonl; do sleep 0.1; done\n" +
                      blackstart("status\n") + blackstart("heal\n") +
                      "wait $first; echo the first, $first, ended with $?\n" +
                      blackstart("status\n"));
  const Outcome all = in_folder("timeout 40 unshare -pmf --mount-proc sh script 2>&1");
  EXPECT_THAT(all.output, HasSubstr("toxics on proxies of an API"));
  EXPECT_THAT(all.output, HasSubstr("ended with 143"));
  EXPECT_THAT(all.output, HasSubstr("ended the run of pid "));
  EXPECT_THAT(all.output, HasSubstr("Nothing of Blackstart's is in force"));
  EXPECT_EQ(toxics(), "[]");
}

TEST_F(NamedProxiesPlayed, StopsWhereTheServerIsGone) {
  const auto run = start_run(scenario(entry("60s", kSlow)));
  ::kill(server().pid(), SIGKILL);
  EXPECT_EQ(end_of(*run), 1) << printed();
  EXPECT_THAT(printed(), HasSubstr("no API of proxies answers"));
}

TEST_F(NamedProxiesPlayed, ReachesTheApiThroughItsOwnFaults) {
  const Outcome held =
      play(scenario(entry("3s", kSlow), "  - {at: 500ms, for: 2s, partition: {target: all}}\n"),
           "--i-am-local");
  EXPECT_EQ(held.code, 0) << held.output;
  const Json report = this->report();
  for (const Json& fault : report.at("faults")) EXPECT_EQ(fault.at("proven"), true) << fault;
}

TEST_F(NamedProxiesPlayed, WaitsForTheStackThatBringsTheApi) {
  ::kill(server().pid(), SIGTERM);
  end_of(server());
  const std::string stack = "stack: {start: [" BLACKSTART_BIN_DIR "/blackstart, serve, -config, " +
                            path() +
                            "/proxies.json], ready: {tcp: '127.0.0.1:8474'}, ready_within: 10s}\n";
  const Outcome held = play(scenario(entry("500ms", kSlow)) + stack);
  EXPECT_EQ(held.code, 0) << held.output;
  EXPECT_EQ(report().at("faults").at(0).at("proven"), true);
}

TEST_F(NamedProxiesPlayed, RefusesWhatIsNotThereAndChangesNothing) {
  write("outage.yaml", scenario(entry("1s", kSlow)));
  const Outcome plan = run("plan outage.yaml");
  EXPECT_EQ(plan.code, 0);
  EXPECT_THAT(plan.output, HasSubstr("ledger: the proxy ledger of 127.0.0.1:8474: 0 connections"));
  in_folder("curl -s -X DELETE http://127.0.0.1:8474/proxies/ledger");
  const Outcome unknown = run("run outage.yaml --plain --out unknown");
  EXPECT_EQ(unknown.code, 3);
  EXPECT_THAT(unknown.output,
              HasSubstr("there is no proxy 'ledger' at 127.0.0.1:8474; it has none"));
  EXPECT_THAT(run("plan outage.yaml").output, HasSubstr("no such proxy is there now"));
  ::kill(server().pid(), SIGTERM);
  end_of(server());
  const Outcome nobody = run("run outage.yaml --plain --out nobody");
  EXPECT_EQ(nobody.code, 3);
  EXPECT_THAT(nobody.output, HasSubstr("try: blackstart serve"));
}

TEST_F(NamedProxiesPlayed, FitsALine) {
  const Outcome held =
      run("inject proxy --proxy ledger --toxic latency:latency=150,jitter=5 --toxic noop --probe "
          "http://127.0.0.1:8546/balance/alice --for 1s --plain --out run");
  EXPECT_EQ(held.code, 0) << held.output;
  EXPECT_THAT(held.output, HasSubstr("latency downstream latency 150 jitter 5; noop downstream"));
  EXPECT_THAT(journal().front().at("command").get<std::string>(),
              HasSubstr("--proxy ledger --toxic latency:latency=150,jitter=5 --toxic noop "));
  EXPECT_EQ(report().at("faults").at(0).at("proven"), true);
  for (const char* wrong : {"latency:latency", "latency:=5", "latency:latency=5,,"}) {
    const Outcome refused = run(std::string{"inject proxy --proxy ledger --toxic "} + wrong);
    EXPECT_EQ(refused.code, 2) << wrong;
    EXPECT_THAT(refused.output, HasSubstr("TYPE:KEY=VALUE"));
  }
}

}  // namespace
}  // namespace blackstart::test
