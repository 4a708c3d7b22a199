#include "scenario/aws_ranges.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "scenario/hints.h"

namespace blackstart {
namespace {

using Json = nlohmann::json;

constexpr int kDepthMax = 16;  // AWS's own are 3 deep

[[noreturn]] void refuse(const std::string& where, const std::string& wrong) {
  throw std::runtime_error{where + ": " + wrong};
}

// Known beforehand, since each level takes memory. (The parser's own callback, which is told of
// it, makes reading quadratic.)
int depth_of(std::string_view text) {
  int depth = 0, most = 0;
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '"') quoted = !quoted;
    if (c == '\\') ++i;
    if (quoted) continue;
    if (c == '[' || c == '{') most = std::max(most, ++depth);
    if (c == ']' || c == '}') --depth;
  }
  return most;
}

Json parse(std::string_view text) {
  if (depth_of(text) > kDepthMax) refuse("nested too deeply", "AWS's own files are 3 levels deep");
  try {
    return Json::parse(text);
  } catch (const Json::parse_error& error) {
    const std::string_view before = text.substr(0, error.byte);
    refuse("line " + std::to_string(1 + std::ranges::count(before, '\n')),
           "this is no JSON; AWS publishes such files at "
           "https://ip-ranges.amazonaws.com/ip-ranges.json");
  } catch (const Json::out_of_range&) {
    refuse("the file", "has a number that is larger than any that can be read");
  }
}

std::string text_of(const Json& in, const char* key, const std::string& where) {
  const auto found = in.find(key);
  if (found == in.end()) refuse(where, "lacks the key '" + std::string{key} + "'");
  if (!found->is_string()) refuse(where + '.' + key, "must be a text");
  return found->get<std::string>();
}

// What is not there is left empty: nothing depends on it.
std::string text_or_empty(const Json& in, const char* key) {
  const auto found = in.find(key);
  return found != in.end() && found->is_string() ? found->get<std::string>() : std::string{};
}

void read_list(const Json& root, const char* list, const char* key, bool v6, AwsRanges& out) {
  const auto found = root.find(list);
  if (found == root.end() || !found->is_array()) {
    refuse(list, "must be a list of prefixes, and is not there");
  }
  for (std::size_t i = 0; i < found->size(); ++i) {
    const Json& one = (*found)[i];
    const std::string where = std::string{list} + '[' + std::to_string(i) + ']';
    if (!one.is_object()) refuse(where, "must be an object");
    const std::string text = text_of(one, key, where);
    const auto prefix = parse_prefix(text);
    if (!prefix || prefix->address.v6 != v6) {
      refuse(where + '.' + key,
             in_quotes(text) + " is no prefix, such as " + (v6 ? "2001:db8::/32" : "192.0.2.0/24"));
    }
    out.prefixes.push_back(
        {*prefix, text_of(one, "region", where), text_of(one, "service", where)});
  }
}

bool among(const std::vector<std::string>& asked, const std::string& name) {
  return asked.empty() || std::ranges::find(asked, name) != asked.end();
}

}  // namespace

std::vector<Prefix> AwsRanges::select(const std::vector<std::string>& regions,
                                      const std::vector<std::string>& services) const {
  std::vector<Prefix> out;
  for (const AwsPrefix& one : prefixes) {
    if (among(regions, one.region) && among(services, one.service)) out.push_back(one.prefix);
  }
  return out;
}

std::set<std::string_view> AwsRanges::names(std::string AwsPrefix::*of) const {
  std::set<std::string_view> out;
  for (const AwsPrefix& one : prefixes) out.insert(one.*of);
  return out;
}

AwsRanges read_aws_ranges(std::string_view json) {
  const Json root = parse(json);
  if (!root.is_object()) refuse("the file", "must be an object with 'prefixes'");
  AwsRanges out{text_or_empty(root, "syncToken"), text_or_empty(root, "createDate"), {}};
  read_list(root, "prefixes", "ip_prefix", false, out);
  read_list(root, "ipv6_prefixes", "ipv6_prefix", true, out);
  return out;
}

}  // namespace blackstart
