// Everything blackstart knows about the `proxy` kind: stream toxics by Toxiproxy's names.

#include <algorithm>
#include <array>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "blackstart/limits.h"
#include "blackstart/scenario.h"
#include "core/shapes.h"

namespace blackstart {
namespace {

using Kind = Shape::Kind;

struct ToxicType {
  std::string_view name;
  std::span<const std::string_view> attributes;
};

constexpr std::string_view kLatency[] = {"latency", "jitter"};
constexpr std::string_view kRate[] = {"rate"};
constexpr std::string_view kDelay[] = {"delay"};
constexpr std::string_view kTimeout[] = {"timeout"};
constexpr std::string_view kSlicer[] = {"average_size", "size_variation", "delay"};
constexpr std::string_view kBytes[] = {"bytes"};

constexpr std::array kTypes{
    ToxicType{"latency", kLatency},    ToxicType{"bandwidth", kRate},
    ToxicType{"slow_close", kDelay},   ToxicType{"timeout", kTimeout},
    ToxicType{"reset_peer", kTimeout}, ToxicType{"slicer", kSlicer},
    ToxicType{"limit_data", kBytes},   ToxicType{"noop", {}},
};
constexpr auto kTypeWords = [] {
  std::array<std::string_view, kTypes.size()> words;
  for (std::size_t i = 0; i < words.size(); ++i) words[i] = kTypes[i].name;
  return words;
}();
constexpr std::array<std::string_view, 2> kStreams{"downstream", "upstream"};

constexpr Shape kType{.kind = Kind::word, .doc = "a toxic of Toxiproxy", .words = kTypeWords};
constexpr Shape kStream{.kind = Kind::word, .doc = "downstream or upstream", .words = kStreams};
constexpr Shape kToxicity{
    .kind = Kind::number, .doc = "a share between 0 and 1", .least = 0, .most = 1};

constexpr Key kToxicKeys[] = {
    {"type", &kType, "which toxic", true},
    {"name", &shapes::kText, "its name. Default TYPE_STREAM"},
    {"stream", &kStream, "towards the client (downstream) or the server. Default downstream"},
    {"toxicity", &kToxicity, "the share of connections that it acts on. Default 1"},
    {"latency", &shapes::kCount, "latency: milliseconds"},
    {"jitter", &shapes::kCount, "latency: milliseconds more or less"},
    {"rate", &shapes::kCount, "bandwidth: 1000 bytes a second; 0 lets nothing pass"},
    {"delay", &shapes::kCount, "slow_close: milliseconds; slicer: microseconds after each piece"},
    {"timeout", &shapes::kCount, "timeout, reset_peer: milliseconds"},
    {"average_size", &shapes::kCount, "slicer: bytes of a piece"},
    {"size_variation", &shapes::kCount, "slicer: bytes more or less"},
    {"bytes", &shapes::kCount, "limit_data: bytes after which the connection ends"},
};
constexpr std::size_t kFirstAttribute = 4;  // in kToxicKeys

constexpr Shape kToxic{.kind = Kind::object, .doc = "a toxic", .keys = kToxicKeys};
constexpr Shape kToxics{.kind = Kind::list, .doc = "a list of toxics", .item = &kToxic};
constexpr Key kKeys[] = {
    {"toxics", &kToxics, "what happens to the target's TCP connections, in this order", true},
};
constexpr Shape kShape{.kind = Kind::object, .doc = "a proxy with toxics", .keys = kKeys};

std::string list_of(std::span<const std::string_view> names) {
  std::string out;
  for (const std::string_view name : names) {
    out += (out.empty() ? "" : ", ") + std::string{name};
  }
  return out.empty() ? "none" : out;
}

// An attribute that the toxic's type does not have.
void check_attributes(const ParamReader& in, const Node& toxic, const ToxicType& type) {
  for (const Node::Member& member : toxic.members) {
    const auto attributes = std::span{kToxicKeys}.subspan(kFirstAttribute);
    if (std::ranges::find(attributes, member.key, &Key::name) == attributes.end()) continue;
    if (std::ranges::find(type.attributes, member.key) != type.attributes.end()) continue;
    in.error_at(member.key_pos, std::string{type.name} + " has no attribute '" + member.key +
                                    "'; it has: " + list_of(type.attributes));
  }
}

// In words; empty where the checker has refused it.
std::string read_toxic(const ParamReader& in, const Node& toxic,
                       std::vector<std::string>& names_so_far) {
  const Node* type_node = toxic.find("type");
  if (type_node == nullptr) return {};
  const auto type = std::ranges::find(kTypes, type_node->text, &ToxicType::name);
  if (type == kTypes.end()) return {};
  check_attributes(in, toxic, *type);

  const Node* stream = toxic.find("stream");
  const std::string towards = stream != nullptr ? stream->text : "downstream";
  const Node* given = toxic.find("name");
  std::string name = given != nullptr ? given->text : type_node->text + '_' + towards;
  if (std::ranges::find(names_so_far, name) != names_so_far.end()) {
    in.error_at(toxic.pos, "two toxics are called '" + name + "'; give each a `name`");
  }
  names_so_far.push_back(std::move(name));

  std::string words = type_node->text + ' ' + towards;
  for (const std::string_view attribute : type->attributes) {
    if (const Node* value = toxic.find(attribute)) {
      words += ' ' + std::string{attribute} + ' ' + value->text;
    }
  }
  return words;
}

class Proxy final : public Fault {
 public:
  explicit Proxy(std::string words) : words_{std::move(words)} {}

  Needs needs(const Target& target) const override {
    Needs needs = Needs::owned_tables | Needs::redirect | Needs::proxy;
    if (!target.cgroup.empty()) needs |= Needs::cgroup_match;
    return needs;
  }

  std::string in_words() const override { return words_; }

  std::vector<std::string> objections(const Target& target) const override {
    if (target.protocol && target.protocol != Protocol::tcp) {
      return {"toxics act on TCP connections, and its target selects none"};
    }
    return {};
  }

  // Preflight refuses what needs a proxy.
  void compile(FaultCompiler&) const override { BS_ASSERT(false); }

 private:
  std::string words_;
};

std::unique_ptr<const Fault> parse_proxy(const ParamReader& in) {
  std::string words;
  std::vector<std::string> names;
  const Node* toxics = in.node("toxics");
  if (toxics != nullptr && toxics->kind == Node::Kind::list) {
    if (toxics->items.empty()) in.error("toxics", "a proxy without toxics does nothing");
    for (const Node& toxic : toxics->items) {
      const std::string one = read_toxic(in, toxic, names);
      if (!one.empty()) words += (words.empty() ? "" : "; ") + one;
    }
  }
  return std::make_unique<Proxy>(std::move(words));
}

}  // namespace

extern constinit const FaultKind proxy_kind{
    .name = "proxy",
    .summary = "slow, cut or garble TCP streams, by Toxiproxy's toxics",
    .shape = &kShape,
    .parse = parse_proxy,
};

}  // namespace blackstart
