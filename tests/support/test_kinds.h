#pragma once

// Small kinds of faults and probes, for tests of what lies below the real ones.

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "blackstart/fault.h"
#include "blackstart/probe.h"
#include "blackstart/scenario.h"
#include "core/shapes.h"

namespace blackstart::test_kinds {

class NamedFault final : public Fault {
 public:
  NamedFault(std::string words, bool wants_names) : words_{std::move(words)}, names_{wants_names} {}

  Needs needs(const Target&) const override { return Needs::nothing; }
  std::string in_words() const override { return words_; }
  std::vector<std::string> objections(const Target& target) const override {
    if (names_ && target.names.empty()) return {"a dns fault needs a target with 'names'"};
    return {};
  }
  void compile(FaultCompiler&) const override {}

 private:
  std::string words_;
  bool names_;
};

class NamedCheck final : public ProbeCheck {
 public:
  explicit NamedCheck(std::string words) : words_{std::move(words)} {}

  std::string in_words() const override { return words_; }
  void start(ProbeHost&, Duration, std::function<void(CheckResult)>) const override {}

 private:
  std::string words_;
};

inline constexpr std::array<std::string_view, 4> kAnswers{"nodata", "nxdomain", "servfail", "drop"};
inline constexpr Shape kAnswerWord{
    .kind = Shape::Kind::word, .doc = "an answer", .words = kAnswers};
inline constexpr std::array kAnswerKeys{
    Key{"a", &shapes::kTexts, "IPv4 addresses"},
    Key{"cname", &shapes::kText, "another name"},
};
inline constexpr Shape kAnswerRecords{
    .kind = Shape::Kind::object, .doc = "records", .keys = kAnswerKeys};
inline constexpr std::array<const Shape*, 2> kAnswerOptions{&kAnswerWord, &kAnswerRecords};
inline constexpr Shape kAnswer{
    .kind = Shape::Kind::either, .doc = "how a question is answered", .options = kAnswerOptions};
inline constexpr std::array kDnsKeys{
    Key{"answer", &kAnswer, "what the resolver says"},
    Key{"delay", &shapes::kDuration, "how late it says it"},
    Key{"share", &shapes::kShare, "of the questions; default 100%"},
    Key{"soa", &shapes::kBoolean, "false: without one"},
    Key{"first", &shapes::kCount, "only the first N questions"},
};
inline constexpr Shape kDns{.kind = Shape::Kind::object, .doc = "a dns fault", .keys = kDnsKeys};

inline std::unique_ptr<const Fault> parse_dns(const ParamReader& in) {
  if (!in.has("answer") && !in.has("delay")) in.error("answer", "a dns fault needs 'answer'");
  return std::make_unique<NamedFault>("answer " + in.text("answer").value_or("records"), true);
}

inline constexpr std::array<std::string_view, 3> kHows{"drop", "reset", "unreachable"};
inline constexpr Shape kHow{
    .kind = Shape::Kind::word, .doc = "drop, reset or unreachable", .words = kHows};
inline constexpr std::array kPartitionKeys{
    Key{"how", &kHow, "default drop"},
    Key{"loss", &shapes::kShare, "for tests of shares"},
    Key{"rate", &shapes::kRate, "for tests of rates"},
};
inline constexpr Shape kPartition{
    .kind = Shape::Kind::object, .doc = "a partition", .keys = kPartitionKeys};

inline std::unique_ptr<const Fault> parse_partition(const ParamReader& in) {
  return std::make_unique<NamedFault>(in.text("how").value_or("drop"), false);
}

inline constexpr std::array kHttpKeys{
    Key{"url", &shapes::kText, "where", true},
    Key{"fresh", &shapes::kBoolean, "default true"},
};
inline constexpr Shape kHttpLong{
    .kind = Shape::Kind::object, .doc = "a request", .keys = kHttpKeys};
inline constexpr std::array<const Shape*, 2> kHttpOptions{&shapes::kText, &kHttpLong};
inline constexpr Shape kHttp{
    .kind = Shape::Kind::either, .doc = "a URL or a request", .options = kHttpOptions};
inline constexpr Shape kJson{
    .kind = Shape::Kind::table, .doc = "pointers with values", .item = &shapes::kLiteral};
inline constexpr std::array kJudgeKeys{
    Key{"status", &shapes::kTexts, "what it must be"},
    Key{"within", &shapes::kPositiveDuration, "how soon"},
    Key{"json", &kJson, "what the body holds"},
};
inline constexpr Shape kJudge{
    .kind = Shape::Kind::object, .doc = "what is expected", .keys = kJudgeKeys};

inline std::unique_ptr<const ProbeCheck> parse_http(const ParamReader& probe) {
  const auto url = probe.text("http") ? probe.text("http") : probe.inner("http").text("url");
  if (url && !url->starts_with("http")) probe.error("http", "'" + *url + "' is no URL");
  return std::make_unique<NamedCheck>("GET " + url.value_or(""));
}
inline std::unique_ptr<const ProbeCheck> parse_tcp(const ParamReader& probe) {
  return std::make_unique<NamedCheck>("connect to " + probe.text("tcp").value_or(""));
}

inline constexpr FaultKind kDnsKind{"dns", "what the resolver answers", &kDns, parse_dns};
inline constexpr FaultKind kPartitionKind{"partition", "packets are lost", &kPartition,
                                          parse_partition};
inline constexpr ProbeKind kHttpKind{"http", "a request", &kHttp, &kJudge, &kJudge, parse_http};
inline constexpr ProbeKind kTcpKind{"tcp",   "a connection", &shapes::kText,
                                    nullptr, nullptr,        parse_tcp};

inline constexpr std::array<const FaultKind*, 2> kFaults{&kDnsKind, &kPartitionKind};
inline constexpr std::array<const ProbeKind*, 2> kProbes{&kHttpKind, &kTcpKind};

inline Kinds kinds() { return {kFaults, kProbes}; }

}  // namespace blackstart::test_kinds
