#include "scenario/hints.h"

#include "blackstart/params.h"

namespace blackstart {

std::string did_you_mean(std::string_view word, const std::vector<std::string_view>& candidates,
                         const Diagnostics& so_far) {
  constexpr std::size_t kHintsMax = 100;
  if (so_far.size() >= kHintsMax) return {};
  const std::string meant = nearest(word, candidates);
  return meant.empty() ? meant : "did you mean '" + meant + "'?";
}

std::string in_quotes(std::string_view text) {
  constexpr std::size_t kShownMax = 60;
  if (text.size() <= kShownMax) return "'" + std::string{text} + "'";
  std::size_t end = kShownMax;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return "'" + std::string{text.substr(0, end)} + "…'";
}

std::string listed(const std::vector<std::string_view>& words, std::string_view last) {
  std::string out;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i > 0) out.append(i + 1 == words.size() ? " " + std::string{last} + " " : ", ");
    out.append(words[i]);
  }
  return out;
}

}  // namespace blackstart
