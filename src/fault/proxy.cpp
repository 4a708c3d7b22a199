// Everything blackstart knows about the `proxy` kind: stream toxics by the names of src/toxic.

#include <algorithm>
#include <array>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "blackstart/scenario.h"
#include "core/shapes.h"
#include "fault/compiler.h"
#include "toxic/toxic.h"

namespace blackstart {
namespace {

using Kind = Shape::Kind;

constexpr std::array<std::string_view, 2> kStreams{"downstream", "upstream"};
constexpr Shape kStream{.kind = Kind::word, .doc = "downstream or upstream", .words = kStreams};
constexpr Shape kToxicity{
    .kind = Kind::number, .doc = "a share between 0 and 1", .least = 0, .most = 1};

// What src/toxic knows of: kinds, and a key for each attribute, which several may have.
struct Toxics {
  std::vector<std::string_view> kinds;
  std::deque<std::string> docs;  // where they are stays the same
  std::vector<Key> attributes;

  Toxics() {
    for (const toxic::Kind* kind : toxic::kinds()) {
      kinds.push_back(kind->name);
      for (const toxic::Attribute& attribute : kind->attributes) add(*kind, attribute);
    }
  }

  void add(const toxic::Kind& kind, const toxic::Attribute& attribute) {
    auto key = std::ranges::find(attributes, attribute.name, &Key::name);
    if (key == attributes.end()) {
      docs.emplace_back();
      key = attributes.insert(key, {attribute.name, &shapes::kCount, {}});
    }
    std::string& doc = docs[static_cast<std::size_t>(key - attributes.begin())];
    doc += (doc.empty() ? "" : "; ") + std::string{attribute.doc} + " (" + std::string{kind.name} +
           ")";
    key->doc = doc;
  }
};
const Toxics kAll;

const Shape kType{.kind = Kind::word, .doc = "a kind of toxic", .words = kAll.kinds};

std::vector<Key> toxic_keys() {
  std::vector<Key> keys{
      {"type", &kType, "which toxic", true},
      {"name", &shapes::kText, "its name. Default TYPE_STREAM"},
      {"stream", &kStream, "towards the client (downstream) or the server. Default downstream"},
      {"toxicity", &kToxicity, "the share of connections that it acts on. Default 1"},
  };
  keys.insert(keys.end(), kAll.attributes.begin(), kAll.attributes.end());
  return keys;
}
const std::vector<Key> kToxicKeys = toxic_keys();

const Shape kToxic{.kind = Kind::object, .doc = "a toxic", .keys = kToxicKeys};
constexpr Shape kToxics{.kind = Kind::list, .doc = "a list of toxics", .item = &kToxic};
constexpr Key kKeys[] = {
    {"toxics", &kToxics, "what happens to the target's new TCP connections, in this order", true},
    {"cut_existing", &shapes::kBoolean,
     "end established TCP connections when it begins, so that new ones take their place. Default "
     "false: they stay as they are"},
};
constexpr Shape kShape{.kind = Kind::object, .doc = "a proxy with toxics", .keys = kKeys};

std::string list_of(std::span<const toxic::Attribute> attributes) {
  std::string out;
  for (const toxic::Attribute& one : attributes) {
    out += (out.empty() ? "" : ", ") + std::string{one.name};
  }
  return out.empty() ? "none" : out;
}

// An attribute that the toxic's kind does not have.
void check_attributes(const ParamReader& in, const Node& node, const toxic::Kind& kind) {
  for (const Node::Member& member : node.members) {
    if (std::ranges::find(kAll.attributes, member.key, &Key::name) == kAll.attributes.end() ||
        std::ranges::find(kind.attributes, member.key, &toxic::Attribute::name) !=
            kind.attributes.end()) {
      continue;
    }
    in.error_at(member.key_pos, std::string{kind.name} + " has no attribute '" + member.key +
                                    "'; it has: " + list_of(kind.attributes));
  }
}

std::string text_of(const Node& node, std::string_view key, const std::string& otherwise) {
  const Node* const value = node.find(key);
  return value != nullptr ? value->text : otherwise;
}

// nullopt where the checker has refused it.
std::optional<toxic::Toxic> read_toxic(const ParamReader& in, const Node& node) {
  toxic::Toxic toxic;
  toxic.kind = toxic::find_kind(text_of(node, "type", {}));
  toxic.stream_text = text_of(node, "stream", "downstream");
  const auto stream = toxic::parse_stream(toxic.stream_text);
  if (toxic.kind == nullptr || !stream) return std::nullopt;
  check_attributes(in, node, *toxic.kind);
  toxic.stream = *stream;
  toxic.name = text_of(node, "name", std::string{toxic.kind->name} + '_' + toxic.stream_text);
  toxic.toxicity = static_cast<float>(parse_number(text_of(node, "toxicity", "1")).value_or(1));
  for (std::size_t i = 0; i < toxic.kind->attributes.size(); ++i) {
    const std::string value = text_of(node, toxic.kind->attributes[i].name, "0");
    toxic.values[i] = parse_integer(value).value_or(0);
  }
  return toxic;
}

// "latency downstream latency 100 jitter 5".
std::string words_of(const toxic::Toxic& toxic) {
  std::string words = std::string{toxic.kind->name} + ' ' + toxic.stream_text;
  for (std::size_t i = 0; i < toxic.kind->attributes.size(); ++i) {
    if (i > 0 && toxic.values[i] == 0) continue;
    words +=
        ' ' + std::string{toxic.kind->attributes[i].name} + ' ' + std::to_string(toxic.values[i]);
  }
  return words;
}

class Proxy final : public Fault {
 public:
  explicit Proxy(ProxySpec spec) : spec_{std::move(spec)} {}

  Needs needs(const Target& target) const override {
    if (!target.proxy.empty()) return Needs::proxy;
    Needs needs = Needs::owned_tables | Needs::redirect | Needs::proxy;
    if (!target.cgroup.empty()) needs |= Needs::cgroup_match;
    if (spec_.cut_existing) needs |= Needs::sock_destroy;
    return needs;
  }

  std::string in_words() const override {
    std::string words;
    for (const auto& toxic : spec_.toxics) words += (words.empty() ? "" : "; ") + words_of(*toxic);
    if (spec_.cut_existing) words += ", and cut what is established";
    return words;
  }

  std::vector<std::string> objections(const Target& target) const override {
    if (target.protocol && target.protocol != Protocol::tcp) {
      return {"toxics act on TCP connections, and its target selects none"};
    }
    if (!target.proxy.empty() && spec_.cut_existing) {
      return {
          "toxics act on the established connections of a named proxy too; leave out "
          "'cut_existing'"};
    }
    return {};
  }

  void compile(FaultCompiler& into) const override { into.add_proxy(spec_); }

 private:
  ProxySpec spec_;
};

std::unique_ptr<const Fault> parse_proxy(const ParamReader& in) {
  ProxySpec spec;
  const Node* toxics = in.node("toxics");
  if (toxics != nullptr && toxics->kind == Node::Kind::list) {
    if (toxics->items.empty()) in.error("toxics", "a proxy without toxics does nothing");
    for (const Node& node : toxics->items) {
      auto toxic = read_toxic(in, node);
      if (!toxic) continue;
      const auto same_name = [&](const auto& one) { return one->name == toxic->name; };
      if (std::ranges::any_of(spec.toxics, same_name)) {
        in.error_at(node.pos, "two toxics are called '" + toxic->name + "'; give each a `name`");
      }
      spec.toxics.push_back(std::make_shared<const toxic::Toxic>(std::move(*toxic)));
    }
  }
  spec.cut_existing = in.boolean("cut_existing").value_or(false);
  return std::make_unique<Proxy>(std::move(spec));
}

}  // namespace

extern constinit const FaultKind proxy_kind{
    .name = "proxy",
    .summary = "slow, cut or garble TCP streams, by Toxiproxy's toxics",
    .shape = &kShape,
    .parse = parse_proxy,
};

}  // namespace blackstart
