#include "scenario/yaml_reader.h"

#include <gtest/gtest.h>

#include "blackstart/limits.h"
#include "scenario/text.h"

namespace blackstart {
namespace {

struct Read {
  std::optional<Node> root;
  Diagnostics diagnostics;
  std::string text;
};

Read read(std::string text) {
  Read out;
  out.text = std::move(text);
  if (clean_text(out.text, 0, out.diagnostics)) {
    out.root = read_yaml(out.text, 0, out.diagnostics);
  }
  return out;
}

std::string first_message(const Read& read) {
  return read.diagnostics.empty() ? "" : read.diagnostics[0].message;
}

std::string repeated(std::string_view piece, std::size_t bytes) {
  std::string out;
  while (out.size() + piece.size() <= bytes) out += piece;
  return out;
}

TEST(YamlReader, CountsLinesAndCharactersFromOne) {
  const Read r = read("a: 1\nlist:\n  - x\n  - {ü: ö, b: \"c\"}\n");
  ASSERT_TRUE(r.root);
  EXPECT_EQ(r.root->pos, (SourcePos{0, 1, 1}));
  const Node& list = *r.root->find("list");
  EXPECT_EQ(list.items[0].pos, (SourcePos{0, 3, 5}));
  const Node& map = list.items[1];
  EXPECT_EQ(map.members[0].key_pos, (SourcePos{0, 4, 6}));
  EXPECT_EQ(map.members[1].key_pos, (SourcePos{0, 4, 12}));  // in bytes it would be 14
  EXPECT_EQ(map.members[1].value.pos, (SourcePos{0, 4, 15}));
  EXPECT_TRUE(map.members[1].value.quoted);
  EXPECT_FALSE(map.members[0].value.quoted);
}

TEST(YamlReader, KeepsTheFirstOfARepeatedKeyAndSaysWhereBothAre) {
  const Read r = read("a: 1\nb: 2\na: 3\n");
  ASSERT_EQ(r.diagnostics.size(), 1u);
  EXPECT_EQ(r.diagnostics[0].pos, (SourcePos{0, 3, 1}));
  EXPECT_EQ(first_message(r), "repeated key 'a'; it is already set in line 1, column 1");
  EXPECT_EQ(r.root->members.size(), 2u);
  EXPECT_EQ(r.root->find("a")->text, "1");
}

TEST(YamlReader, TellsNothingFromAnEmptyText) {
  const Read r = read("a:\nb: ~\nc: \"\"\nd: null\n");
  ASSERT_TRUE(r.root);
  EXPECT_EQ(r.root->find("a")->kind, Node::Kind::null);
  EXPECT_EQ(r.root->find("a")->pos, (SourcePos{0, 1, 1}));
  EXPECT_EQ(r.root->find("b")->kind, Node::Kind::null);
  EXPECT_EQ(r.root->find("c")->kind, Node::Kind::scalar);
  EXPECT_EQ(r.root->find("d")->kind, Node::Kind::null);
}

TEST(YamlReader, ExpandsAliases) {
  const Read r = read("a: &x [1, 2]\nb: *x\n");
  ASSERT_TRUE(r.root);
  EXPECT_EQ(r.root->find("b")->items.size(), 2u);
  EXPECT_EQ(r.root->find("b")->items[1].pos, (SourcePos{0, 1, 11}));
}

TEST(YamlReader, RefusesAliasesOfWhatTheyAreInAndUnknownOnes) {
  EXPECT_EQ(first_message(read("a: &x [*x]\n")), "an alias inside of what it stands for");
  EXPECT_FALSE(read("a: *y\n").root);
}

TEST(YamlReader, CountsWhatAliasesStandFor) {
  const std::string ten = "[x, x, x, x, x, x, x, x, x, x]";
  std::string text = "a0: &a0 " + ten + "\n";
  for (int i = 1; i <= 5; ++i) {
    const std::string one = "*a" + std::to_string(i - 1);
    text += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + one;
    for (int n = 1; n < 10; ++n) text += ", " + one;
    text += "]\n";
  }
  EXPECT_EQ(first_message(read(text)), "more than 100,000 values, counting what aliases stand for");

  std::string big = "a: &a " + std::string(200'000, 'x') + "\nb: [*a, *a, *a, *a, *a]\n";
  EXPECT_EQ(first_message(read(big)), "more than 1 MiB of text, counting what aliases stand for");
}

TEST(YamlReader, NestsThirtyTwoLevelsAndNoMore) {
  const auto nested = [](std::size_t lists) {
    return "a: " + std::string(lists, '[') + std::string(lists, ']') + "\n";
  };
  EXPECT_TRUE(read(nested(31)).root);  // the mapping is the first level
  EXPECT_EQ(first_message(read(nested(32))), "nested more than 32 levels deep");

  // An alias counts with its height.
  const std::string deep = "a: &a " + std::string(20, '[') + std::string(20, ']') + "\n";
  EXPECT_TRUE(read(deep + "b: [*a]\n").root);
  EXPECT_FALSE(read(deep + "b: [[[[[[[[[[[*a]]]]]]]]]]]]\n").root);
}

TEST(YamlReader, SurvivesAMegabyteOfAnything) {
  for (const char* piece : {"[", "{", "- ", "&a ", "\""}) {
    EXPECT_FALSE(read(repeated(piece, limits::scenario_bytes_max)).root) << piece;
  }
}

TEST(YamlReader, RefusesFormsThatHideMistakes) {
  EXPECT_EQ(first_message(read("a: 1\n---\nb: 2\n")),
            "a second document; one file is one scenario");
  EXPECT_EQ(first_message(read("a: &x {b: 1}\nc:\n  <<: *x\n")),
            "YAML merge keys are not part of the language");
  EXPECT_EQ(first_message(read("a: !!binary xyz\n")).substr(0, 9), "YAML tags");
  EXPECT_TRUE(read("a: !!str 5\n").root->find("a")->quoted);
  EXPECT_EQ(first_message(read("[a]: b\n")), "a key must be a plain text");
  EXPECT_EQ(first_message(read(": b\n")), "a key is missing before the ':'");
  EXPECT_EQ(first_message(read("")), "the file is empty");
  EXPECT_EQ(first_message(read("# only a comment\n")), "the file is empty");
}

TEST(CleanText, TakesWindowsFilesAsTheyAre) {
  const Read r = read(
      "\xEF\xBB\xBF"
      "a: 1\r\nb: 2\r\n");
  ASSERT_TRUE(r.root);
  EXPECT_EQ(r.text, "a: 1\nb: 2\n");
  EXPECT_EQ(r.root->find("b")->pos, (SourcePos{0, 2, 4}));
}

TEST(CleanText, RefusesWhatIsNoTextAtItsPlace) {
  const auto refused_at = [](std::string text) {
    const Read r = read(std::move(text));
    return r.diagnostics.empty() ? SourcePos{9, 9, 9} : r.diagnostics[0].pos;
  };
  EXPECT_EQ(refused_at(std::string{"a: 1\nb\0", 7}), (SourcePos{0, 2, 2}));
  EXPECT_EQ(refused_at("a: 1\nü: \xFF"), (SourcePos{0, 2, 4}));
  EXPECT_EQ(refused_at("a: \xC0\x80"), (SourcePos{0, 1, 4}));      // overlong
  EXPECT_EQ(refused_at("a: \xED\xA0\x80"), (SourcePos{0, 1, 4}));  // a surrogate
  EXPECT_EQ(refused_at("a: \xF4\x90\x80\x80"), (SourcePos{0, 1, 4}));
  EXPECT_EQ(refused_at("a: \xE2\x82"), (SourcePos{0, 1, 4}));  // cut off
  EXPECT_EQ(refused_at("a: 1\rb: 2"), (SourcePos{0, 1, 5}));
  EXPECT_EQ(refused_at("\xFF\xFE"
                       "a"),
            (SourcePos{0, 1, 1}));
  EXPECT_EQ(refused_at(std::string(limits::scenario_bytes_max + 1, '#')), (SourcePos{0, 1, 1}));
  EXPECT_TRUE(read("a: ü€😀\n").root);
}

TEST(YamlReader, HintsAtTabsAndAtUnquotedVariables) {
  EXPECT_NE(read("a:\n\tb: 1\n").diagnostics.at(0).hint.find("tab"), std::string::npos);
  EXPECT_NE(read("a: {b: ${c}}\n").diagnostics.at(0).hint.find("quotes"), std::string::npos);
}

}  // namespace
}  // namespace blackstart
