// The library with the kinds that the program has.

#include <gtest/gtest.h>

#include "fault/registry.h"
#include "probe/registry.h"
#include "scenario/library.h"
#include "scenario/loader.h"

namespace blackstart {
namespace {

TEST(RealKinds, LoadEveryScenarioOfTheLibraryAndWhatItResolvesTo) {
  const Kinds kinds{fault_kinds(), probe_kinds()};
  for (const LibraryScenario& one : library_scenarios()) {
    LoadOptions options;
    options.library = library_source;
    if (one.text.find("${zone}") != std::string_view::npos) options.sets["zone"] = "10.0.3.0/24";
    const Loaded loaded = load(*library_source(one.name), kinds, options);
    ASSERT_TRUE(loaded.scenario) << one.name << ": "
                                 << render(loaded.diagnostics.at(0), loaded.sources);
    EXPECT_EQ(loaded.scenario->name, one.name);
    // A scenario of the library leaves the probes to the team that runs it; the demo is a run.
    EXPECT_EQ(loaded.scenario->probes.empty(), one.name != "demo") << one.name;

    const Loaded again = load({"again.json", loaded.scenario->resolved}, kinds, {});
    ASSERT_TRUE(again.scenario) << one.name;
    EXPECT_EQ(again.scenario->resolved, loaded.scenario->resolved);
    ASSERT_EQ(again.scenario->timeline.size(), loaded.scenario->timeline.size());
    for (std::size_t i = 0; i < again.scenario->timeline.size(); ++i) {
      const Entry& a = loaded.scenario->timeline[i];
      const Entry& b = again.scenario->timeline[i];
      EXPECT_EQ(a.name, b.name);
      EXPECT_EQ(a.at, b.at);
      EXPECT_EQ(a.lasts, b.lasts);
      EXPECT_EQ(a.note, b.note);
      EXPECT_EQ(a.fault ? a.fault->in_words() : "", b.fault ? b.fault->in_words() : "");
    }
  }
}

TEST(RealKinds, ReplayTheNightOfTheEmptyName) {
  const Kinds kinds{fault_kinds(), probe_kinds()};
  LoadOptions options;
  options.sets["endpoint"] = "DB.internal.example.";
  const Loaded loaded = load(*library_source("us-east-1-dns"), kinds, options);
  ASSERT_TRUE(loaded.scenario);
  const Scenario& night = *loaded.scenario;
  EXPECT_EQ(night.targets.at(0).names, std::vector<std::string>{"db.internal.example"});
  EXPECT_EQ(night.incident->fault, std::chrono::minutes{157});
  EXPECT_EQ(night.incident->event, std::chrono::minutes{872});
  EXPECT_EQ(night.timeline.at(0).lasts, std::chrono::minutes{157});
  EXPECT_EQ(night.timeline_length(), std::chrono::minutes{872});
}

}  // namespace
}  // namespace blackstart
