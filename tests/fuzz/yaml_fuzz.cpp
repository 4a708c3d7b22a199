// Any bytes as a scenario file: an error or a scenario, never a crash; and what a scenario
// resolves to is a scenario again.

#include <cstdint>

#include "fault/registry.h"
#include "probe/registry.h"
#include "scenario/library.h"
#include "scenario/loader.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace blackstart;
  const Kinds kinds{fault_kinds(), probe_kinds()};
  LoadOptions options;
  options.library = library_source;
  const std::string text{reinterpret_cast<const char*>(data), size};
  const Loaded loaded = load({"fuzz.yaml", text}, kinds, options);
  for (const Diagnostic& one : loaded.diagnostics) render(one, loaded.sources);
  if (!loaded.scenario) return 0;
  const Loaded again = load({"again.json", loaded.scenario->resolved}, kinds, {});
  if (!again.scenario || again.scenario->resolved != loaded.scenario->resolved) __builtin_trap();
  return 0;
}
