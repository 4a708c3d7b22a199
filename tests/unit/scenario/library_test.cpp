#include "scenario/library.h"

#include <gtest/gtest.h>

#include <set>

namespace blackstart {
namespace {

TEST(Library, HasUniqueNamesTitlesAndALineThatSaysHowToRunIt) {
  std::set<std::string_view> names;
  for (const LibraryScenario& one : library_scenarios()) {
    EXPECT_TRUE(names.insert(one.name).second) << one.name;
    EXPECT_FALSE(one.title.empty()) << one.name;
    EXPECT_FALSE(one.title.starts_with('"')) << one.name << ": titles are written plainly";
    const bool demo = one.name == "demo";  // has a verb of its own
    const std::string how =
        demo ? "# blackstart demo\n" : "# blackstart run " + std::string{one.name} + " ";
    EXPECT_TRUE(one.text.starts_with(how)) << one.name;
  }
  EXPECT_TRUE(names.contains("us-east-1-dns"));
  EXPECT_TRUE(names.contains("resolver-down"));
  EXPECT_TRUE(names.contains("one-zone-down"));
}

TEST(Library, FindsByNameAndSuggestsTheNearest) {
  ASSERT_NE(find_library_scenario("us-east-1-dns"), nullptr);
  EXPECT_EQ(find_library_scenario("us-east-1-dns")->folder, "incidents");
  EXPECT_EQ(find_library_scenario("us-east-2-dns"), nullptr);
  EXPECT_EQ(nearest_library_scenario("us-east1-dns"), "us-east-1-dns");
  EXPECT_EQ(nearest_library_scenario("pineapple"), "");
  EXPECT_EQ(library_source("resolver-down")->name, "library:resolver-down");
  EXPECT_FALSE(library_source("no-such"));
}

}  // namespace
}  // namespace blackstart
