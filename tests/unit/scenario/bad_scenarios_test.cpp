// Every wrong scenario in tests/e2e/bad gives the messages that its first lines expect, all of
// them, in their order, and no others.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "fault/registry.h"
#include "probe/registry.h"
#include "scenario/library.h"
#include "scenario/loader.h"

namespace blackstart {
namespace {

namespace fs = std::filesystem;

std::vector<fs::path> bad_files() {
  std::vector<fs::path> found;
  for (const auto& entry :
       fs::directory_iterator{fs::path{BLACKSTART_SOURCE_DIR} / "tests/e2e/bad"}) {
    if (entry.path().extension() == ".yaml") found.push_back(entry.path());
  }
  std::ranges::sort(found);
  return found;
}

std::string read(const fs::path& path) {
  std::ifstream in{path};
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

// What follows "# expect: " in the lines at the top.
std::vector<std::string> expected(const std::string& text) {
  constexpr std::string_view kMark = "# expect: ";
  std::vector<std::string> lines;
  std::istringstream in{text};
  for (std::string line; std::getline(in, line) && line.starts_with(kMark);) {
    lines.push_back(line.substr(kMark.size()));
  }
  return lines;
}

// One line a message and one a hint; a place in another file carries its name.
std::vector<std::string> told(const Loaded& loaded) {
  std::vector<std::string> lines;
  for (const Diagnostic& one : loaded.diagnostics) {
    std::string place = std::to_string(one.pos.line) + ":" + std::to_string(one.pos.column);
    if (one.pos.file > 0) place = loaded.sources[one.pos.file].name + ":" + place;
    lines.push_back(place + ": error: " + one.message);
    if (!one.hint.empty()) lines.push_back("hint: " + one.hint);
  }
  return lines;
}

class BadScenario : public testing::TestWithParam<fs::path> {};

TEST_P(BadScenario, GivesTheMessagesThatItExpectsAndNoOthers) {
  const std::string text = read(GetParam());
  const auto wanted = expected(text);
  LoadOptions options;
  options.library = library_source;
  const Loaded loaded =
      load({GetParam().filename(), text}, {fault_kinds(), probe_kinds()}, options);

  EXPECT_FALSE(loaded.scenario);
  ASSERT_FALSE(wanted.empty()) << "no '# expect: ' line at the top";
  const auto found = told(loaded);
  for (std::size_t i = 0; i < std::max(wanted.size(), found.size()); ++i) {
    // An expectation may end early, where a message goes on with a list of all keys.
    if (i < wanted.size() && i < found.size() && found[i].starts_with(wanted[i])) continue;
    ADD_FAILURE() << "# expect: " << (i < found.size() ? found[i] : "(nothing more)");
  }
}

INSTANTIATE_TEST_SUITE_P(Files, BadScenario, testing::ValuesIn(bad_files()),
                         [](const auto& file) { return file.param.stem().string(); });

TEST(BadScenarios, CoverEachClassOfMistake) { EXPECT_GE(bad_files().size(), 25u); }

}  // namespace
}  // namespace blackstart
