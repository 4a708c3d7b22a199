#include "sys/process_tree.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/fd.h"

namespace blackstart {
namespace {

using ::testing::Contains;
using ::testing::Field;
using ::testing::Not;
using ::testing::SizeIs;

TEST(ProcessTree, BeginsWithOurselvesAndOurParent) {
  const auto ancestry = process_ancestry();
  ASSERT_GE(ancestry.size(), 2U);
  EXPECT_EQ(ancestry[0].pid, ::getpid());
  EXPECT_EQ(ancestry[1].pid, ::getppid());
  EXPECT_EQ(ancestry[0].name, "unit_sys_tests");
}

TEST(ProcessTree, SeesAllProcesses) {
  EXPECT_THAT(all_processes(), Contains(Field(&ProcessName::pid, ::getpid())));
}

TEST(ProcessTree, ReadsWhatAProcessWasStartedWith) {
  const char* const path = ::getenv("PATH");
  ASSERT_NE(path, nullptr);
  EXPECT_EQ(started_with(::getpid(), "PATH"), path);
  EXPECT_EQ(started_with(::getpid(), "PAT"), std::nullopt);
  EXPECT_EQ(started_with(0, "PATH"), std::nullopt) << "no such process";
}

TEST(ProcessTree, ListsTheSocketsOfAProcess) {
  const UniqueFd socket{check("socket", ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0))};
  struct stat file {};
  check("fstat", ::fstat(socket.get(), &file));
  EXPECT_THAT(sockets_of(::getpid()), Contains(file.st_ino));
  EXPECT_THAT(sockets_of(0), SizeIs(0)) << "no such process";
}

}  // namespace
}  // namespace blackstart
