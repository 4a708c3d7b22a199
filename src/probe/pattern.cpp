#include "probe/pattern.h"

#include <re2/re2.h>

namespace blackstart {

std::optional<Pattern> Pattern::compile(std::string_view text, std::string& error) {
  RE2::Options options;
  options.set_log_errors(false);
  auto compiled = std::make_shared<const RE2>(re2::StringPiece{text.data(), text.size()}, options);
  if (compiled->ok()) return Pattern{std::move(compiled)};
  error = compiled->error();
  return std::nullopt;
}

bool Pattern::found_in(std::string_view text) const {
  return RE2::PartialMatch(re2::StringPiece{text.data(), text.size()}, *compiled_);
}

const std::string& Pattern::text() const { return compiled_->pattern(); }

}  // namespace blackstart
