#pragma once

// The scenario language as one table: what the checker, the loader, the JSON Schema and the
// documentation are made from.

#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "blackstart/scenario.h"
#include "blackstart/shape.h"

namespace blackstart {

// Which kinds of faults and probes there are is known only to the folders above, so the table is
// put together when the program starts. Owns the shapes that it makes; those of `kinds` are
// referred to and must outlive it.
class Language {
 public:
  explicit Language(const Kinds& kinds);
  Language(const Language&) = delete;
  Language& operator=(const Language&) = delete;

  // A whole file.
  const Shape& top() const { return *top_; }

 private:
  const Shape* object(std::string_view doc, std::vector<Key> keys);
  const Shape* either(std::string_view doc, std::vector<const Shape*> options);
  const Shape* table(std::string_view doc, const Shape* item);
  const Shape* list(std::string_view doc, const Shape* item, bool or_single);
  std::string_view text(std::string text);

  const Shape* timeline(const Kinds& kinds);
  const Shape* probe(const Kinds& kinds, bool is_for_stack);
  const Shape* stack(const Kinds& kinds);

  std::deque<Shape> shapes_;
  std::deque<std::vector<Key>> keys_;
  std::deque<std::vector<const Shape*>> options_;
  std::deque<std::string> texts_;
  const Shape* top_ = nullptr;
};

}  // namespace blackstart
