#pragma once

// Holds a located tree against a Shape and says everything that is wrong with it.

#include <vector>

#include "blackstart/diagnostic.h"
#include "blackstart/node.h"
#include "blackstart/shape.h"
#include "scenario/places.h"

namespace blackstart {

// Reports every mistake below `root`, and removes from the tree what it refused, so that a
// reader of the tree sees only what is sound and nobody reports the same mistake again. Values
// at the places in `refused` (sorted) were refused before: removed without a word.
//
// Returns the places of the mappings that something was removed from, or that lack a required
// key, sorted: a reader's complaint that such a mapping is incomplete is no news.
std::vector<SourcePos> check(Node& root, const Shape& shape, const std::vector<SourcePos>& refused,
                             Diagnostics& diagnostics);

}  // namespace blackstart
