#pragma once

// What is wrong with one scalar, in words that name what is allowed.

#include <optional>
#include <string>

#include "blackstart/node.h"
#include "blackstart/shape.h"

namespace blackstart {

// `message` goes on from the key's name: "must be a duration, such as 1m30s; found '30'".
struct Objection {
  std::string message;
  std::string hint;
};

// `shape` is of a scalar kind. nullopt when nothing is wrong.
std::optional<Objection> objection_to(const Node& scalar, const Shape& shape);

// Whether values of this shape are scalars.
bool is_scalar(const Shape& shape);

}  // namespace blackstart
