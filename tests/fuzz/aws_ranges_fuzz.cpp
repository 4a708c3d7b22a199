// Any bytes as an ip-ranges file: it is read, or refused with a reason, and what was read is
// prefixes of a region and a service.

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

#include "blackstart/limits.h"
#include "scenario/aws_ranges.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace blackstart;
  AwsRanges ranges;
  try {
    ranges = read_aws_ranges({reinterpret_cast<const char*>(data), size});
  } catch (const std::runtime_error& error) {
    BS_ASSERT(!std::string{error.what()}.empty());
    return 0;
  }
  for (const AwsPrefix& one : ranges.prefixes) {
    BS_ASSERT(parse_prefix(to_text(one.prefix)) == one.prefix);
    const std::size_t own = ranges.select({one.region}, {one.service}).size();
    BS_ASSERT(own > 0 && own <= ranges.prefixes.size());
  }
  return 0;
}
