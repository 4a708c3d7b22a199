#pragma once

// Regular expressions over what services send.

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace re2 {
class RE2;
}

namespace blackstart {

// RE2 syntax (that of Go; no back-references, no look-around), compiled once. Time is linear
// in the text for any pattern and any text: a body must not be able to hold up the loop, which
// also keeps the faults' heartbeat. std::regex takes exponential time and deep recursion.
class Pattern {
 public:
  // nullopt where it does not compile; `error` then says why.
  static std::optional<Pattern> compile(std::string_view text, std::string& error);

  // Anywhere in the text; anchor with ^ and $.
  bool found_in(std::string_view text) const;
  const std::string& text() const;

 private:
  explicit Pattern(std::shared_ptr<const re2::RE2> compiled) : compiled_{std::move(compiled)} {}
  std::shared_ptr<const re2::RE2> compiled_;
};

}  // namespace blackstart
