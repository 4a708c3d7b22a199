#pragma once

// What a piece of a scenario may look like, as a table. The checker of scenario files, the
// readers of their values and the JSON Schema all read the same tables, so they cannot drift.

#include <cstdint>
#include <limits>
#include <span>
#include <string_view>

#include "blackstart/time.h"

namespace blackstart {

struct Shape;

struct Key {
  std::string_view name;
  const Shape* shape;
  std::string_view doc;  // one line: what it means, its unit and its default
  bool required = false;
};

struct Shape {
  enum class Kind {
    text,      // any scalar
    word,      // one of `words`
    boolean,   // true, false
    integer,   // a bare count, within [least, most]
    number,    // a bare figure with no unit, within [least, most]
    duration,  // 1m30s, within [least, most] nanoseconds
    share,     // 99.5%, within [least, most] percent
    rate,      // 50 mbit, 3 MiB/s
    literal,   // any scalar, kept as JSON would (number, boolean, null or text)
    list,      // of `item`; a single value is refused unless `or_single`
    table,     // names chosen by the author, each to `item`
    object,    // exactly the keys of `keys`
    either,    // one of `options`, told apart by YAML kind, then by keys or words
  };

  Kind kind = Kind::text;
  std::string_view doc = {};  // "a duration", "a port or a range of ports": for messages
  std::span<const std::string_view> words = {};
  std::span<const Key> keys = {};
  const Shape* item = nullptr;
  bool or_single = false;
  std::span<const Shape* const> options = {};
  double least = std::numeric_limits<double>::lowest();
  double most = std::numeric_limits<double>::max();
};

}  // namespace blackstart
