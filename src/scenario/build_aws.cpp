// The `aws` key of a target: which file, and which of its prefixes.

#include <algorithm>
#include <filesystem>
#include <stdexcept>

#include "core/words.h"
#include "scenario/aws_ranges.h"
#include "scenario/build.h"
#include "scenario/hints.h"

namespace blackstart {
namespace {

namespace fs = std::filesystem;

constexpr const char* kWhereFrom =
    "fetch it with `curl -O https://ip-ranges.amazonaws.com/ip-ranges.json`, then say "
    "--ranges ip-ranges.json, or ranges_file: ip-ranges.json";

bool covers(const Prefix& wide, const Prefix& narrow) {
  if (wide.address.v6 != narrow.address.v6 || wide.length > narrow.length) return false;
  for (std::size_t bit = 0; bit < wide.length; ++bit) {
    const int differ = wide.address.bytes[bit / 8] ^ narrow.address.bytes[bit / 8];
    if ((differ & (0x80 >> (bit % 8))) != 0) return false;
  }
  return true;
}

// What both have: of two prefixes that meet, one lies within the other.
std::vector<Prefix> in_both(const std::vector<Prefix>& these, const std::vector<Prefix>& those) {
  std::vector<Prefix> out;
  for (const Prefix& one : these) {
    for (const Prefix& other : those) {
      if (covers(other, one)) {
        out.push_back(one);
      } else if (covers(one, other)) {
        out.push_back(other);
      }
    }
  }
  return out;
}

// Throws std::runtime_error where it cannot be read.
const AwsRanges& ranges_of(const std::string& path, Build& build) {
  if (const auto known = build.ranges.find(path); known != build.ranges.end()) return known->second;
  const std::string text = build.options.read_file(path);
  try {
    return build.ranges.emplace(path, read_aws_ranges(text)).first->second;
  } catch (const std::runtime_error& error) {
    throw std::runtime_error{path + ": " + error.what()};
  }
}

// Whether the file has all that is asked for.
bool check_names(const ParamReader& aws, const char* key, const AwsRanges& ranges,
                 std::string AwsPrefix::*of, const Build& build) {
  bool all = true;
  const auto there = ranges.names(of);
  const std::vector<std::string_view> known{there.begin(), there.end()};
  for (const Node* const item : scalars_of(aws.node(key))) {
    if (there.contains(item->text)) continue;
    all = false;
    const std::string meant = did_you_mean(item->text, known, build.diagnostics);
    build.report(item->pos,
                 "the ip-ranges file has no " + std::string{key} + " " + in_quotes(item->text),
                 meant.empty() ? "it has " + listed(known, "and") : meant);
  }
  return all;
}

std::string in_words(const AwsRanges& ranges, std::size_t count, const std::string& path) {
  std::string text = counted(count, "prefix", "prefixes") + " of " + path;
  if (!ranges.sync_token.empty()) text += ", syncToken " + ranges.sync_token;
  if (!ranges.create_date.empty()) text += ", createDate " + ranges.create_date;
  return text;
}

void select(const ParamReader& in, const AwsRanges& ranges, const Target& target,
            AwsSelector& selector) {
  std::vector<Prefix> selected = ranges.select(selector.regions, selector.services);
  if (selected.empty()) {
    std::set<std::string_view> elsewhere;
    for (const AwsPrefix& one : ranges.prefixes) {
      if (std::ranges::count(selector.services, one.service) > 0) elsewhere.insert(one.region);
    }
    return in.error("aws", "the ip-ranges file has nothing of these services in these regions",
                    "they are in " + listed({elsewhere.begin(), elsewhere.end()}, "and"));
  }
  if (!target.cidr.empty()) {
    selected = in_both(selected, target.cidr);
    if (selected.empty()) {
      return in.error("cidr", "none of the prefixes that 'aws' selects lies in 'cidr'",
                      "a packet must match both; leave one of them out");
    }
  }
  selector.found = in_words(ranges, selected.size(), selector.ranges_file);
  selector.prefixes = std::move(selected);
}

Node* find(Node& map, std::string_view key) {
  const auto found = std::ranges::find(map.members, key, &Node::Member::key);
  return found == map.members.end() ? nullptr : &found->value;
}

}  // namespace

void place_ranges_files(Node& root, const LoadOptions& options,
                        const std::vector<SourceText>& sources) {
  Node* const targets = find(root, "targets");
  if (targets == nullptr) return;
  for (Node::Member& target : targets->members) {
    Node* const aws = find(target.value, "aws");
    if (aws == nullptr || aws->kind != Node::Kind::map) continue;
    Node* named = find(*aws, "ranges_file");
    std::string from;
    if (!options.ranges_file.empty()) {
      if (named == nullptr) {
        named = &aws->members.emplace_back(Node::Member{"ranges_file", aws->pos, {}}).value;
        named->pos = aws->pos;
      }
      named->kind = Node::Kind::scalar;
      named->text = options.ranges_file;
    } else if (named != nullptr) {
      from = sources.at(named->pos.file).name;
    }
    if (named == nullptr || named->kind != Node::Kind::scalar || named->text.empty()) continue;
    named->text = fs::absolute(fs::path{from}.replace_filename(named->text)).lexically_normal();
    named->quoted = true;
  }
}

void read_aws(const ParamReader& in, Target& target, Build& build) {
  const ParamReader aws = in.inner("aws");
  AwsSelector& selector = target.aws.emplace();
  selector.regions = aws.texts("region");
  selector.services = aws.texts("service");
  selector.ranges_file = aws.text("ranges_file").value_or("");
  if (!build.options.read_file) return;
  if (selector.ranges_file.empty()) {
    return in.error("aws", "'aws' needs AWS's file of prefixes, and none is named", kWhereFrom);
  }
  try {
    const AwsRanges& ranges = ranges_of(selector.ranges_file, build);
    const bool regions = check_names(aws, "region", ranges, &AwsPrefix::region, build);
    const bool services = check_names(aws, "service", ranges, &AwsPrefix::service, build);
    if (regions && services) select(in, ranges, target, selector);
  } catch (const std::runtime_error& error) {
    in.error("aws", error.what());
  }
}

}  // namespace blackstart
