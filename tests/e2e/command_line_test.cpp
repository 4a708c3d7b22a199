// covers cli/main, cli/commands, cli/loading, cli/list, cli/show, cli/validate, cli/preview
// covers cli/doctor, cli/demo, cli/live, cli/toxi
// What a user types, rightly and wrongly, and what the binary answers. Nothing is injected here.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "support/real_run.h"

namespace blackstart::test {
namespace {

using testing::HasSubstr;
using testing::Not;

class CommandLine : public RealRun {
 protected:
  std::vector<std::string> library_names() const {
    std::vector<std::string> names;
    const std::filesystem::path library = BLACKSTART_SOURCE_DIR "/scenarios";
    for (const auto& file : std::filesystem::recursive_directory_iterator{library}) {
      if (file.path().extension() == ".yaml") names.push_back(file.path().stem());
    }
    return names;
  }

  // A refusal makes no folder, and so no journal.
  void expect_nothing_ran() const { EXPECT_FALSE(std::filesystem::exists(path() + "/run")); }
};

TEST_F(CommandLine, WithoutAVerbShowsTheOverviewAndIsTwo) {
  const Outcome bare = run("");
  EXPECT_EQ(bare.code, 2);
  EXPECT_EQ(run("--help").code, 0);
  EXPECT_EQ(run("--help").output, bare.output);
}

TEST_F(CommandLine, EveryVerbHasHelpWithAnExample) {
  for (const char* verb : {"demo", "run", "plan", "validate", "list", "show", "report", "compare",
                           "doctor", "status", "heal", "schema", "serve", "toxi"}) {
    const Outcome help = run(std::string{verb} + " --help");
    EXPECT_EQ(help.code, 0) << verb;
    EXPECT_THAT(help.output, HasSubstr("example:\n  ")) << verb;
  }
}

TEST_F(CommandLine, AnUnknownVerbOrOptionIsTwoAndSaysWhereToLook) {
  const Outcome verb = run("rnu us-east-1-dns");
  EXPECT_EQ(verb.code, 2) << verb.output;
  EXPECT_THAT(verb.output, HasSubstr("try: blackstart --help"));
  const Outcome option = run("run us-east-1-dns --sped 60");
  EXPECT_EQ(option.code, 2) << option.output;
  EXPECT_THAT(option.output, HasSubstr("--sped"));
  EXPECT_THAT(option.output, HasSubstr("try: blackstart run --help"));
  EXPECT_EQ(run("run").code, 2);
}

TEST_F(CommandLine, AnOptionWithANonsensicalValueIsTwoAndRunsNothing) {
  write("outage.yaml", ledger_scenario(kShortCut));
  for (const char* option : {"--upstream nonsense", "--where moon", "--set =1", "--speed fast"}) {
    const Outcome refused = run(std::string{"run outage.yaml --out run "} + option);
    EXPECT_EQ(refused.code, 2) << option << refused.output;
  }
  expect_nothing_ran();
}

TEST_F(CommandLine, AnUnknownScenarioIsTwoAndNamesTheNearest) {
  for (const char* verb : {"run", "plan", "show"}) {
    const Outcome unknown = run(std::string{verb} + " us-east-1-dsn");
    EXPECT_EQ(unknown.code, 2) << unknown.output;
    EXPECT_THAT(unknown.output, HasSubstr("did you mean 'us-east-1-dns'?"));
  }
}

TEST_F(CommandLine, ABadFileIsTwoWithEveryMistakeAtItsPlace) {
  const Outcome bad = play(ledger_scenario(
      "  - {at: 0s, for: 5, partition: {target: ledger, how: vanish}}\n", "objectivs: {}\n"));
  EXPECT_EQ(bad.code, 2) << bad.output;
  EXPECT_THAT(bad.output, HasSubstr("outage.yaml:10:19: "));
  EXPECT_THAT(bad.output, HasSubstr("outage.yaml:10:55: "));
  EXPECT_THAT(bad.output, HasSubstr("outage.yaml:11:1: "));
  EXPECT_THAT(bad.output, HasSubstr("objectives"));
  EXPECT_THAT(bad.output, HasSubstr("nothing was injected"));
  EXPECT_EQ(run("validate outage.yaml").code, 2);
  expect_nothing_ran();
}

TEST_F(CommandLine, AMebibyteOfBracketsIsRefusedQuickly) {
  write("outage.yaml", std::string(1 << 20, '['));
  const Outcome deep = in_folder("ulimit -t 10; " + blackstart("run outage.yaml --out run 2>&1"));
  EXPECT_EQ(deep.code, 2) << deep.output.substr(0, 1000);
  EXPECT_LT(deep.output.size(), 2000U);
  expect_nothing_ran();
}

TEST_F(CommandLine, AFileThatIsNotThereOrAFolderIsTwo) {
  const Outcome missing = run("run ./nowhere.yaml");
  EXPECT_EQ(missing.code, 2);
  EXPECT_THAT(missing.output, HasSubstr("./nowhere.yaml"));
  EXPECT_EQ(run("validate .").code, 2);
  EXPECT_EQ(run("report nowhere").code, 2);
}

TEST_F(CommandLine, EveryScenarioOfTheLibraryIsListedShownValidAndPlanned) {
  const std::string list = run("list").output;
  ASSERT_GE(library_names().size(), 3U);
  for (const std::string& name : library_names()) {
    EXPECT_THAT(list, HasSubstr(name));
    const Outcome shown = run("show " + name);
    EXPECT_EQ(shown.code, 0);
    EXPECT_THAT(shown.output, HasSubstr("blackstart: 1"));
    const std::string set = name == "one-zone-down" ? " --set zone=192.0.2.0/24" : "";
    EXPECT_EQ(run("validate " + name + set).code, 0) << name;
    const Outcome plan = run("plan " + name + set);
    EXPECT_EQ(plan.code, 0) << plan.output;
    EXPECT_THAT(plan.output, HasSubstr("blackstart {\n\tflags owner"));
    EXPECT_THAT(plan.output, HasSubstr("Nothing was changed."));
  }
  EXPECT_EQ(tables(), "");
}

TEST_F(CommandLine, TheRulesetThatPlanPrintsIsOneThatNftTakes) {
  write("outage.yaml", ledger_scenario(kShortCut));
  const std::string plan = run("plan outage.yaml").output;
  const auto from = plan.find("table "), to = plan.find("\nBlast radius");
  ASSERT_LT(from, to) << plan;
  write("planned.nft", plan.substr(from, to - from));
  in_folder("for n in 0 1 2 3 4 5 6 7; do ip link add bs$n type ifb; done 2>&1");
  const Outcome nft = in_folder("nft --check --file planned.nft 2>&1");
  EXPECT_EQ(nft.code, 0) << nft.output << plan;
}

TEST_F(CommandLine, TheSchemaIsJson) {
  const Outcome schema = run("schema");
  EXPECT_EQ(schema.code, 0);
  const Json json = Json::parse(schema.output, nullptr, false);
  ASSERT_FALSE(json.is_discarded());
  EXPECT_TRUE(json.at("properties").contains("timeline"));
  EXPECT_FALSE(json.at("additionalProperties"));
}

TEST_F(CommandLine, DoctorSaysWhatThisMachineCanDo) {
  const Outcome doctor = run("doctor");
  EXPECT_EQ(doctor.code, 0) << doctor.output;
  EXPECT_THAT(doctor.output, HasSubstr("sandbox"));
}

TEST_F(CommandLine, APipeGetsPlainText) {
  const Outcome list = run("list");
  EXPECT_THAT(list.output, Not(HasSubstr("\x1b[")));
  const auto ledger = start_ledger();
  write("outage.yaml", ledger_scenario(kShortCut));
  EXPECT_THAT(run("run outage.yaml --out run").output, Not(HasSubstr("\x1b[")));
}

TEST_F(CommandLine, AProbeOnTheLineIsACompleteExperiment) {
  const auto ledger = start_ledger();
  write("outage.yaml",
        "blackstart: 1\ntitle: The ledger is cut off\n"
        "targets: {ledger: {cidr: [127.0.0.1/32], port: [8545]}}\n"
        "watch: {baseline: 1s, hold: 1s, limit: 10s}\n"
        "timeline: [{at: 0s, for: 2m, partition: {target: ledger, how: reset}}]\n");
  const Outcome held = run(
      "run outage.yaml --plain --speed 120 --out run --probe http://127.0.0.1:8545/balance/alice");
  EXPECT_EQ(held.code, 0) << held.output;
  EXPECT_EQ(report().at("speed"), 120);
  EXPECT_EQ(report().at("probes").at("probe").at("verdict"), "recovered");
}

TEST_F(CommandLine, ToxiSaysWhatItAttemptedAndWhy) {
  const std::string nobody = "toxi -host 127.0.0.1:1 ";
  const Outcome list = run(nobody + "list");  // a verb of ours, too
  EXPECT_EQ(list.code, 1);
  EXPECT_THAT(list.output, HasSubstr("failed to retrieve proxies: GET http://127.0.0.1:1/proxies"));
  EXPECT_EQ(run("toxi list -x").code, 2);
  EXPECT_EQ(run("toxi inspect").code, 2);
  EXPECT_EQ(run("toxi nonsense").code, 2);
  EXPECT_EQ(run("toxi create -l 127.0.0.1:0 no-upstream").code, 2);
  EXPECT_EQ(run("toxi toxic add -t latency -a latency redis").code, 2);
  EXPECT_EQ(run("toxi toxic add -t latency -toxicity much redis").code, 2);
  EXPECT_EQ(run("toxi --version").output, "toxiproxy-cli version 2.12.0\n");
}

// The whole demo, for an audience in a hurry.
class Demo : public RealRun {};

TEST_F(Demo, TheNaiveWalletLiesAndTheOthersDoNot) {
  const Outcome demo = run("demo --plain --speed 1200 --out run");
  EXPECT_EQ(demo.code, 0) << demo.output;
  const Json probes = report().at("probes");
  EXPECT_EQ(probes.at("naive wallet").at("verdict"), "lied");
  EXPECT_THAT(probes.at("multi-home wallet").at("verdict").get<std::string>(),
              testing::AnyOf("absorbed", "recovered"));
  EXPECT_EQ(probes.at("ledger").at("verdict"), "absorbed");
  EXPECT_EQ(probes.at("ledger").at("failed"), 0);
}

}  // namespace
}  // namespace blackstart::test
