#include "scenario/library.h"

#include <algorithm>
#include <tuple>
#include <vector>

#include "blackstart/params.h"
#include "scenario/embedded.h"

namespace blackstart {
namespace {

// What follows `title:` at the start of a line; the library writes it plainly.
std::string_view title_of(std::string_view text) {
  constexpr std::string_view kKey = "\ntitle: ";
  const std::size_t at = text.find(kKey);
  if (at == std::string_view::npos) return {};
  text.remove_prefix(at + kKey.size());
  return text.substr(0, text.find('\n'));
}

std::vector<LibraryScenario> make_library() {
  std::vector<LibraryScenario> all;
  for (const EmbeddedFile& file : embedded_files()) {
    all.push_back({file.name, file.folder, title_of(file.text), file.text});
  }
  std::ranges::sort(all, [](const LibraryScenario& a, const LibraryScenario& b) {
    return std::tie(a.folder, a.name) < std::tie(b.folder, b.name);
  });
  return all;
}

}  // namespace

std::span<const LibraryScenario> library_scenarios() {
  static const std::vector<LibraryScenario> kAll = make_library();
  return kAll;
}

const LibraryScenario* find_library_scenario(std::string_view name) {
  const auto all = library_scenarios();
  const auto found = std::ranges::find(all, name, &LibraryScenario::name);
  return found == all.end() ? nullptr : &*found;
}

std::optional<SourceText> library_source(std::string_view name) {
  const LibraryScenario* const found = find_library_scenario(name);
  if (found == nullptr) return std::nullopt;
  return SourceText{"library:" + std::string{name}, std::string{found->text}};
}

std::string nearest_library_scenario(std::string_view name) {
  std::vector<std::string_view> names;
  for (const LibraryScenario& one : library_scenarios()) names.push_back(one.name);
  return nearest(name, names);
}

}  // namespace blackstart
