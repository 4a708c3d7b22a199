#include "sys/fd.h"

#include <gtest/gtest.h>

namespace blackstart {
namespace {

TEST(UniqueFd, HasADuplicateThatNoChildInherits) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const UniqueFd in{ends[0]}, out{ends[1]};
  const UniqueFd again = duplicate(out.get());
  EXPECT_NE(again.get(), out.get());
  EXPECT_EQ(::fcntl(again.get(), F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
  ASSERT_EQ(::write(again.get(), "x", 1), 1);
  char got = 0;
  EXPECT_EQ(::read(in.get(), &got, 1), 1);
  EXPECT_EQ(got, 'x');
}

TEST(UniqueFd, SaysWhatWasTriedWhereThereIsNothingToDuplicate) {
  EXPECT_THROW(duplicate(-1), std::system_error);
}

}  // namespace
}  // namespace blackstart
