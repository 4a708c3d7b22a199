#include "scenario/vars.h"

#include <gtest/gtest.h>

#include "scenario/yaml_reader.h"

namespace blackstart {
namespace {

struct Replaced {
  Node root;
  Diagnostics diagnostics;
  std::vector<SourcePos> refused;

  std::string at(std::string_view key) const { return root.find(key)->text; }
};

Replaced replace(const std::string& text, const Settings& sets = {}) {
  Replaced out;
  out.root = *read_yaml(text, 0, out.diagnostics);
  const Environment environment = [](const std::string& name) -> std::optional<std::string> {
    if (name == "HOME") return "/root";
    if (name == "EMPTY") return "";
    return std::nullopt;
  };
  out.refused = replace_vars(out.root, sets, environment, {{"f", text}}, out.diagnostics);
  return out;
}

TEST(Vars, AreTakenFromSetThenTheFileThenTheEnvironment) {
  const std::string text = "vars: {HOME: file}\na: ${HOME}\n";
  EXPECT_EQ(replace(text).at("a"), "file");
  EXPECT_EQ(replace(text, {{"HOME", "set"}}).at("a"), "set");
  EXPECT_EQ(replace("a: ${HOME}/x\n").at("a"), "/root/x");
  EXPECT_EQ(replace("vars: {HOME: }\na: ${HOME}\n").at("a"), "/root");
}

TEST(Vars, TakeTheDefaultWhereThereIsNothingOrNothingInIt) {
  EXPECT_EQ(replace("a: ${none:-d}\n").at("a"), "d");
  EXPECT_EQ(replace("a: ${EMPTY:-d}\n").at("a"), "d");
  EXPECT_EQ(replace("a: ${EMPTY}\n").at("a"), "");
  EXPECT_EQ(replace("a: ${none:-}\n").at("a"), "");
  EXPECT_EQ(replace("a: ${none:-${HOME}}/y\n").at("a"), "/root/y");
  EXPECT_EQ(replace("a: ${HOME:-d}\n").at("a"), "/root");
}

TEST(Vars, MayReferToEachOtherButNotInARing) {
  EXPECT_EQ(replace("vars: {a: 'x${b}', b: y}\nc: ${a}${b}\n").at("c"), "xyy");
  const Replaced ring = replace("vars: {a: '${b}', b: '${a}'}\nc: ${a}\n");
  ASSERT_FALSE(ring.diagnostics.empty());
  EXPECT_EQ(ring.diagnostics[0].message, "${a} refers to itself");
}

TEST(Vars, NeverMakeStructure) {
  const Replaced r = replace("a: ${x}\n", {{"x", "[1, 2]"}});
  EXPECT_EQ(r.root.find("a")->kind, Node::Kind::scalar);
  EXPECT_EQ(r.at("a"), "[1, 2]");
  EXPECT_FALSE(r.root.find("a")->quoted);
}

TEST(Vars, EscapeWithASecondDollar) {
  EXPECT_EQ(replace("a: $${HOME} $5 $$\n").at("a"), "${HOME} $5 $$");
}

TEST(Vars, WithoutAValueAreReportedWhereTheyStand) {
  const Replaced r = replace("a: 10.0.0.0/${bits}\nb: \"x ${c} ${d}\"\n");
  ASSERT_EQ(r.diagnostics.size(), 3u);
  EXPECT_EQ(r.diagnostics[0].pos, (SourcePos{0, 1, 13}));
  EXPECT_EQ(r.diagnostics[0].message, "${bits} has no value");
  EXPECT_EQ(r.diagnostics[1].pos, (SourcePos{0, 2, 7}));
  EXPECT_EQ(r.diagnostics[2].pos, (SourcePos{0, 2, 12}));
  EXPECT_EQ(r.refused, (std::vector<SourcePos>{{0, 1, 4}, {0, 2, 4}}));
}

TEST(Vars, ThatSetOverridesMayBeIncompleteInTheFile) {
  EXPECT_TRUE(replace("vars: {a: '${none}'}\nb: ${a}\n", {{"a", "x"}}).diagnostics.empty());
}

TEST(Vars, OfSetThatNothingAsksForAreMistakes) {
  const Replaced r = replace("a: ${zone:-x}\n", {{"zoen", "y"}});
  ASSERT_EQ(r.diagnostics.size(), 1u);
  EXPECT_EQ(r.diagnostics[0].message, "--set zoen=y has no effect: the scenario has no ${zoen}");
  EXPECT_EQ(r.diagnostics[0].hint, "did you mean 'zone'?");
}

TEST(Vars, ThatAreBrokenAreSaidToBe) {
  EXPECT_EQ(replace("a: ${x\n").diagnostics.at(0).message, "this '${' does not end with '}'");
  EXPECT_EQ(replace("a: ${x y}\n").diagnostics.at(0).message, "'x y' is no name of a variable");
  EXPECT_EQ(replace("a: ${}\n").diagnostics.at(0).message, "'' is no name of a variable");
  EXPECT_FALSE(
      replace("a: ${a:-${b:-${c:-${d:-${e:-${f:-${g:-${h:-${i:-x}}}}}}}}}\n").diagnostics.empty());
}

TEST(Vars, CannotGrowWithoutBound) {
  std::string text = "vars: {a: " + std::string(1000, 'x') + "}\nb: \"";
  for (int i = 0; i < 100'000; ++i) text += "${a}";
  const Replaced r = replace(text + "\"\n");
  ASSERT_EQ(r.diagnostics.size(), 1u);
  EXPECT_EQ(r.diagnostics[0].message, "more than 1 MiB of text once every ${…} is replaced");
}

}  // namespace
}  // namespace blackstart
