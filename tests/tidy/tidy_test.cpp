// Reads the tree and holds it to the rules that CONTRIBUTING.md states.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <regex>
#include <string>

#include "tidy/layers.h"

namespace blackstart::tidy {
namespace {

namespace fs = std::filesystem;

const fs::path kRoot{BLACKSTART_SOURCE_DIR};

struct File {
  fs::path path;  // from the root
  std::vector<std::string> lines;
};

std::vector<File> files_under(std::string_view folder, const std::vector<std::string>& endings) {
  std::vector<File> found;
  if (!fs::exists(kRoot / folder)) return found;
  for (const auto& entry : fs::recursive_directory_iterator{kRoot / folder}) {
    const std::string ending = entry.path().extension().string();
    if (!entry.is_regular_file() || std::ranges::find(endings, ending) == endings.end()) continue;
    File file{fs::relative(entry.path(), kRoot), {}};
    std::ifstream in{entry.path()};
    for (std::string line; std::getline(in, line);) file.lines.push_back(line);
    found.push_back(std::move(file));
  }
  return found;
}

std::vector<File> sources() { return files_under("src", {".h", ".cpp"}); }

std::string at(const File& file, std::size_t line) {
  return file.path.string() + ":" + std::to_string(line + 1);
}

const Layer* layer_of(const File& file) {
  const std::string folder = (++file.path.begin())->string();
  const auto found = std::ranges::find(kLayers, folder, &Layer::folder);
  return found == kLayers.end() ? nullptr : &*found;
}

bool starts_with_any(std::string_view text, const std::vector<std::string_view>& prefixes) {
  return std::ranges::any_of(prefixes, [&](auto prefix) { return text.starts_with(prefix); });
}

// What is wrong with one line of one layer's file; empty when nothing is.
std::string include_mistake(const Layer& layer, const std::string& line) {
  static const std::regex kInclude{R"re(^#include ([<"])([^>"]+)[>"])re"};
  std::smatch match;
  if (!std::regex_search(line, match, kInclude)) return {};
  const std::string path = match[2];
  if (match[1] == "<") {
    const bool foreign = starts_with_any(path, kThirdParty);
    return foreign && !starts_with_any(path, layer.third_party) ? "may not use <" + path + ">" : "";
  }
  const std::string folder = path.substr(0, path.find('/'));
  if (folder == "blackstart" || folder == layer.folder) return {};
  const bool allowed =
      std::ranges::find(layer.may_include, folder) != std::ranges::end(layer.may_include);
  return allowed ? "" : "may not look up or sideways to " + folder;
}

TEST(Tidy, AnIncludeAgainstTheLayersIsAMistake) {
  const Layer core{"core", {}, {}};
  EXPECT_EQ(include_mistake(core, "#include \"core/x.h\""), "");
  EXPECT_EQ(include_mistake(core, "#include <vector>"), "");
  EXPECT_NE(include_mistake(core, "#include \"sys/fd.h\""), "");
  EXPECT_NE(include_mistake(core, "#include <nlohmann/json.hpp>"), "");
}

TEST(Tidy, FoldersOnlyLookDown) {
  for (const File& file : sources()) {
    const Layer* layer = layer_of(file);
    if (layer == nullptr) continue;
    for (std::size_t i = 0; i < file.lines.size(); ++i) {
      const std::string mistake = include_mistake(*layer, file.lines[i]);
      EXPECT_EQ(mistake, "") << at(file, i) << ": " << layer->folder << " " << mistake;
    }
  }
}

TEST(Tidy, EveryFolderOfTheSourceIsInTheDiagram) {
  for (const auto& entry : fs::directory_iterator{kRoot / "src"}) {
    if (!entry.is_directory()) continue;
    const std::string folder = entry.path().filename().string();
    EXPECT_NE(std::ranges::find(kLayers, folder, &Layer::folder), kLayers.end()) << folder;
  }
}

TEST(Tidy, TheVocabularyNeedsNothingButTheStandardLibrary) {
  const Layer vocabulary{"blackstart", {}, {}};
  for (const File& file : files_under("include", {".h"})) {
    for (std::size_t i = 0; i < file.lines.size(); ++i) {
      EXPECT_EQ(include_mistake(vocabulary, file.lines[i]), "") << at(file, i);
    }
  }
}

TEST(Tidy, NothingBannedIsCalled) {
  for (const File& file : sources()) {
    for (std::size_t i = 0; i < file.lines.size(); ++i) {
      for (const Ban& ban : kBans) {
        if (!ban.allowed_in.empty() && file.path.string().ends_with(ban.allowed_in)) continue;
        EXPECT_EQ(file.lines[i].find(ban.text), std::string::npos)
            << at(file, i) << ": " << ban.text << ": use " << ban.use_instead;
      }
    }
  }
}

TEST(Tidy, FilesAndLinesKeepTheirBudget) {
  for (const char* folder : {"src", "include", "tests", "bench", "examples"}) {
    for (const File& file : files_under(folder, {".h", ".cpp"})) {
      EXPECT_LE(file.lines.size(), std::size_t{kFileLinesMax})
          << file.path << ": would it be two rooms?";
      for (std::size_t i = 0; i < file.lines.size(); ++i) {
        // A character beyond ASCII counts once, however many bytes it has.
        const auto columns = std::ranges::count_if(
            file.lines[i], [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; });
        EXPECT_LE(columns, kColumnsMax) << at(file, i);
      }
    }
  }
}

TEST(Tidy, EveryHeaderIsGuardedAndOpensWithWhatItIs) {
  for (const char* folder : {"src", "include"}) {
    for (const File& file : files_under(folder, {".h"})) {
      ASSERT_FALSE(file.lines.empty()) << file.path;
      EXPECT_EQ(file.lines[0], "#pragma once") << file.path;
      const auto comment = std::ranges::find_if(
          file.lines, [](const std::string& line) { return line.starts_with("//"); });
      EXPECT_LT(comment - file.lines.begin(), 60) << file.path << ": no word on what it is";
    }
  }
}

TEST(Tidy, NothingIsLeftForLater) {
  static const std::regex kLater{R"(\b(TODO|FIXME|XXX|HACK)\b)"};
  for (const char* folder : {"src", "include", "examples", "scenarios"}) {
    for (const File& file : files_under(folder, {".h", ".cpp", ".yaml"})) {
      for (std::size_t i = 0; i < file.lines.size(); ++i) {
        EXPECT_FALSE(std::regex_search(file.lines[i], kLater)) << at(file, i);
      }
    }
  }
}

// Sources whose test has another name, with the reason.
const std::vector<std::pair<std::string_view, std::string_view>> kTestedElsewhere{
    {"src/asio.cpp", "third-party code compiled once"},
};

TEST(Tidy, EverySourceHasATestOrAStatedReason) {
  std::vector<std::string> tests;
  for (const File& file : files_under("tests", {".cpp"})) {
    for (const std::string& line : file.lines) {
      if (line.starts_with("#include \"") || line.starts_with("// covers ")) tests.push_back(line);
    }
    tests.push_back(file.path.filename().string());
  }
  for (const File& file : files_under("src", {".cpp"})) {
    const auto reason = std::ranges::find(kTestedElsewhere, file.path.string(),
                                          [](const auto& row) { return row.first; });
    if (reason != kTestedElsewhere.end()) continue;
    const std::string stem = file.path.stem().string();
    const std::string folder = file.path.parent_path().filename().string();
    const bool tested = std::ranges::any_of(tests, [&](const std::string& line) {
      return line.find(folder + "/" + stem + ".h") != std::string::npos ||
             line == stem + "_test.cpp" ||
             (line.starts_with("// covers ") &&
              (line + ",").find(" " + folder + "/" + stem + ",") != std::string::npos);
    });
    EXPECT_TRUE(tested) << file.path << ": no test includes its header, is named after it or says "
                        << "`// covers " << folder << "/" << stem << "`";
  }
}

}  // namespace
}  // namespace blackstart::tidy
