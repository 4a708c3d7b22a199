#pragma once

// Typed, located reading of one mapping of a scenario.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "blackstart/diagnostic.h"
#include "blackstart/node.h"
#include "blackstart/time.h"
#include "blackstart/units.h"

namespace blackstart {

// Reads a mapping that was already checked against its Shape. A key that is absent, or that
// the check has refused, reads as nullopt (or as the fallback): a mistake is reported once,
// by the check, and reading goes on so that all mistakes of a file are found in one run.
//
// What only the reader can know (two keys that exclude each other, a value that is no
// address) is reported through error(). Not thread-safe; does not own the node.
class ParamReader {
 public:
  ParamReader(const Node& map, Diagnostics& diagnostics) : map_{&map}, diagnostics_{&diagnostics} {}

  bool has(std::string_view key) const { return map_->find(key) != nullptr; }
  const Node* node(std::string_view key) const { return map_->find(key); }
  const Node& map() const { return *map_; }

  std::optional<std::string> text(std::string_view key) const;
  std::optional<bool> boolean(std::string_view key) const;
  std::optional<std::int64_t> integer(std::string_view key) const;
  std::optional<double> number(std::string_view key) const;
  std::optional<Duration> duration(std::string_view key) const;
  std::optional<Probability> share(std::string_view key) const;
  std::optional<Bandwidth> rate(std::string_view key) const;

  // The texts of a list of scalars; a single scalar reads as a list of one.
  std::vector<std::string> texts(std::string_view key) const;

  // A reader of the mapping under `key`; of an empty mapping where there is none.
  ParamReader inner(std::string_view key) const;

  // Reports a mistake at the value of `key`, or at the mapping where the key is absent.
  void error(std::string_view key, std::string message, std::string hint = {}) const;
  void error_at(SourcePos pos, std::string message, std::string hint = {}) const;

 private:
  const Node* map_;
  Diagnostics* diagnostics_;
};

// The scalar readers behind it: nullopt where the text is not of that form. Units as in the
// scenario language (docs/scenario-format.md).
std::optional<Duration> parse_duration(std::string_view text);  // 250ms, 1m30s, 2d; also 0s
std::optional<Probability> parse_share(std::string_view text);  // 99.5%
std::optional<Bandwidth> parse_rate(std::string_view text);     // 50mbit, 3MiB/s
std::optional<std::int64_t> parse_integer(std::string_view text);
std::optional<double> parse_number(std::string_view text);

// The way round, in the shortest exact form: 90s is "1m30s".
std::string duration_text(Duration span);

// The candidate nearest to `word` by edit distance, or empty when none is near enough to be
// what was meant.
std::string nearest(std::string_view word, const std::vector<std::string_view>& candidates);

}  // namespace blackstart
