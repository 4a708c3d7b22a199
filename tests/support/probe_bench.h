#pragma once

// Runs single checks of probes to their end, on a loop of its own.

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "probe/host.h"
#include "probe/registry.h"
#include "support/json_node.h"
#include "sys/clock.h"

namespace blackstart::test {

inline const ProbeKind& probe_kind(std::string_view name) {
  for (const ProbeKind* kind : probe_kinds()) {
    if (kind->name == name) return *kind;
  }
  throw std::out_of_range{std::string{name}};
}

// A check of a probe mapping written as JSON, and the mistakes found in it. The kind is the
// mapping's first key.
struct ParsedProbe {
  std::unique_ptr<const ProbeCheck> check;
  Diagnostics mistakes;
  Node node;
};

inline ParsedProbe parse_probe(std::string_view json) {
  ParsedProbe parsed;
  parsed.node = node_of(json);
  const ParamReader reader{parsed.node, parsed.mistakes};
  parsed.check = probe_kind(parsed.node.members.at(0).key).parse(reader);
  return parsed;
}

class ProbeBench {
 public:
  explicit ProbeBench(ProbePlace place = {}) : host_{loop_, clock_, std::move(place)} {}

  ProbeHost& host() { return host_; }
  boost::asio::io_context& loop() { return loop_; }
  const MonotonicClock& clock() const { return clock_; }

  CheckResult run(const ProbeCheck& check, Duration timeout = std::chrono::seconds{2}) {
    std::optional<CheckResult> result;
    check.start(host_, timeout, [&](CheckResult answer) {
      EXPECT_FALSE(result) << "answered twice";
      result = std::move(answer);
    });
    EXPECT_FALSE(result) << "answered before start() returned";
    loop_.restart();
    while (!result && loop_.run_one() != 0) {
    }
    EXPECT_TRUE(result) << "never answered";
    return result.value_or(CheckResult{});
  }

  // Of a probe mapping written as JSON, which must have no mistake.
  CheckResult run(std::string_view json, Duration timeout = std::chrono::seconds{2}) {
    const ParsedProbe parsed = parse_probe(json);
    for (const Diagnostic& mistake : parsed.mistakes) ADD_FAILURE() << mistake.message;
    return run(*parsed.check, timeout);
  }

 private:
  boost::asio::io_context loop_;
  MonotonicClock clock_;
  ProbeHost host_;
};

}  // namespace blackstart::test
