#include "sys/sandbox_files.h"

#include <gtest/gtest.h>

namespace blackstart {
namespace {

TEST(SandboxFiles, HostsAreLookedUpInFilesAndDnsOnly) {
  EXPECT_EQ(with_hosts_from_files_and_dns("passwd: files\n"
                                          "hosts: files resolve [!UNAVAIL=return] dns\n"
                                          "# hosts: a comment\n"
                                          "networks: files"),
            "passwd: files\n# hosts: a comment\nnetworks: files\nhosts: files dns\n");
}

TEST(SandboxFiles, AnIndentedHostsLineCountsToo) {
  EXPECT_EQ(with_hosts_from_files_and_dns("  hosts: mymachines\n"), "hosts: files dns\n");
}

TEST(SandboxFiles, AnEmptyFileGetsTheLineAllTheSame) {
  EXPECT_EQ(with_hosts_from_files_and_dns(""), "hosts: files dns\n");
}

TEST(SandboxFiles, LinesAreAddedOnLinesOfTheirOwn) {
  EXPECT_EQ(with_lines("127.0.0.1 localhost", {"10.0.0.1 a", "10.0.0.2 b"}),
            "127.0.0.1 localhost\n10.0.0.1 a\n10.0.0.2 b\n");
  EXPECT_EQ(with_lines("127.0.0.1 localhost\n", {"10.0.0.1 a"}),
            "127.0.0.1 localhost\n10.0.0.1 a\n");
  EXPECT_EQ(with_lines("", {}), "");
}

}  // namespace
}  // namespace blackstart
