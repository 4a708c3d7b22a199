#include "sys/text_file.h"

#include <gtest/gtest.h>

#include "support/temp_files.h"

namespace blackstart::test {
namespace {

TEST(TextFile, ReadsAllOfIt) {
  const TempDir folder;
  const std::string text(10'000, 'x');
  EXPECT_EQ(read_text(folder.write("long", text)), text);
  EXPECT_EQ(read_text(folder.write("empty", "")), "");
}

TEST(TextFile, IsNothingWhereNoneCanBeOpened) {
  EXPECT_EQ(read_text("/nowhere/at/all"), std::nullopt);
}

// As of a process that goes while its /proc is read.
TEST(TextFile, IsWhatCouldBeReadWhereReadingFails) { EXPECT_EQ(read_text("/"), ""); }

}  // namespace
}  // namespace blackstart::test
