#include "scenario/language.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "fault/registry.h"
#include "probe/registry.h"
#include "support/key_tables.h"

// covers scenario/fixed_shapes

namespace blackstart {
namespace {

TEST(Language, IsDocumentedKeyByKey) {
  const Language language{{fault_kinds(), probe_kinds()}};
  std::ifstream in{BLACKSTART_SOURCE_DIR "/docs/scenario-format.md"};
  std::ostringstream document;
  document << in.rdbuf();

  std::istringstream lines{key_tables(language.top())};
  for (std::string line; std::getline(lines, line);) {
    EXPECT_NE(document.str().find(line + "\n"), std::string::npos)
        << "docs/scenario-format.md lacks this line:\n"
        << line;
  }
}

}  // namespace
}  // namespace blackstart
