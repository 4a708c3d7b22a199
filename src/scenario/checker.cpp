#include "scenario/checker.h"

#include <algorithm>
#include <string>
#include <string_view>

#include "scenario/hints.h"
#include "scenario/scalar_check.h"

namespace blackstart {
namespace {

using Kind = Shape::Kind;

const Key* find_key(std::span<const Key> keys, std::string_view name) {
  const auto found = std::ranges::find(keys, name, &Key::name);
  return found == keys.end() ? nullptr : &*found;
}

std::vector<std::string_view> names_of(std::span<const Key> keys) {
  std::vector<std::string_view> names;
  for (const Key& key : keys) names.push_back(key.name);
  return names;
}

std::string doc_of(const Shape& shape) {
  return shape.doc.empty() ? "this mapping" : std::string{shape.doc};
}

std::string what_is(const Node& node) {
  switch (node.kind) {
    case Node::Kind::null:
      return "nothing";
    case Node::Kind::scalar:
      return in_quotes(node.text);
    case Node::Kind::list:
      return "a list";
    case Node::Kind::map:
      return "a mapping";
  }
  return {};
}

// The shapes that a value of an `either` or of an `or_single` list may have, without either.
void flatten(const Shape& shape, std::vector<const Shape*>& out) {
  if (shape.kind == Kind::either) {
    for (const Shape* option : shape.options) flatten(*option, out);
    return;
  }
  out.push_back(&shape);
  if (shape.kind == Kind::list && shape.or_single) flatten(*shape.item, out);
}

// The keys by which objects that stand for one another are told apart: those that this one
// requires and that some other does not have at all.
std::vector<std::string_view> tags_of(const Shape& one, const std::vector<const Shape*>& objects) {
  std::vector<std::string_view> tags;
  for (const Key& key : one.keys) {
    const bool tells = std::ranges::any_of(
        objects, [&](const Shape* other) { return find_key(other->keys, key.name) == nullptr; });
    if (key.required && tells) tags.push_back(key.name);
  }
  return tags;
}

class Checker {
 public:
  Checker(const std::vector<SourcePos>& refused, Diagnostics& diagnostics)
      : refused_{refused}, diagnostics_{diagnostics} {}

  // False where the value must not be read.
  bool check_value(Node& node, const Shape& shape, const std::string& subject) {
    if (is_among(refused_, node.pos) && node.kind == Node::Kind::scalar) return false;
    std::vector<const Shape*> options;
    flatten(shape, options);
    switch (node.kind) {
      case Node::Kind::null:
        return check_null(node, shape, options, subject);
      case Node::Kind::scalar:
        return check_scalar(node, shape, options, subject);
      case Node::Kind::list:
        return check_list(node, shape, options, subject);
      case Node::Kind::map:
        return check_map(node, shape, options, subject);
    }
    return false;
  }

  std::vector<SourcePos> take_lacking() {
    sort_places(lacking_);
    return std::move(lacking_);
  }

 private:
  using Options = std::vector<const Shape*>;

  bool report(SourcePos pos, std::string message, std::string hint = {}) {
    diagnostics_.push_back({pos, std::move(message), std::move(hint)});
    return false;
  }

  bool refuse(const Node& node, const Shape& shape, const std::string& subject) {
    return report(node.pos, subject + " must be " + doc_of(shape) + "; found " + what_is(node));
  }

  bool check_null(const Node& node, const Shape& shape, const Options& options,
                  const std::string& subject) {
    const bool fits =
        std::ranges::any_of(options, [](const Shape* s) { return s->kind == Kind::literal; });
    return fits || refuse(node, shape, subject);
  }

  bool check_scalar(const Node& node, const Shape& shape, const Options& options,
                    const std::string& subject) {
    std::optional<Objection> objection;
    std::vector<std::string_view> words, others;
    std::size_t scalars = 0;
    for (const Shape* const option : options) {
      if (option->kind == Kind::object || option->kind == Kind::table) {
        others.push_back(option->doc);
      }
      if (!is_scalar(*option)) continue;
      objection = objection_to(node, *option);
      if (!objection) return true;
      words.insert(words.end(), option->words.begin(), option->words.end());
      ++scalars;
    }
    if (scalars == 1 && (words.empty() || others.empty())) {
      return report(node.pos, subject + " " + objection->message, objection->hint);
    }
    std::string hint = did_you_mean(node.text, words, diagnostics_);
    words.insert(words.end(), others.begin(), others.end());
    std::string allowed = doc_of(shape);
    if (scalars > 0 && !words.empty()) allowed += " (" + listed(words, "or") + ")";
    return report(node.pos, subject + " must be " + allowed + "; found " + what_is(node),
                  std::move(hint));
  }

  bool check_list(Node& node, const Shape& shape, const Options& options,
                  const std::string& subject) {
    const auto list = std::ranges::find(options, Kind::list, &Shape::kind);
    if (list == options.end()) return refuse(node, shape, subject);
    const std::string each = "each of " + subject;
    const std::size_t before = node.items.size();
    std::erase_if(node.items, [&](Node& item) { return !check_value(item, *(*list)->item, each); });
    if (node.items.size() < before) lacking_.push_back(node.pos);
    return true;
  }

  bool check_map(Node& node, const Shape& shape, const Options& options,
                 const std::string& subject) {
    Options objects;
    std::ranges::copy_if(options, std::back_inserter(objects),
                         [](const Shape* s) { return s->kind == Kind::object; });
    if (objects.size() > 1) {
      check_one_of(node, shape, objects);
      return true;
    }
    if (objects.size() == 1) {
      check_object(node, *objects.front());
      return true;
    }
    const auto table = std::ranges::find(options, Kind::table, &Shape::kind);
    if (table == options.end()) return refuse(node, shape, subject);
    for (Node::Member& member : node.members) {
      if (check_value(member.value, *(*table)->item, in_quotes(member.key))) continue;
      // The name stays: what refers to it elsewhere is not a second mistake.
      const SourcePos pos = member.value.pos;
      member.value = Node{};
      member.value.pos = pos;
      lacking_.push_back(pos);
    }
    return true;
  }

  // Removes what is not sound and tells what is missing.
  void check_object(Node& node, const Shape& shape) {
    const std::size_t before = node.members.size();
    std::vector<std::string> written;
    for (const Node::Member& member : node.members) written.push_back(member.key);
    std::erase_if(node.members, [&](Node::Member& member) {
      const Key* const key = find_key(shape.keys, member.key);
      if (key == nullptr) return refuse_key(member, names_of(shape.keys), doc_of(shape) + " has ");
      return !check_value(member.value, *key->shape, in_quotes(member.key));
    });
    bool whole = node.members.size() == before;
    for (const Key& key : shape.keys) {
      if (!key.required || std::ranges::find(written, key.name) != written.end()) continue;
      whole = report(node.pos, doc_of(shape) + " needs the key " + in_quotes(key.name),
                     std::string{key.name} + ": " + std::string{key.doc});
    }
    if (!whole) lacking_.push_back(node.pos);
  }

  bool refuse_key(const Node::Member& member, const std::vector<std::string_view>& allowed,
                  const std::string& owner_has) {
    std::string known = allowed.empty() ? "no keys" : listed(allowed, "and");
    report(member.key_pos, "unknown key " + in_quotes(member.key) + "; " + owner_has + known,
           did_you_mean(member.key, allowed, diagnostics_));
    return true;
  }

  // A mapping that is one of several objects, as its tags say.
  void check_one_of(Node& node, const Shape& shape, const Options& objects) {
    const Shape* chosen = nullptr;
    std::vector<std::string_view> all_tags;
    std::vector<const Node::Member*> found;
    for (const Shape* const object : objects) {
      for (const std::string_view tag : tags_of(*object, objects)) {
        all_tags.push_back(tag);
        const auto member = std::ranges::find(node.members, tag, &Node::Member::key);
        if (member == node.members.end()) continue;
        found.push_back(&*member);
        if (chosen == nullptr) chosen = object;
      }
    }
    if (chosen == nullptr) return check_untagged(node, shape, objects, all_tags);
    if (refuse_second_tag(node, shape, *chosen, found)) lacking_.push_back(node.pos);
    check_object(node, *chosen);
  }

  // Removes and reports the tags of other objects than the chosen one.
  bool refuse_second_tag(Node& node, const Shape& shape, const Shape& chosen,
                         const std::vector<const Node::Member*>& found) {
    std::vector<std::string> extra;
    for (const Node::Member* const member : found) {
      if (find_key(chosen.keys, member->key) != nullptr) continue;
      extra.push_back(member->key);
      report(member->key_pos, doc_of(shape) + " has only one of " + in_quotes(found.front()->key) +
                                  " and " + in_quotes(member->key));
    }
    std::erase_if(node.members, [&](const Node::Member& member) {
      return std::ranges::find(extra, member.key) != extra.end();
    });
    return !extra.empty();
  }

  // No tag tells which object is meant: check what any of them has, and say what is missing.
  void check_untagged(Node& node, const Shape& shape, const Options& objects,
                      const std::vector<std::string_view>& tags) {
    std::vector<std::string_view> all = tags;
    for (const Shape* const object : objects) {
      for (const Key& key : object->keys) all.push_back(key.name);
    }
    bool unknown = false;
    std::erase_if(node.members, [&](Node::Member& member) {
      for (const Shape* const object : objects) {
        const Key* const key = find_key(object->keys, member.key);
        if (key != nullptr) return !check_value(member.value, *key->shape, in_quotes(member.key));
      }
      unknown = true;
      report(member.key_pos,
             "unknown key " + in_quotes(member.key) + "; " + doc_of(shape) + " has one of " +
                 listed(tags, "or"),
             did_you_mean(member.key, all, diagnostics_));
      return true;
    });
    if (!unknown) report(node.pos, doc_of(shape) + " needs one of " + listed(tags, "or"));
    lacking_.push_back(node.pos);
  }

  const std::vector<SourcePos>& refused_;
  Diagnostics& diagnostics_;
  std::vector<SourcePos> lacking_;
};

}  // namespace

std::vector<SourcePos> check(Node& root, const Shape& shape, const std::vector<SourcePos>& refused,
                             Diagnostics& diagnostics) {
  Checker checker{refused, diagnostics};
  checker.check_value(root, shape, "a file");
  return checker.take_lacking();
}

}  // namespace blackstart
