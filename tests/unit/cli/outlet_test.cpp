#include "cli/outlet.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <string>

#include "sys/fd.h"

namespace blackstart::cli {
namespace {

// Standard output is a pipe for the length of a test.
class PipedOutput {
 public:
  PipedOutput() : saved_{::dup(STDOUT_FILENO)} {
    int ends[2];
    check("pipe", ::pipe2(ends, O_CLOEXEC));
    reader_ = UniqueFd{ends[0]};
    const UniqueFd writer{ends[1]};
    check("dup2", ::dup2(writer.get(), STDOUT_FILENO));
    check("fcntl", ::fcntl(reader_.get(), F_SETFL, O_NONBLOCK));
  }
  ~PipedOutput() { ::dup2(saved_.get(), STDOUT_FILENO); }

  std::string read_all() {
    std::string text(1 << 20, '\0');
    const ssize_t size = ::read(reader_.get(), text.data(), text.size());
    text.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
    return text;
  }

 private:
  UniqueFd saved_, reader_;
};

TEST(Outlet, APipeThatNobodyReadsHoldsUpNobodyAndLosesNoLine) {
  PipedOutput pipe;
  Outlet outlet;
  const std::string much(300'000, 'x');  // more than a pipe takes
  outlet.write(much);
  outlet.write("the last line\n");

  std::string got;
  for (int i = 0; i < 20; ++i) {
    got += pipe.read_all();
    outlet.flush();
  }
  EXPECT_EQ(got, much + "the last line\n");
}

TEST(Outlet, AFrameIsDroppedWhileAnEarlierOneWaits) {
  PipedOutput pipe;
  Outlet outlet;
  outlet.write(std::string(300'000, 'x'));
  outlet.draw("FRAME");

  std::string got;
  for (int i = 0; i < 20; ++i) {
    got += pipe.read_all();
    outlet.flush();
  }
  EXPECT_EQ(got.find("FRAME"), std::string::npos);
  outlet.draw("FRAME");
  EXPECT_EQ(pipe.read_all(), "FRAME");
}

TEST(Outlet, APipeIsNoTerminalAndStaysBlockingForTheShell) {
  PipedOutput pipe;
  Outlet outlet;
  EXPECT_FALSE(outlet.is_terminal());
  EXPECT_EQ(outlet.columns(), 80);
  EXPECT_EQ(::fcntl(STDOUT_FILENO, F_GETFL) & O_NONBLOCK, 0);
}

}  // namespace
}  // namespace blackstart::cli
