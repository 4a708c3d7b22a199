// Any bytes as journal lines: nothing is thrown, and what is read can be written and read again
// without a change. The events then go through the analysis, which must take any order of them.

#include <cstdint>
#include <string>
#include <string_view>

#include "blackstart/limits.h"
#include "core/analysis.h"
#include "report/journal.h"

namespace {

using namespace blackstart;

Scenario watched() {
  Scenario scenario;
  scenario.probes.resize(2);
  scenario.objectives[0] = Objective{};
  scenario.timeline.resize(1);
  return scenario;
}

void read_again(const RunEvent& event) {
  std::string first, second;
  append_line(first, event);
  const ParsedLine parsed = parse_line(std::string_view{first}.substr(0, first.size() - 1));
  BS_ASSERT(parsed.kind == ParsedLine::Kind::event);
  append_line(second, *parsed.event);
  BS_ASSERT(first == second);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view rest{reinterpret_cast<const char*>(data), size};
  Analysis analysis{watched()};
  while (!rest.empty()) {
    const auto end = std::min(rest.find('\n'), rest.size());
    const ParsedLine parsed = parse_line(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (parsed.kind != ParsedLine::Kind::event) continue;
    read_again(*parsed.event);
    analysis.add(*parsed.event);
  }
  BS_ASSERT(!analysis.report().sentence.empty());
  return 0;
}
