#pragma once

// The shapes that many kinds share, so that "a duration" is one thing everywhere.

#include "blackstart/limits.h"
#include "blackstart/shape.h"

namespace blackstart::shapes {

inline constexpr Shape kText{.kind = Shape::Kind::text, .doc = "text"};
inline constexpr Shape kBoolean{.kind = Shape::Kind::boolean, .doc = "true or false"};
inline constexpr Shape kLiteral{.kind = Shape::Kind::literal,
                                .doc = "a text, number, boolean or null"};
inline constexpr Shape kShare{
    .kind = Shape::Kind::share, .doc = "a share, such as 99%", .least = 0, .most = 100};
inline constexpr Shape kRate{.kind = Shape::Kind::rate, .doc = "a rate, such as 50mbit or 3MiB/s"};
inline constexpr Shape kTexts{
    .kind = Shape::Kind::list, .doc = "a list of texts", .item = &kText, .or_single = true};

// Zero is a duration too: `baseline: 0s` asks for none.
inline constexpr Shape kDuration{.kind = Shape::Kind::duration,
                                 .doc = "a duration, such as 1m30s",
                                 .least = 0,
                                 .most = 30.0 * 24 * 3600 * 1e9};
inline constexpr Shape kPositiveDuration{.kind = Shape::Kind::duration,
                                         .doc = "a duration of more than zero, such as 30s",
                                         .least = 1,
                                         .most = 30.0 * 24 * 3600 * 1e9};
inline constexpr Shape kCount{
    .kind = Shape::Kind::integer, .doc = "a count", .least = 0, .most = 1e12};

}  // namespace blackstart::shapes
