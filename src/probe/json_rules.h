#pragma once

// What a JSON body must say at certain places.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "blackstart/params.h"
#include "blackstart/shape.h"
#include "probe/judge.h"
#include "probe/value_rule.h"

namespace blackstart {

// `{/balance: 42.5, /items/0/price: {gt: 0}}`: JSON Pointers (RFC 6901) to conditions.
class JsonRules {
 public:
  JsonRules() = default;

  // `table` has the shape kJsonRulesShape; null: no conditions. Mistakes are reported to `in`.
  JsonRules(const ParamReader& in, const Node* table);

  bool empty() const { return rules_.empty(); }

  // The first condition, in the scenario's order, that the body does not meet: it is no JSON,
  // the place is missing, or its value is another.
  std::optional<Miss> check(std::string_view body) const;

 private:
  struct Rule {
    std::string pointer;
    ValueRule value;
  };
  std::vector<Rule> rules_;
};

extern const Shape kJsonRulesShape;

}  // namespace blackstart
