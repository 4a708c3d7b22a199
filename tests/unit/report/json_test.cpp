#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "report/writers.h"
#include "support/reports.h"
#include "support/shown_text.h"

namespace blackstart {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;

json parsed(const RunReport& report) { return json::parse(json_report(report)); }

json wallets() { return parsed(test::wallet_report()); }

// A key that other tools may rely on, and what may stand there.
struct Spine {
  const char* pointer;
  bool (*fits)(const json&);
};

bool is_text(const json& value) { return value.is_string(); }
bool is_number(const json& value) { return value.is_number(); }
bool is_count(const json& value) { return value.is_number_unsigned(); }
bool is_flag(const json& value) { return value.is_boolean(); }
bool is_list(const json& value) { return value.is_array(); }
bool is_number_or_null(const json& value) { return value.is_number() || value.is_null(); }

constexpr Spine kRun[] = {
    {"/blackstart", is_count},
    {"/scenario", is_text},
    {"/seed", is_count},
    {"/speed", is_number},
    {"/engine", is_text},
    {"/verdict", is_text},
    {"/exit_code", is_count},
    {"/interrupted", is_flag},
    {"/fault_window/first_on_s", is_number_or_null},
    {"/fault_window/last_lift_s", is_number_or_null},
    {"/faults", is_list},
};

constexpr Spine kProbe[] = {
    {"/verdict", is_text},
    {"/role", is_text},
    {"/baseline/ok_share", is_number_or_null},
    {"/baseline/p50_ms", is_number_or_null},
    {"/baseline/p95_ms", is_number_or_null},
    {"/baseline/p99_ms", is_number_or_null},
    {"/first_impact_s", is_number_or_null},
    {"/mitigated_s", is_number_or_null},
    {"/first_good_s", is_number_or_null},
    {"/recovered_s", is_number_or_null},
    {"/back_to_speed_s", is_number_or_null},
    {"/relapses", is_count},
    {"/downtime_s", is_number},
    {"/failed", is_count},
    {"/wrong", is_count},
    {"/amplification", is_number_or_null},
    {"/uncertainty_s", is_number},
    {"/objectives", is_list},
};

constexpr Spine kFault[] = {
    {"/name", is_text},
    {"/kind", is_text},
    {"/target", is_text},
    {"/engine", is_text},
    {"/on_s", is_number_or_null},
    {"/lift_s", is_number_or_null},
    {"/edge_ms", is_number},
    {"/proven", is_flag},
    {"/matched/packets", is_count},
    {"/matched/bytes", is_count},
    {"/matched/questions", is_count},
    {"/matched/connections", is_count},
};

template <std::size_t N>
void expect_spine(const json& value, const Spine (&spine)[N]) {
  for (const Spine& key : spine) {
    const json::json_pointer pointer{key.pointer};
    ASSERT_TRUE(value.contains(pointer)) << key.pointer;
    EXPECT_TRUE(key.fits(value.at(pointer))) << key.pointer << " is " << value.at(pointer);
  }
}

void expect_whole_spine(const json& report) {
  expect_spine(report, kRun);
  for (const json& probe : report.at("probes")) expect_spine(probe, kProbe);
  for (const json& fault : report.at("faults")) expect_spine(fault, kFault);
}

TEST(JsonReport, HasEveryKeyOfItsSpineWhateverBecameOfTheRun) {
  expect_whole_spine(wallets());
  expect_whole_spine(parsed(test::wallet_report_until(RunTime{30s})));
  expect_whole_spine(parsed(Analysis{test::wallet_scenario()}.report()));
  expect_whole_spine(parsed(Analysis{test::scenario_of({})}.report()));
}

TEST(JsonReport, TellsTheRun) {
  const json report = wallets();
  EXPECT_EQ(report["blackstart"], 1);
  EXPECT_EQ(report["scenario"], "demo");
  EXPECT_EQ(report["seed"], 42);
  EXPECT_EQ(report["speed"], 240.0);
  EXPECT_EQ(report["verdict"], "missed");
  EXPECT_EQ(report["exit_code"], 5);
  EXPECT_EQ(report["interrupted"], false);
  EXPECT_EQ(report["fault_window"], (json{{"first_on_s", 8.0}, {"last_lift_s", 51.0}}));
}

TEST(JsonReport, TellsAProbeInSecondsAsNumbers) {
  const json probe = wallets()["probes"]["naive wallet"];
  EXPECT_EQ(probe["verdict"], "lied");
  EXPECT_EQ(probe["role"], "judged");
  EXPECT_EQ(probe["first_impact_s"], 0.2);
  EXPECT_EQ(probe["recovered_s"], 20.8);
  EXPECT_EQ(probe["wrong"], 308);
  EXPECT_EQ(probe["failed"], 10);
  EXPECT_NEAR(probe["amplification"].get<double>(), 63.8 / 43.0, 1e-6);
  EXPECT_EQ(probe["wrong_evidence"], test::kWalletEvidence);
  EXPECT_EQ(probe["objectives"][0],
            (json{{"name", "recover_within"}, {"limit", 10.0}, {"value", 20.8}, {"met", false}}));
}

TEST(JsonReport, TellsTheRoleOfEachProbe) {
  RunReport report = test::wallet_report();
  report.probes[1].judged = false;
  const json probes = parsed(report)["probes"];
  EXPECT_EQ(probes["naive wallet"]["role"], "judged");
  EXPECT_EQ(probes["multi-home wallet"]["role"], "reported");
  EXPECT_EQ(probes["ledger"]["role"], "control");
}

TEST(JsonReport, HasNullForWhatNeverHappened) {
  const json report = wallets();
  EXPECT_TRUE(report["probes"]["naive wallet"]["mitigated_s"].is_null());
  EXPECT_TRUE(report["probes"]["multi-home wallet"]["first_impact_s"].is_null());
  EXPECT_TRUE(report["probes"]["multi-home wallet"]["amplification"].is_null());
  EXPECT_TRUE(report["probes"]["multi-home wallet"]["wrong_evidence"].is_null());
  const json none = parsed(Analysis{test::wallet_scenario()}.report());
  EXPECT_TRUE(none["fault_window"]["first_on_s"].is_null());
  EXPECT_TRUE(none["probes"]["ledger"]["baseline"]["p95_ms"].is_null());
  EXPECT_TRUE(none["faults"][0]["on_s"].is_null());
}

TEST(JsonReport, SaysThatARunWithoutAnEndWasInterrupted) {
  const json report = parsed(test::wallet_report_until(RunTime{30s}));
  EXPECT_EQ(report["interrupted"], true);
  EXPECT_EQ(report["verdict"], "stopped");
  EXPECT_EQ(report["exit_code"], 130);
  EXPECT_TRUE(report["faults"][0]["lift_s"].is_null());
}

TEST(JsonReport, TellsWhatEachFaultHit) {
  const json fault = wallets()["faults"][0];
  EXPECT_EQ(fault["name"], "the database has no address");
  EXPECT_EQ(fault["engine"], "resolver");
  EXPECT_EQ(fault["target"], "dynamodb");
  EXPECT_EQ(fault["on_s"], 8.0);
  EXPECT_EQ(fault["lift_s"], 47.25);
  EXPECT_EQ(fault["edge_ms"], 0.8);
  EXPECT_EQ(fault["proven"], true);
  EXPECT_EQ(fault["matched"]["questions"], 311);
  EXPECT_EQ(fault["matched"]["answers"], (json{{"nodata", 311}}));
}

TEST(JsonReport, IsAsciiWhateverAServiceSaid) {
  const std::string text = json_report(test::wallet_report(test::kHostile));
  EXPECT_TRUE(test::is_ascii(text));
  EXPECT_FALSE(test::has_control(text));
  const json probe = json::parse(text)["probes"]["naive wallet"];
  EXPECT_TRUE(probe["wrong_evidence"].get<std::string>().starts_with("\x1b[2J")) << probe;
}

}  // namespace
}  // namespace blackstart
