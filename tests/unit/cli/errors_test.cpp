#include "cli/errors.h"

#include <gtest/gtest.h>

#include <new>
#include <system_error>

#include "blackstart/report.h"

namespace blackstart::cli {
namespace {

TEST(CarryOutSafely, ReturnsWhatTheVerbReturns) {
  EXPECT_EQ(carry_out_safely([] { return 5; }), 5);
}

TEST(CarryOutSafely, AVerbsOwnRefusalKeepsItsExitCodeAndItsWords) {
  testing::internal::CaptureStderr();
  EXPECT_EQ(carry_out_safely([]() -> int {
              throw CommandError{exit_code::usage, "no such file"};
            }),
            exit_code::usage);
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "blackstart: no such file\n");
}

TEST(CarryOutSafely, WhatTheMachineRefusesIsExitThreeAndNamesDoctor) {
  testing::internal::CaptureStderr();
  EXPECT_EQ(carry_out_safely([]() -> int {
              throw std::system_error{EPERM, std::system_category(), "bind(127.0.0.1:53)"};
            }),
            exit_code::machine);
  const std::string said = testing::internal::GetCapturedStderr();
  EXPECT_NE(said.find("bind(127.0.0.1:53): Operation not permitted"), std::string::npos) << said;
  EXPECT_NE(said.find("try: blackstart doctor"), std::string::npos) << said;
}

TEST(CarryOutSafely, AnythingElseIsOurOwnFault) {
  testing::internal::CaptureStderr();
  EXPECT_EQ(carry_out_safely([]() -> int { throw std::bad_alloc{}; }), exit_code::internal_error);
  EXPECT_NE(testing::internal::GetCapturedStderr().find("internal error"), std::string::npos);
}

}  // namespace
}  // namespace blackstart::cli
