// Everything blackstart knows about the `dns` kind: what the resolver answers.

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "blackstart/address.h"
#include "blackstart/scenario.h"
#include "core/shapes.h"
#include "dns/answer.h"
#include "dns/record.h"
#include "fault/compiler.h"

namespace blackstart {
namespace {

using dns::AnswerKind;
using dns::FaultRule;

struct AnswerWord {
  std::string_view word;
  AnswerKind kind;
  std::string_view in_words;
  bool has_ttl;  // the answer carries records
  bool has_soa;
};

constexpr std::array kAnswers{
    AnswerWord{"nodata", AnswerKind::nodata, "answer NODATA", true, true},
    AnswerWord{"nxdomain", AnswerKind::nxdomain, "answer NXDOMAIN", true, true},
    AnswerWord{"servfail", AnswerKind::servfail, "answer SERVFAIL", false, false},
    AnswerWord{"refused", AnswerKind::refused, "answer REFUSED", false, false},
    AnswerWord{"formerr", AnswerKind::formerr, "answer FORMERR", false, false},
    AnswerWord{"notimp", AnswerKind::notimp, "answer NOTIMP", false, false},
    AnswerWord{"drop", AnswerKind::drop, "drop questions", false, false},
    AnswerWord{"truncate", AnswerKind::truncate, "answer truncated", false, false},
    AnswerWord{"referral", AnswerKind::referral, "answer an empty referral", false, false},
    AnswerWord{"garbage", AnswerKind::garbage, "answer garbage", false, false},
    AnswerWord{"wrong_id", AnswerKind::wrong_id, "answer under a wrong id", true, true},
    AnswerWord{"cname_loop", AnswerKind::cname_loop, "answer a CNAME loop", true, false},
    AnswerWord{"stale", AnswerKind::stale, "answer what was last known", true, false},
};

constexpr auto kAnswerWords = [] {
  std::array<std::string_view, kAnswers.size()> words;
  for (std::size_t i = 0; i < words.size(); ++i) words[i] = kAnswers[i].word;
  return words;
}();
constexpr AnswerWord kSpoof{{}, AnswerKind::spoof, {}, true, true};
constexpr AnswerWord kPass{{}, AnswerKind::pass, {}, true, false};

constexpr std::array<std::string_view, 3> kOverWords{"both", "udp", "tcp"};
constexpr std::array kOvers{FaultRule::Over::both, FaultRule::Over::udp, FaultRule::Over::tcp};
constexpr std::array<std::string_view, 3> kTcpWords{"normal", "reset", "silent"};
constexpr std::array kTcps{FaultRule::Tcp::normal, FaultRule::Tcp::reset, FaultRule::Tcp::silent};
constexpr std::array<std::string_view, 2> kEdnsWords{"drop", "formerr"};
constexpr std::array kEdnses{FaultRule::Edns::drop, FaultRule::Edns::formerr};

constexpr std::array<std::string_view, 12> kTypeNames{
    "A", "AAAA", "CNAME", "NS", "SOA", "PTR", "MX", "TXT", "SRV", "SVCB", "HTTPS", "ANY"};

// --- the shape ---

using Kind = Shape::Kind;

constexpr Shape kAnswerWord{.kind = Kind::word, .doc = "a way to answer", .words = kAnswerWords};
constexpr Key kSpoofKeys[] = {
    {"a", &shapes::kTexts, "IPv4 addresses that A questions are answered with"},
    {"aaaa", &shapes::kTexts, "IPv6 addresses that AAAA questions are answered with"},
    {"cname", &shapes::kText,
     "the name that questions are led to; its own records are looked up and follow"},
};
constexpr Shape kSpoofShape{
    .kind = Kind::object, .doc = "records of your own: a, aaaa or cname", .keys = kSpoofKeys};
constexpr std::array<const Shape*, 2> kAnswerForms{&kAnswerWord, &kSpoofShape};
constexpr Shape kAnswerShape{
    .kind = Kind::either, .doc = "a way to answer, or records", .options = kAnswerForms};
constexpr Shape kOver{.kind = Kind::word, .doc = "udp, tcp or both", .words = kOverWords};
constexpr Shape kTcp{.kind = Kind::word, .doc = "normal, reset or silent", .words = kTcpWords};
constexpr Shape kEdns{.kind = Kind::word, .doc = "drop or formerr", .words = kEdnsWords};
constexpr Shape kFirst{
    .kind = Kind::integer, .doc = "a count of at least 1", .least = 1, .most = 1e9};

constexpr Key kKeys[] = {
    {"answer", &kAnswerShape,
     "what questions are answered with; absent: the real answer, late or with its TTL capped"},
    {"delay", &shapes::kPositiveDuration, "how long every answer is held back"},
    {"jitter", &shapes::kPositiveDuration, "the delay varies evenly within delay ± jitter"},
    {"ttl", &shapes::kDuration,
     "caps the TTL of what is passed on; the TTL of what is made up (default 5s, stale 30s)"},
    {"soa", &shapes::kBoolean, "whether a negative answer carries an SOA; default true"},
    {"types", &shapes::kTexts, "record types, such as [A, AAAA]; default all"},
    {"over", &kOver, "udp, tcp or both; default both"},
    {"tcp", &kTcp, "what questions by TCP meet, whatever `over` says; default normal"},
    {"edns", &kEdns, "what questions with EDNS meet instead of `answer`: a server that minds it"},
    {"share", &shapes::kShare, "the share of questions that are hit; default 100%"},
    {"first", &kFirst, "only the first N questions of each client for a name are hit"},
};
constexpr Shape kShape{.kind = Kind::object, .doc = "a dns fault", .keys = kKeys};

// --- reading ---

template <class Value, std::size_t kSize, std::size_t kWords>
std::optional<Value> choice(const ParamReader& in, std::string_view key,
                            const std::array<std::string_view, kWords>& words,
                            const std::array<Value, kSize>& values) {
  static_assert(kSize == kWords);
  const auto text = in.text(key);
  for (std::size_t i = 0; text && i < words.size(); ++i) {
    if (words[i] == *text) return values[i];
  }
  return std::nullopt;
}

std::vector<dns::Type> read_types(const ParamReader& in) {
  std::vector<dns::Type> types;
  for (const std::string& text : in.texts("types")) {
    const auto type = dns::type_from_text(text);
    if (type && *type != dns::Type::opt) {
      types.push_back(*type);
      continue;
    }
    const std::string near = nearest(text, {kTypeNames.begin(), kTypeNames.end()});
    in.error("types",
             "'" + text + "' is no record type that is asked for; say A, AAAA, … or TYPE123",
             near.empty() ? std::string{} : "did you mean '" + near + "'?");
  }
  const Node* list = in.node("types");
  if (list != nullptr && list->kind == Node::Kind::list && list->items.empty()) {
    in.error("types", "an empty list of types hits nothing; leave it out for all types");
  }
  return types;
}

std::vector<Address> read_addresses(const ParamReader& in, std::string_view key, bool v6) {
  std::vector<Address> addresses;
  for (const std::string& text : in.texts(key)) {
    const auto address = parse_address(text);
    if (address && address->v6 == v6) {
      addresses.push_back(*address);
    } else {
      in.error(key, "'" + text + "' is no " + (v6 ? "IPv6" : "IPv4") + " address");
    }
  }
  return addresses;
}

void read_spoof(const ParamReader& in, FaultRule& rule) {
  rule.answer = AnswerKind::spoof;
  rule.a = read_addresses(in, "a", false);
  rule.aaaa = read_addresses(in, "aaaa", true);
  if (const auto cname = in.text("cname")) {
    rule.cname = dns::Name::from_text(*cname);
    if (!rule.cname || rule.cname->is_root()) in.error("cname", "'" + *cname + "' is no name");
    if (in.has("a") || in.has("aaaa")) {
      in.error("cname",
               "a name that is an alias has no addresses of its own; give one or the other");
    }
  } else if (rule.a.empty() && rule.aaaa.empty() && !in.has("a") && !in.has("aaaa")) {
    in.error("cname", "no records; give a, aaaa or cname", "`answer: nodata` answers without any");
  }
}

const AnswerWord& read_answer(const ParamReader& in, FaultRule& rule) {
  const Node* node = in.node("answer");
  if (node == nullptr) return kPass;
  if (node->kind == Node::Kind::map) {
    read_spoof(in.inner("answer"), rule);
    return kSpoof;
  }
  for (const AnswerWord& answer : kAnswers) {
    if (answer.word != node->text) continue;
    rule.answer = answer.kind;
    return answer;
  }
  return kPass;
}

std::optional<std::uint32_t> read_ttl(const ParamReader& in) {
  const auto ttl = in.duration("ttl");
  if (!ttl) return std::nullopt;
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(*ttl);
  if (seconds != *ttl) in.error("ttl", "a TTL has whole seconds");
  return static_cast<std::uint32_t>(seconds.count());
}

void check_answer(const ParamReader& in, const AnswerWord& answer, const FaultRule& rule) {
  const std::string word{answer.word};
  if (answer.kind == AnswerKind::pass && !in.has("answer") && !in.has("delay") && !in.has("ttl") &&
      !in.has("edns") && rule.tcp == FaultRule::Tcp::normal) {
    in.error("answer", "this fault does nothing; give answer, delay, ttl, edns or tcp");
  }
  if (in.has("ttl") && !answer.has_ttl) {
    in.error("ttl", "`answer: " + word + "` has no records whose TTL could be capped");
  }
  if (in.has("soa") && !answer.has_soa && in.node("answer") != nullptr) {
    in.error("soa", "`answer: " + word + "` never carries an SOA");
  } else if (in.has("soa") && in.node("answer") == nullptr) {
    in.error("soa", "real answers are passed on with their SOA; `soa` needs a negative answer");
  }
  if (in.has("delay") && answer.kind == AnswerKind::drop) {
    in.error("delay", "a dropped question has no answer to hold back");
  }
}

void check_transport(const ParamReader& in, const AnswerWord& answer, const FaultRule& rule) {
  if (rule.over != FaultRule::Over::tcp) return;
  if (answer.kind == AnswerKind::truncate) {
    in.error("over", "an answer by TCP is never truncated");
  }
  if (rule.tcp != FaultRule::Tcp::normal && in.has("answer")) {
    in.error("tcp", "with `over: tcp` no question is left for `answer`");
  }
}

void check_delay(const ParamReader& in, const FaultRule& rule) {
  if (!in.has("jitter")) return;
  if (!in.has("delay")) {
    in.error("jitter", "jitter is around a delay; give `delay` too");
  } else if (rule.jitter > rule.delay && rule.delay > Duration{}) {
    in.error("jitter", "jitter is larger than the delay that it is around");
  }
}

FaultRule read_rule(const ParamReader& in) {
  FaultRule rule;
  const AnswerWord& answer = read_answer(in, rule);
  rule.types = read_types(in);
  rule.delay = in.duration("delay").value_or(Duration{});
  rule.jitter = in.duration("jitter").value_or(Duration{});
  rule.ttl = read_ttl(in);
  rule.soa = in.boolean("soa").value_or(true);
  rule.over = choice(in, "over", kOverWords, kOvers).value_or(FaultRule::Over::both);
  rule.tcp = choice(in, "tcp", kTcpWords, kTcps).value_or(FaultRule::Tcp::normal);
  rule.edns = choice(in, "edns", kEdnsWords, kEdnses).value_or(FaultRule::Edns::normal);
  rule.share = in.share("share").value_or(Probability::certain());
  rule.first = static_cast<std::uint32_t>(in.integer("first").value_or(0));
  check_answer(in, answer, rule);
  check_transport(in, answer, rule);
  check_delay(in, rule);
  if (rule.share == Probability{}) in.error("share", "a share of 0% hits no question");
  return rule;
}

// --- words ---

void add_phrase(std::string& out, std::string_view separator, const std::string& phrase) {
  if (phrase.empty()) return;
  if (!out.empty()) out += separator;
  out += phrase;
}

std::string spoof_in_words(const FaultRule& rule) {
  if (rule.cname) return "answer CNAME " + rule.cname->text();
  std::string list;
  for (const Address& address : rule.a) add_phrase(list, ", ", to_text(address));
  for (const Address& address : rule.aaaa) add_phrase(list, ", ", to_text(address));
  return "answer " + list;
}

std::string answer_in_words(const FaultRule& rule) {
  if (rule.answer == AnswerKind::spoof) return spoof_in_words(rule);
  for (const AnswerWord& answer : kAnswers) {
    if (answer.kind == rule.answer) return std::string{answer.in_words};
  }
  return {};
}

std::string acts_in_words(const FaultRule& rule) {
  std::string out = answer_in_words(rule);
  if (!rule.soa) out += " without SOA";
  if (rule.delay > Duration{}) {
    add_phrase(out, ", ", "delay " + duration_text(rule.delay));
    if (rule.jitter > Duration{}) out += " ±" + duration_text(rule.jitter);
  }
  if (rule.ttl) {
    const std::string ttl = duration_text(std::chrono::seconds{*rule.ttl});
    add_phrase(out, ", ", (rule.answer == AnswerKind::pass ? "cap TTLs at " : "TTL ") + ttl);
  }
  if (rule.edns == FaultRule::Edns::drop) add_phrase(out, ", ", "drop questions with EDNS");
  if (rule.edns == FaultRule::Edns::formerr) add_phrase(out, ", ", "answer FORMERR to EDNS");
  if (rule.tcp == FaultRule::Tcp::reset) add_phrase(out, ", ", "reset TCP");
  if (rule.tcp == FaultRule::Tcp::silent) add_phrase(out, ", ", "leave TCP unanswered");
  return out;
}

std::string percent_text(Probability share) {
  std::string text = std::to_string(share.fraction() * 100.0);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
  return text + '%';
}

std::string limits_in_words(const FaultRule& rule) {
  std::string out;
  std::string types;
  for (const dns::Type type : rule.types) add_phrase(types, ", ", dns::type_text(type));
  if (!types.empty()) out = types + " only";
  if (rule.over == FaultRule::Over::udp) add_phrase(out, "; ", "over UDP");
  if (rule.over == FaultRule::Over::tcp) add_phrase(out, "; ", "over TCP");
  if (rule.first > 0) {
    add_phrase(out, "; ", "first " + std::to_string(rule.first) + " of each client for a name");
  }
  if (rule.share != Probability::certain()) {
    add_phrase(out, "; ", percent_text(rule.share) + " of questions");
  }
  return out;
}

// --- the kind ---

// Selectors of packets, in words: a question has none of them.
std::vector<std::string_view> packet_selectors(const Target& target) {
  std::vector<std::string_view> keys;
  if (target.any) keys.push_back("any");
  if (!target.cidr.empty()) keys.push_back("cidr");
  if (!target.port.empty()) keys.push_back("port");
  if (target.protocol) keys.push_back("protocol");
  if (target.aws) keys.push_back("aws");
  if (!target.interface.empty()) keys.push_back("interface");
  if (!target.cgroup.empty()) keys.push_back("cgroup");
  if (target.uid) keys.push_back("uid");
  return keys;
}

class DnsFault final : public Fault {
 public:
  explicit DnsFault(FaultRule rule) : rule_{std::move(rule)} {}

  Needs needs(const Target&) const override { return Needs::owned_tables | Needs::redirect; }

  std::string in_words() const override {
    const std::string limits = limits_in_words(rule_);
    return limits.empty() ? acts_in_words(rule_) : acts_in_words(rule_) + " (" + limits + ")";
  }

  std::optional<Duration> ttl_cap() const override {
    if (rule_.answer != AnswerKind::pass || !rule_.ttl) return std::nullopt;
    return std::chrono::seconds{*rule_.ttl};
  }

  std::vector<std::string> objections(const Target& target) const override {
    std::vector<std::string> out;
    if (target.names.empty()) {
      out.push_back("a dns fault needs a target with `names`; `names: [\"*\"]` is every name");
    }
    for (const std::string_view key : packet_selectors(target)) {
      out.push_back("a dns fault hits questions by `names` alone, and its target has `" +
                    std::string{key} + "`; give it a target of its own");
    }
    for (const std::string& name : target.names) {
      if (dns::NamePattern::from_text(name)) continue;
      out.push_back("'" + name + "' is no domain name; names are ASCII (xn--… for others), with " +
                    "labels of at most 63 bytes");
    }
    return out;
  }

  void compile(FaultCompiler& into) const override { into.add_dns(rule_); }

 private:
  FaultRule rule_;
};

std::unique_ptr<const Fault> parse_dns(const ParamReader& in) {
  return std::make_unique<DnsFault>(read_rule(in));
}

}  // namespace

extern constinit const FaultKind dns_kind{
    .name = "dns",
    .summary = "answer DNS questions wrongly, late or not at all",
    .shape = &kShape,
    .parse = parse_dns,
};

}  // namespace blackstart
