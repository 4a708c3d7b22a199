#include "cli/go_flags.h"

#include <algorithm>
#include <array>
#include <utility>

#include "blackstart/report.h"
#include "cli/errors.h"

namespace blackstart::cli {
namespace {

bool truth(const std::string& word, const std::string& flag) {
  constexpr std::array<std::string_view, 6> kTrue{"1", "t", "T", "true", "TRUE", "True"};
  constexpr std::array<std::string_view, 6> kFalse{"0", "f", "F", "false", "FALSE", "False"};
  if (std::ranges::find(kTrue, word) != kTrue.end()) return true;
  if (std::ranges::find(kFalse, word) != kFalse.end()) return false;
  throw CommandError{exit_code::usage, flag + " is true or false, not " + word};
}

}  // namespace

bool GoArguments::on(std::string_view name) const { return last(name) == "true"; }

std::string GoArguments::last(std::string_view name) const {
  const auto found = flags.find(name);
  return found == flags.end() ? "" : found->second.back();
}

std::vector<std::string> GoArguments::all(std::string_view name) const {
  const auto found = flags.find(name);
  return found == flags.end() ? std::vector<std::string>{} : found->second;
}

GoArguments parse_go_flags(std::initializer_list<GoFlag> known, std::vector<std::string> words) {
  GoArguments out;
  auto word = words.begin();
  for (; word != words.end() && word->size() > 1 && word->front() == '-'; ++word) {
    if (*word == "--") {
      ++word;
      break;
    }
    const auto equals = word->find('=');
    const std::string flag = word->substr(0, equals);
    const std::string name = flag.substr(flag.starts_with("--") ? 2 : 1);
    const auto* row = std::ranges::find_if(known, [&](const GoFlag& each) {
      return !name.empty() && (each.name == name || each.other_name == name);
    });
    if (row == known.end()) throw CommandError{exit_code::usage, "there is no option " + flag};
    std::string value;
    if (equals != std::string::npos) {
      value = word->substr(equals + 1);
    } else if (row->is_switch) {
      value = "true";
    } else if (std::next(word) == words.end()) {
      throw CommandError{exit_code::usage, flag + " needs a value"};
    } else {
      value = *++word;
    }
    if (row->is_switch) value = truth(value, flag) ? "true" : "false";
    out.flags[std::string{row->name}].push_back(value);
  }
  out.rest.assign(std::make_move_iterator(word), std::make_move_iterator(words.end()));
  return out;
}

}  // namespace blackstart::cli
