#include "sys/process_usage.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include "sys/fd.h"

namespace blackstart {
namespace {

TEST(ProcessUsage, CountsThisProcess) {
  const ProcessUsage before = process_usage();
  EXPECT_GT(before.resident_bytes, 100'000);
  EXPECT_GT(before.virtual_bytes, before.resident_bytes);
  EXPECT_GT(before.started_seconds, 1.6e9);
  EXPECT_GE(before.cpu_seconds, 0);
  const UniqueFd one_more{::open("/dev/null", O_RDONLY | O_CLOEXEC)};
  EXPECT_EQ(process_usage().files_open, before.files_open + 1);
}

TEST(OpenFilesLimit, IsRaisedToTheMost) {
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  rlimit low = before;
  low.rlim_cur = 256;
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &low), 0);
  raise_open_files_limit();
  EXPECT_EQ(process_usage().files_max, static_cast<double>(before.rlim_max));
  EXPECT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
}

}  // namespace
}  // namespace blackstart
