#include "probe/http_judge.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "core/shapes.h"

namespace blackstart {
namespace {

constexpr int kStatusLeast = 100, kStatusMost = 599;

constexpr Shape kStatus{.kind = Shape::Kind::text, .doc = "a status such as 200 or 2xx"};
constexpr Shape kStatuses{.kind = Shape::Kind::list,
                          .doc = "a status such as 200 or 2xx, or a list of them",
                          .item = &kStatus,
                          .or_single = true};
constexpr Shape kRegex{.kind = Shape::Kind::text, .doc = "a regular expression (RE2)"};
constexpr Shape kHeaders{.kind = Shape::Kind::table,
                         .doc = "header names to what they must say",
                         .item = &kValueRuleShape};

constexpr std::array kJudgeKeys{
    Key{"status", &kStatuses, "any of these: 200, 2xx (in `expect`, default 2xx)"},
    Key{"within", &shapes::kPositiveDuration,
        "the whole answer this long after the sample started, name lookup included"},
    Key{"header", &kHeaders, "each of these headers is there and says this"},
    Key{"body", &kRegex, "found anywhere in the body (RE2 syntax)"},
    Key{"json", &kJsonRulesShape, "what the JSON body says at these JSON Pointers"},
};

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool same_header(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, {}, lower, lower);
}

}  // namespace

constinit const Shape kHttpJudgeShape{
    .kind = Shape::Kind::object,
    .doc = "what the answer must look like: status, within, header, body, json",
    .keys = kJudgeKeys,
};

HttpJudge::HttpJudge(const ParamReader& in)
    : within_{in.duration("within")}, json_{in, in.node("json")} {
  if (const Node* status = in.node("status")) {
    if (status->kind == Node::Kind::scalar) add_status(in, *status);
    for (const Node& item : status->items) add_status(in, item);
  }
  read_headers(in);
  read_body(in);
}

void HttpJudge::default_to_success() {
  if (statuses_.empty()) statuses_.push_back({200, 299, "2xx"});
}

void HttpJudge::add_status(const ParamReader& in, const Node& node) {
  const std::string& text = node.text;
  if (text.size() == 3 && text[0] >= '1' && text[0] <= '5' && lower(text[1]) == 'x' &&
      lower(text[2]) == 'x') {
    const int hundreds = (text[0] - '0') * 100;
    statuses_.push_back({hundreds, hundreds + 99, text});
    return;
  }
  const auto code = parse_integer(text);
  if (!code || *code < kStatusLeast || *code > kStatusMost) {
    return in.error_at(node.pos, "not an HTTP status: " + text,
                       "write a code from 100 to 599, or a class such as 2xx");
  }
  statuses_.push_back({static_cast<int>(*code), static_cast<int>(*code), text});
}

void HttpJudge::read_headers(const ParamReader& in) {
  const Node* table = in.node("header");
  if (table == nullptr) return;
  for (const Node::Member& member : table->members) {
    // A header's value is text, also where it looks like a number.
    Node value = member.value;
    if (value.kind == Node::Kind::scalar) value.quoted = true;
    headers_.emplace_back(member.key, ValueRule{in, value});
  }
}

void HttpJudge::read_body(const ParamReader& in) {
  const std::optional<std::string> text = in.text("body");
  if (!text) return;
  std::string error;
  body_ = Pattern::compile(*text, error);
  if (!body_) in.error("body", "not a regular expression: " + error);
}

std::optional<Miss> HttpJudge::check(const HttpAnswer& answer) const {
  if (auto miss = check_status(answer.status)) return miss;
  if (auto miss = late(within_, answer.took)) return miss;
  if (auto miss = check_headers(answer)) return miss;
  if (auto miss = check_body(answer.body)) return miss;
  return json_.check(answer.body);
}

std::optional<Miss> HttpJudge::check_status(int status) const {
  const auto covers = [&](const StatusRange& range) {
    return status >= range.first && status <= range.last;
  };
  if (statuses_.empty() || std::ranges::any_of(statuses_, covers)) return std::nullopt;
  std::string wanted;
  for (const StatusRange& range : statuses_) {
    wanted.append(wanted.empty() ? "" : " or ").append(range.words);
  }
  return Miss{"status " + std::to_string(status) + ", expected " + wanted, {}};
}

std::optional<Miss> HttpJudge::check_headers(const HttpAnswer& answer) const {
  for (const auto& [name, test] : headers_) {
    const auto is_it = [&wanted = name](const auto& header) {
      return same_header(header.first, wanted);
    };
    const auto found = std::ranges::find_if(answer.headers, is_it);
    if (found == answer.headers.end()) {
      return Miss{"header " + name + " is missing", "header " + name + " is missing"};
    }
    const Value value = found->second;
    if (const auto miss = test.miss(value)) {
      return Miss{"header " + name + ' ' + *miss, name + ": " + found->second};
    }
  }
  return std::nullopt;
}

std::optional<Miss> HttpJudge::check_body(const std::string& body) const {
  if (!body_ || body_->found_in(body)) return std::nullopt;
  return Miss{"body does not match " + body_->text(), "body: " + body};
}

}  // namespace blackstart
