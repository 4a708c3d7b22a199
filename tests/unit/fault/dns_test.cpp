#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "blackstart/scenario.h"
#include "fault/compiler.h"
#include "fault/registry.h"
#include "support/json_node.h"

namespace blackstart {
namespace {

using namespace std::chrono_literals;
using dns::AnswerKind;
using dns::FaultRule;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const FaultKind& kind() {
  for (const FaultKind* one : fault_kinds()) {
    if (one->name == "dns") return *one;
  }
  throw std::logic_error{"no dns kind"};
}

// An entry as JSON, read, and the messages that reading gave.
struct Read {
  explicit Read(std::string_view json) : node{test::node_of(json)} {
    Diagnostics diagnostics;
    fault = kind().parse(ParamReader{node, diagnostics});
    for (const Diagnostic& one : diagnostics) {
      mistakes.push_back(one.message + (one.hint.empty() ? "" : " | " + one.hint));
    }
  }

  // The rule that it compiles to, at a target with one name.
  FaultRule rule() const {
    EXPECT_THAT(mistakes, IsEmpty());
    Target target;
    target.names = {"*.example.com"};
    const std::array<EntryToCompile, 1> entries{EntryToCompile{4, fault.get(), &target}};
    const CompiledEntries compiled = compile_entries(entries);
    EXPECT_EQ(compiled.dns.size(), 1u);
    return compiled.dns.at(0);
  }

  Node node;
  std::unique_ptr<const Fault> fault;
  std::vector<std::string> mistakes;
};

TEST(DnsFault, CompilesEveryKey) {
  const Read read{R"({"answer": "nodata", "delay": "3s", "jitter": "1s", "ttl": "1m",
                      "soa": false, "types": ["a", "HTTPS", "TYPE999"], "over": "udp",
                      "tcp": "silent", "edns": "formerr", "share": "25%", "first": 2})"};
  const FaultRule rule = read.rule();
  EXPECT_EQ(rule.entry, 4u);
  ASSERT_EQ(rule.names.size(), 1u);
  EXPECT_TRUE(rule.names[0].below);
  EXPECT_EQ(rule.names[0].name.text(), "example.com");
  EXPECT_EQ(rule.answer, AnswerKind::nodata);
  EXPECT_EQ(rule.delay, 3s);
  EXPECT_EQ(rule.jitter, 1s);
  EXPECT_EQ(rule.ttl, 60u);
  EXPECT_FALSE(rule.soa);
  EXPECT_THAT(rule.types, ElementsAre(dns::Type::a, dns::Type::https, dns::Type{999}));
  EXPECT_EQ(rule.over, FaultRule::Over::udp);
  EXPECT_EQ(rule.tcp, FaultRule::Tcp::silent);
  EXPECT_EQ(rule.edns, FaultRule::Edns::formerr);
  EXPECT_EQ(rule.share.fraction(), 0.25);
  EXPECT_EQ(rule.first, 2u);
}

TEST(DnsFault, HasSpokenDefaults) {
  const FaultRule rule = Read{R"({"answer": "drop"})"}.rule();
  EXPECT_EQ(rule.answer, AnswerKind::drop);
  EXPECT_TRUE(rule.soa);
  EXPECT_THAT(rule.types, IsEmpty());
  EXPECT_EQ(rule.over, FaultRule::Over::both);
  EXPECT_EQ(rule.tcp, FaultRule::Tcp::normal);
  EXPECT_EQ(rule.edns, FaultRule::Edns::normal);
  EXPECT_EQ(rule.share, Probability::certain());
  EXPECT_EQ(rule.first, 0u);
  EXPECT_FALSE(rule.ttl);
}

TEST(DnsFault, ReadsEveryAnswerWordOfItsShape) {
  const Key* answer = &kind().shape->keys[0];
  ASSERT_EQ(answer->name, "answer");
  int words = 0;
  for (const std::string_view word : answer->shape->options[0]->words) {
    const Read read{R"({"answer": ")" + std::string{word} + R"("})"};
    EXPECT_NE(read.rule().answer, AnswerKind::pass) << word;
    EXPECT_FALSE(read.fault->in_words().empty());
    ++words;
  }
  EXPECT_EQ(words, 13);
}

TEST(DnsFault, ReadsRecordsOfItsOwn) {
  const FaultRule rule =
      Read{R"({"answer": {"a": ["10.0.0.1", "0.0.0.0"], "aaaa": "::1"}})"}.rule();
  EXPECT_EQ(rule.answer, AnswerKind::spoof);
  EXPECT_EQ(rule.a.size(), 2u);
  EXPECT_EQ(to_text(rule.a.at(0)), "10.0.0.1");
  EXPECT_EQ(to_text(rule.aaaa.at(0)), "::1");
  EXPECT_EQ(Read{R"({"answer": {"cname": "other.example."}})"}.rule().cname->text(),
            "other.example");
}

struct MistakeCase {
  std::string_view json;
  std::string_view message;
};

constexpr MistakeCase kMistakes[] = {
    {R"({})", "this fault does nothing"},
    {R"({"types": ["A"], "share": "50%", "tcp": "normal"})", "this fault does nothing"},
    {R"({"answer": "servfail", "ttl": "5s"})", "has no records whose TTL could be capped"},
    {R"({"answer": "nodata", "ttl": "1500ms"})", "whole seconds"},
    {R"({"answer": "servfail", "soa": false})", "never carries an SOA"},
    {R"({"delay": "1s", "soa": false})", "needs a negative answer"},
    {R"({"answer": "drop", "delay": "1s"})", "no answer to hold back"},
    {R"({"answer": "truncate", "over": "tcp"})", "never truncated"},
    {R"({"answer": "nodata", "over": "tcp", "tcp": "reset"})", "no question is left"},
    {R"({"answer": "nodata", "jitter": "1s"})", "give `delay` too"},
    {R"({"delay": "1s", "jitter": "2s"})", "larger than the delay"},
    {R"({"answer": "nodata", "share": "0%"})", "hits no question"},
    {R"({"answer": "nodata", "types": []})", "hits nothing"},
    {R"({"answer": "nodata", "types": ["AAA"]})", "did you mean 'AAAA'?"},
    {R"({"answer": "nodata", "types": ["OPT"]})", "no record type that is asked for"},
    {R"({"answer": {"a": ["::1"]}})", "'::1' is no IPv4 address"},
    {R"({"answer": {"aaaa": ["10.0.0.1"]}})", "'10.0.0.1' is no IPv6 address"},
    {R"({"answer": {"cname": "a..b"}})", "'a..b' is no name"},
    {R"({"answer": {"cname": "x", "a": ["10.0.0.1"]}})", "one or the other"},
    {R"({"answer": {}})", "give a, aaaa or cname"},
};

TEST(DnsFault, SaysWhatContradictsItself) {
  for (const MistakeCase& one : kMistakes) {
    EXPECT_THAT(Read{one.json}.mistakes, ElementsAre(HasSubstr(std::string{one.message})))
        << one.json;
  }
}

TEST(DnsFault, TakesWhatMakesSenseTogether) {
  for (const std::string_view json :
       {R"({"tcp": "reset"})", R"({"edns": "drop"})", R"({"ttl": "0s"})",
        R"({"answer": "truncate", "tcp": "silent"})", R"({"over": "tcp", "tcp": "reset"})",
        R"({"answer": "stale", "ttl": "5s", "delay": "1s"})",
        R"({"answer": "nxdomain", "soa": false})",
        R"({"answer": {"a": ["10.0.0.1"]}, "ttl": "1h"})",
        R"({"answer": "nodata", "edns": "formerr"})"}) {
    EXPECT_THAT(Read{json}.mistakes, IsEmpty()) << json;
  }
}

TEST(DnsFault, SpeaksInWords) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {R"({"answer": "nodata"})", "answer NODATA"},
      {R"({"answer": "nxdomain", "soa": false})", "answer NXDOMAIN without SOA"},
      {R"({"answer": "drop", "types": ["AAAA"]})", "drop questions (AAAA only)"},
      {R"({"delay": "3s", "jitter": "1s"})", "delay 3s ±1s"},
      {R"({"ttl": "5s"})", "cap TTLs at 5s"},
      {R"({"answer": "stale", "ttl": "1m"})", "answer what was last known, TTL 1m"},
      {R"({"answer": "truncate", "tcp": "reset"})", "answer truncated, reset TCP"},
      {R"({"tcp": "silent"})", "leave TCP unanswered"},
      {R"({"edns": "formerr"})", "answer FORMERR to EDNS"},
      {R"({"answer": {"a": ["10.0.0.1"], "aaaa": ["::1"]}})", "answer 10.0.0.1, ::1"},
      {R"({"answer": {"cname": "x.y"}})", "answer CNAME x.y"},
      {R"({"answer": "servfail", "over": "udp", "first": 2, "share": "12.5%"})",
       "answer SERVFAIL (over UDP; first 2 of each client for a name; 12.5% of questions)"},
  };
  for (const auto& [json, words] : cases) EXPECT_EQ(Read{json}.fault->in_words(), words);
}

TEST(DnsFault, NeedsNamesAndNothingElse) {
  const Read read{R"({"answer": "nodata"})"};
  Target target;
  EXPECT_THAT(read.fault->objections(target),
              ElementsAre(HasSubstr("needs a target with `names`")));
  target.names = {"api.example.com", "*.svc.local", "*"};
  EXPECT_THAT(read.fault->objections(target), IsEmpty());
  target.where = Where{Where::Kind::sandbox, {}, 0};
  EXPECT_THAT(read.fault->objections(target), IsEmpty());
  target.port = {{443, 443}};
  target.interface = "eth0";
  EXPECT_THAT(read.fault->objections(target),
              ElementsAre(HasSubstr("`port`"), HasSubstr("`interface`")));
  Target odd;
  odd.names = {"bücher.example"};
  EXPECT_THAT(read.fault->objections(odd), ElementsAre(HasSubstr("'bücher.example'")));
}

TEST(DnsFault, NeedsTheOwnedTableAndTheRedirect) {
  const Read read{R"({"answer": "nodata"})"};
  EXPECT_EQ(read.fault->needs(Target{}), Needs::owned_tables | Needs::redirect);
}

TEST(DnsFault, CapsTtlsOfPassedAnswersOnly) {
  EXPECT_EQ(Read{R"({"ttl": "5s"})"}.fault->ttl_cap(), 5s);
  EXPECT_EQ(Read{R"({"delay": "1s"})"}.fault->ttl_cap(), std::nullopt);
  EXPECT_EQ(Read{R"({"answer": "nodata", "ttl": "5s"})"}.fault->ttl_cap(), std::nullopt);
}

TEST(DnsFault, EveryKeyIsExplained) {
  for (const Key& key : kind().shape->keys) EXPECT_GT(key.doc.size(), 10u) << key.name;
}

}  // namespace
}  // namespace blackstart
