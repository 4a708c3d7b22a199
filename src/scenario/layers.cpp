#include "scenario/layers.h"

#include <algorithm>

#include "scenario/hints.h"
#include "scenario/library.h"
#include "scenario/text.h"
#include "scenario/yaml_reader.h"

namespace blackstart {
namespace {

constexpr std::size_t kReplaysMax = 8;  // a file over a file over a file …

class Reader {
 public:
  Reader(const LibraryLookup& library, std::vector<SourceText>& sources, Diagnostics& diagnostics)
      : library_{library}, sources_{sources}, diagnostics_{diagnostics} {}

  // One text and what it builds on.
  std::optional<Node> read_with_bases(SourceText source) {
    auto own = read(std::move(source));
    if (!own) return std::nullopt;
    const Node* const replay = own->find("replay");
    if (replay == nullptr || replay->kind != Node::Kind::scalar) return own;
    if (own->find("blackstart") == nullptr) {
      report(own->pos, "a scenario needs the key 'blackstart'", "begin it with: blackstart: 1");
    }
    auto base = read_base(*replay);
    if (!base) return std::nullopt;  // most of what the file says would seem to refer to nothing
    lay_over(*base, std::move(*own));
    return base;
  }

  std::optional<Node> read(SourceText source) {
    const auto file = static_cast<std::uint32_t>(sources_.size());
    const bool clean = clean_text(source.text, file, diagnostics_);
    sources_.push_back(std::move(source));
    if (!clean) return std::nullopt;
    auto root = read_yaml(sources_.back().text, file, diagnostics_);
    if (root && root->kind != Node::Kind::map) {
      report(root->pos, "a scenario is a mapping of keys to values",
             "it begins with: blackstart: 1");
      return std::nullopt;
    }
    return root;
  }

 private:
  void report(SourcePos pos, std::string message, std::string hint) {
    diagnostics_.push_back({pos, std::move(message), std::move(hint)});
  }

  std::optional<Node> read_base(const Node& replay) {
    if (std::ranges::find(replayed_, replay.text) != replayed_.end() ||
        replayed_.size() >= kReplaysMax) {
      report(replay.pos, "'replay' goes round in a circle", "");
      return std::nullopt;
    }
    replayed_.push_back(replay.text);
    auto found = library_ ? library_(replay.text) : std::nullopt;
    if (!found) {
      const std::string meant = nearest_library_scenario(replay.text);
      report(
          replay.pos, "the library has no scenario " + in_quotes(replay.text),
          meant.empty() ? "`blackstart list` shows all of them" : "did you mean '" + meant + "'?");
      return std::nullopt;
    }
    return read_with_bases(std::move(*found));
  }

  const LibraryLookup& library_;
  std::vector<SourceText>& sources_;
  Diagnostics& diagnostics_;
  std::vector<std::string> replayed_;
};

}  // namespace

void lay_over(Node& base, Node over) {
  if (base.kind != Node::Kind::map || over.kind != Node::Kind::map) {
    base = std::move(over);
    return;
  }
  base.pos = over.pos;
  for (Node::Member& member : over.members) {
    const auto there = std::ranges::find(base.members, member.key, &Node::Member::key);
    if (there == base.members.end()) {
      base.members.push_back(std::move(member));
    } else if (member.key == "where") {
      *there = std::move(member);
    } else {
      there->key_pos = member.key_pos;
      lay_over(there->value, std::move(member.value));
    }
  }
}

std::optional<Node> read_layers(SourceText file, const LoadOptions& options,
                                std::vector<SourceText>& sources, Diagnostics& diagnostics) {
  Reader reader{options.library, sources, diagnostics};
  auto root = reader.read_with_bases(std::move(file));
  for (const SourceText& overlay : options.overlays) {
    auto over = reader.read(overlay);
    if (root && over) lay_over(*root, std::move(*over));
  }
  return root;
}

}  // namespace blackstart
