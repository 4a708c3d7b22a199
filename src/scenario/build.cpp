#include "scenario/build.h"

#include <algorithm>

#include "scenario/hints.h"
#include "scenario/places.h"

namespace blackstart {

bool Build::lacks(SourcePos pos) const { return is_among(lacking, pos); }

void Build::report(SourcePos pos, std::string message, std::string hint) const {
  diagnostics.push_back({pos, std::move(message), std::move(hint)});
}

std::optional<std::size_t> Build::find(const Index& index, std::string_view kind,
                                       std::string_view name, SourcePos pos) const {
  if (const auto found = index.find(name); found != index.end()) return found->second;
  constexpr std::size_t kListedMax = 12;
  std::vector<std::string_view> known;
  for (const auto& [one, unused] : index) known.push_back(one);
  std::string message = "unknown " + std::string{kind} + " " + in_quotes(name) + "; ";
  if (known.empty()) {
    message += "the scenario has no " + std::string{kind} + "s";
  } else if (known.size() <= kListedMax) {
    message += "there is " + listed(known, "and");
  } else {
    message += "there are " + std::to_string(known.size()) + " of them";
  }
  report(pos, std::move(message), did_you_mean(name, known, diagnostics));
  return std::nullopt;
}

void Build::check_names(const Node* table, std::string_view kind, std::size_t most) const {
  if (table == nullptr) return;
  constexpr std::size_t kNameBytesMax = 64;
  if (table->members.size() > most) {
    report(table->members[most].key_pos,
           "more than " + std::to_string(most) + " " + std::string{kind} + "s");
  }
  for (const Node::Member& member : table->members) {
    const bool shown = std::ranges::all_of(
        member.key, [](char c) { return static_cast<unsigned char>(c) >= 0x20 && c != 0x7F; });
    if (!member.key.empty() && member.key.size() <= kNameBytesMax && shown) continue;
    report(member.key_pos,
           "the name of a " + std::string{kind} + " is 1 to 64 characters in one line");
  }
}

std::vector<const Node*> scalars_of(const Node* value) {
  std::vector<const Node*> out;
  if (value == nullptr) return out;
  if (value->kind == Node::Kind::scalar) out.push_back(value);
  for (const Node& item : value->items) {
    if (item.kind == Node::Kind::scalar) out.push_back(&item);
  }
  return out;
}

Where read_where(const Node& value) {
  Where where;
  if (value.kind == Node::Kind::scalar) {
    where.kind = value.text == "sandbox" ? Where::Kind::sandbox : Where::Kind::host;
  }
  Diagnostics none;
  const ParamReader in{value, none};
  if (const auto pid = in.integer("pid")) {
    where.kind = Where::Kind::pid;
    where.pid = static_cast<int>(*pid);
  }
  if (const auto netns = in.text("netns")) where = {Where::Kind::netns, *netns, 0};
  if (const auto container = in.text("container")) where = {Where::Kind::container, *container, 0};
  return where;
}

}  // namespace blackstart
