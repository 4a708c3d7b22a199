#pragma once

// Sorted sets of places in scenario files.

#include <algorithm>
#include <tuple>
#include <vector>

#include "blackstart/diagnostic.h"

namespace blackstart {

// The order in which a reader meets places: by file, then line, then column.
inline bool comes_before(SourcePos a, SourcePos b) {
  return std::tie(a.file, a.line, a.column) < std::tie(b.file, b.line, b.column);
}

inline void sort_places(std::vector<SourcePos>& places) {
  std::ranges::sort(places, comes_before);
  places.erase(std::unique(places.begin(), places.end()), places.end());
}

inline bool is_among(const std::vector<SourcePos>& places, SourcePos pos) {
  return std::ranges::binary_search(places, pos, comes_before);
}

}  // namespace blackstart
