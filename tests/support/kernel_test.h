#pragma once

// A test on the real kernel, in a network namespace of its own.

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>

#include "netlink/link.h"
#include "support/other_netns.h"
#include "sys/fd.h"
#include "sys/netns.h"

namespace blackstart {

// What a command printed, both streams, and how it ended.
struct CommandResult {
  int status = -1;
  std::string output;
};

// Runs a shell command in the calling thread's namespace.
inline CommandResult shell(const std::string& command) {
  CommandResult result;
  FILE* pipe = ::popen((command + " 2>&1").c_str(), "re");
  if (pipe == nullptr) return result;
  std::array<char, 4096> buffer{};
  while (const std::size_t size = std::fread(buffer.data(), 1, buffer.size(), pipe)) {
    result.output.append(buffer.data(), size);
  }
  result.status = ::pclose(pipe);
  return result;
}

// Moves the test's thread into a fresh network namespace (lo is down), so that it can break
// anything and needs no cleanup.
class KernelTest : public ::testing::Test {
 protected:
  void SetUp() override {
    home_ = open_own_netns();
    if (::unshare(CLONE_NEWNET) != 0) skip("needs CAP_SYS_ADMIN to make a network namespace");
  }

  // A later test in this process must not inherit a network whose loopback is down.
  void TearDown() override { check("setns(home)", ::setns(home_.get(), CLONE_NEWNET)); }

  // Skips the test, or fails it where CI says that nothing may be skipped. Return after it.
  static void skip(const std::string& reason) {
    if (std::getenv("BLACKSTART_NO_SKIP") != nullptr) FAIL() << reason;
    GTEST_SKIP() << reason;
  }

  // Skips a test of something that not every kernel has, in CI as well: tests/vm/where-ran fails
  // unless another kernel has run it. Return after it.
  static void skip_on_this_kernel(const std::string& lacking) {
    GTEST_SKIP() << "this kernel lacks " << lacking;
  }

  static void loopback_up() { netlink::RouteSocket{}.set_up("lo"); }

  const UniqueFd& home() const { return home_; }

 private:
  UniqueFd home_;
};

}  // namespace blackstart
