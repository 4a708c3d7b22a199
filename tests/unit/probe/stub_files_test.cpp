#include "probe/stub_files.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "support/temp_files.h"

namespace blackstart {
namespace {

TEST(StubFiles, AreReadAgainWhenTheyHaveChanged) {
  const test::TempDir dir;
  StubFiles files{dir.write("resolv.conf", "options ndots:2"), dir.write("hosts", "::1 a")};
  EXPECT_EQ(files.config().ndots, 2U);
  EXPECT_EQ(files.hosts().count("a"), 1U);
  dir.write("resolv.conf", "options ndots:10");
  dir.write("hosts", "::1 longer");
  EXPECT_EQ(files.config().ndots, 10U);
  EXPECT_EQ(files.hosts().count("a"), 0U);
  EXPECT_EQ(files.hosts().count("longer"), 1U);
}

TEST(StubFiles, CountAsEmptyWhereTheyAreNot) {
  const test::TempDir dir;
  StubFiles files{dir.write("resolv.conf", "options ndots:2"), dir.path() + "/hosts"};
  EXPECT_TRUE(files.hosts().empty());
  EXPECT_EQ(files.config().ndots, 2U);
  std::filesystem::remove(dir.path() + "/resolv.conf");
  EXPECT_EQ(files.config().ndots, StubConfig{}.ndots);
  dir.write("hosts", "::1 a");
  EXPECT_EQ(files.hosts().count("a"), 1U);
}

}  // namespace
}  // namespace blackstart
