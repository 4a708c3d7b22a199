#pragma once

// What an HTTP answer must look like.

#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "blackstart/params.h"
#include "blackstart/shape.h"
#include "probe/json_rules.h"
#include "probe/judge.h"
#include "probe/pattern.h"
#include "probe/value_rule.h"

namespace blackstart {

struct HttpAnswer {
  int status = 0;
  std::vector<std::pair<std::string, std::string>> headers;  // of the last response, as it came
  std::string body;                                          // empty where no judge looks at it
  Duration took{};  // from the sample's start to the body's end
};

// `expect` or `truth` of an http probe.
class HttpJudge {
 public:
  // Reads a mapping of shape kHttpJudgeShape. Mistakes are reported to `in`.
  explicit HttpJudge(const ParamReader& in);

  // Where no status was asked for, any 2xx is the one.
  void default_to_success();

  // The first thing amiss, in the order: status, within, header, body, json.
  std::optional<Miss> check(const HttpAnswer& answer) const;

  bool looks_at_body() const { return body_.has_value() || !json_.empty(); }

 private:
  struct StatusRange {
    int first, last;
    std::string words;
  };

  void add_status(const ParamReader& in, const Node& node);
  void read_headers(const ParamReader& in);
  void read_body(const ParamReader& in);
  std::optional<Miss> check_status(int status) const;
  std::optional<Miss> check_headers(const HttpAnswer& answer) const;
  std::optional<Miss> check_body(const std::string& body) const;

  std::vector<StatusRange> statuses_;
  std::optional<Duration> within_;
  std::vector<std::pair<std::string, ValueRule>> headers_;
  std::optional<Pattern> body_;
  JsonRules json_;
};

extern const Shape kHttpJudgeShape;

}  // namespace blackstart
