#include "scenario/yaml_reader.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <map>
#include <sstream>
#include <vector>

#include "blackstart/limits.h"

namespace blackstart {
namespace {

// Ends the reading; thrown through yaml-cpp and caught in read_yaml.
struct Unreadable {
  Diagnostic why;
};

// yaml-cpp counts lines from zero and columns in bytes from zero.
class Places {
 public:
  Places(std::string_view text, std::uint32_t file) : file_{file} {
    for (std::size_t i = 0; i < text.size(); ++i) {
      if ((static_cast<unsigned char>(text[i]) & 0xC0) == 0x80) continuations_.push_back(i);
    }
  }

  SourcePos of(const YAML::Mark& mark) const {
    if (mark.is_null()) return {file_, 1, 1};
    const auto at = static_cast<std::size_t>(mark.pos);
    const auto bytes = static_cast<std::size_t>(mark.column);
    const auto before = [&](std::size_t end) {
      return std::ranges::lower_bound(continuations_, end) - continuations_.begin();
    };
    const auto inside = static_cast<std::size_t>(before(at) - before(at - bytes));
    return {file_, static_cast<std::uint32_t>(mark.line + 1),
            static_cast<std::uint32_t>(bytes - inside + 1)};
  }

 private:
  std::uint32_t file_;
  std::vector<std::size_t> continuations_;  // offsets of the bytes that start no character
};

struct Size {
  std::size_t nodes = 1, bytes = 0, height = 0;  // height of a scalar is 0
};

Size size_of(const Node& node) {
  Size size{1, node.text.size(), 0};
  const auto add = [&](const Node& inner) {
    const Size one = size_of(inner);
    size.nodes += one.nodes;
    size.bytes += one.bytes;
    size.height = std::max(size.height, one.height);
  };
  for (const Node& item : node.items) add(item);
  for (const Node::Member& member : node.members) {
    add(member.value);
    size.bytes += member.key.size();
  }
  if (node.kind == Node::Kind::list || node.kind == Node::Kind::map) ++size.height;
  return size;
}

// Builds the tree from yaml-cpp's events, so that every limit holds before memory is spent.
class TreeBuilder final : public YAML::EventHandler {
 public:
  TreeBuilder(const Places& places, Diagnostics& diagnostics)
      : places_{places}, diagnostics_{diagnostics} {}

  std::optional<Node> take_root() { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (documents_++ > 0) fail(mark, "a second document; one file is one scenario");
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    if (expects_key()) fail(mark, "a key is missing before the ':'");
    Node node = make(Node::Kind::null, mark);
    // yaml-cpp is already at the next token when it finds that nothing stood here.
    if (!frames_.empty() && frames_.back().waiting) node.pos = frames_.back().waiting->key_pos;
    put(std::move(node), anchor);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    if (expects_key()) fail(mark, "a key must be a plain text, not an alias");
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end()) fail(mark, "an alias inside of what it stands for");
    const Anchored& original = found->second;
    count(mark, original.size.nodes, original.size.bytes);
    check_depth(mark, frames_.size() + original.size.height);
    put(original.node, 0);
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    if (expects_key()) return take_key(mark, value);
    Node node = make(Node::Kind::scalar, mark, value.size());
    node.text = value;
    node.quoted = tag != "?";
    check_tag(mark, tag);
    put(std::move(node), anchor);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(Node::Kind::list, mark, tag, anchor);
  }
  void OnSequenceEnd() override { close(); }

  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(Node::Kind::map, mark, tag, anchor);
  }
  void OnMapEnd() override {
    refuse_repeated_keys(frames_.back().node);
    close();
  }

 private:
  // A list or a map whose end has not come yet.
  struct Frame {
    Node node;
    YAML::anchor_t anchor = 0;
    std::optional<Node::Member> waiting;  // a key whose value has not come yet
  };

  struct Anchored {
    Node node;
    Size size;
  };

  [[noreturn]] void fail(const YAML::Mark& mark, std::string message, std::string hint = {}) {
    throw Unreadable{{places_.of(mark), std::move(message), std::move(hint)}};
  }

  void report(SourcePos pos, std::string message, std::string hint = {}) {
    diagnostics_.push_back({pos, std::move(message), std::move(hint)});
  }

  void count(const YAML::Mark& mark, std::size_t nodes, std::size_t bytes) {
    nodes_ += nodes;
    bytes_ += bytes;
    if (nodes_ > limits::scenario_nodes_max) {
      fail(mark, "more than 100,000 values, counting what aliases stand for");
    }
    if (bytes_ > limits::scenario_bytes_max) {
      fail(mark, "more than 1 MiB of text, counting what aliases stand for");
    }
  }

  void check_depth(const YAML::Mark& mark, std::size_t depth) {
    if (depth > limits::scenario_depth_max) fail(mark, "nested more than 32 levels deep");
  }

  void check_tag(const YAML::Mark& mark, const std::string& tag) {
    const bool plain = tag.empty() || tag == "?" || tag == "!" || tag == "tag:yaml.org,2002:str";
    if (plain) return;
    report(places_.of(mark), "YAML tags are not part of the language; found '" + tag + "'");
  }

  Node make(Node::Kind kind, const YAML::Mark& mark, std::size_t bytes = 0) {
    count(mark, 1, bytes);
    Node node;
    node.kind = kind;
    node.pos = places_.of(mark);
    return node;
  }

  bool expects_key() const {
    return !frames_.empty() && frames_.back().node.kind == Node::Kind::map &&
           !frames_.back().waiting;
  }

  void take_key(const YAML::Mark& mark, const std::string& key) {
    count(mark, 0, key.size());
    frames_.back().waiting = Node::Member{key, places_.of(mark), {}};
  }

  void open(Node::Kind kind, const YAML::Mark& mark, const std::string& tag,
            YAML::anchor_t anchor) {
    if (expects_key()) {
      fail(mark, "a key must be a plain text", "a value that begins with ${ needs quotes here");
    }
    check_depth(mark, frames_.size() + 1);
    check_tag(mark, tag);
    frames_.push_back({make(kind, mark), anchor, std::nullopt});
  }

  void close() {
    Frame done = std::move(frames_.back());
    frames_.pop_back();
    put(std::move(done.node), done.anchor);
  }

  void put(Node node, YAML::anchor_t anchor) {
    if (anchor != 0) anchors_.insert_or_assign(anchor, Anchored{node, size_of(node)});
    if (frames_.empty()) {
      root_ = std::move(node);
      return;
    }
    Frame& frame = frames_.back();
    if (frame.node.kind == Node::Kind::list) {
      frame.node.items.push_back(std::move(node));
      return;
    }
    frame.waiting->value = std::move(node);
    if (frame.waiting->key == "<<") {
      report(frame.waiting->key_pos, "YAML merge keys are not part of the language",
             "write the keys out, or build on a library scenario with 'replay'");
    } else {
      frame.node.members.push_back(std::move(*frame.waiting));
    }
    frame.waiting.reset();
  }

  void refuse_repeated_keys(Node& map) {
    std::vector<std::size_t> order(map.members.size());
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
    std::ranges::stable_sort(order, {},
                             [&](std::size_t i) -> std::string_view { return map.members[i].key; });
    std::vector<bool> repeated(map.members.size());
    const Node::Member* first = nullptr;
    for (const std::size_t i : order) {
      const Node::Member& member = map.members[i];
      if (first != nullptr && first->key == member.key) {
        repeated[i] = true;
        report(member.key_pos, "repeated key '" + member.key + "'; it is already set in line " +
                                   std::to_string(first->key_pos.line) + ", column " +
                                   std::to_string(first->key_pos.column));
      } else {
        first = &member;
      }
    }
    std::erase_if(map.members,
                  [&, i = std::size_t{0}](const auto&) mutable { return repeated[i++]; });
  }

  const Places& places_;
  Diagnostics& diagnostics_;
  std::vector<Frame> frames_;
  std::map<YAML::anchor_t, Anchored> anchors_;
  std::size_t documents_ = 0, nodes_ = 0, bytes_ = 0;
  std::optional<Node> root_;
};

std::string_view line_of(std::string_view text, int line) {
  for (; line > 0 && !text.empty(); --line) {
    text.remove_prefix(std::min(text.find('\n'), text.size() - 1) + 1);
  }
  return text.substr(0, text.find('\n'));
}

// yaml-cpp's words say what its parser missed; the line often shows what the author did.
Diagnostic in_our_words(const YAML::Exception& error, std::string_view text, const Places& places) {
  const std::string_view line =
      error.mark.is_null() ? std::string_view{} : line_of(text, error.mark.line);
  const std::string_view indent = line.substr(0, line.find_first_not_of(" \t"));
  std::string hint;
  if (indent.find('\t') != std::string_view::npos) {
    hint = "YAML is indented with spaces; there is a tab in this line";
  } else if (line.find("${") != std::string_view::npos) {
    hint = "between { } or [ ], a text with ${…} needs quotes: \"${name}\"";
  }
  return {places.of(error.mark), "this is no YAML: " + error.msg, std::move(hint)};
}

}  // namespace

std::optional<Node> read_yaml(std::string_view text, std::uint32_t file, Diagnostics& diagnostics) {
  const Places places{text, file};
  TreeBuilder builder{places, diagnostics};
  try {
    std::istringstream in{std::string{text}};
    YAML::Parser parser{in};
    while (parser.HandleNextDocument(builder)) {
    }
  } catch (const Unreadable& refused) {
    diagnostics.push_back(refused.why);
    return std::nullopt;
  } catch (const YAML::Exception& error) {
    diagnostics.push_back(in_our_words(error, text, places));
    return std::nullopt;
  }
  std::optional<Node> root = builder.take_root();
  if (!root) {
    diagnostics.push_back({{file, 1, 1}, "the file is empty", "a scenario begins: blackstart: 1"});
  }
  return root;
}

}  // namespace blackstart
