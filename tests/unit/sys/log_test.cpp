#include "sys/log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace blackstart {
namespace {

using testing::ElementsAre;
using testing::Pair;

class Log : public testing::Test {
 protected:
  Log() {
    set_log_sink([this](LogLevel level, std::string_view line, std::string_view caller) {
      heard_.emplace_back(level, line);
      caller_ = caller;
    });
  }
  ~Log() override {
    set_log_sink({});
    set_log_level(LogLevel::warning);
  }

  std::vector<std::pair<LogLevel, std::string>> heard_;
  std::string caller_;
};

TEST_F(Log, KnowsWhoSaidIt) {
  log_error("a");
  EXPECT_THAT(caller_, testing::EndsWith("unit/sys/log_test.cpp:" + std::to_string(__LINE__ - 1)));
}

TEST_F(Log, KeepsQuietAboutLessThanWarningsUntilAsked) {
  log_error("a");
  log_warning("b");
  log_info("c");
  log_debug("d");
  EXPECT_THAT(heard_, ElementsAre(Pair(LogLevel::error, "a"), Pair(LogLevel::warning, "b")));
}

TEST_F(Log, SaysMoreAndLessAsTold) {
  set_log_level(LogLevel::debug);
  log_info("c");
  log_debug("d");
  set_log_level(LogLevel::error);
  log_warning("b");
  EXPECT_THAT(heard_, ElementsAre(Pair(LogLevel::info, "c"), Pair(LogLevel::debug, "d")));
}

TEST_F(Log, TakesBracesForWhatTheyAre) {
  log_error("{} is {0:not} a format {");
  EXPECT_THAT(heard_, ElementsAre(Pair(LogLevel::error, "{} is {0:not} a format {")));
}

TEST_F(Log, GoesBackToStandardErrorWithoutASink) {
  set_log_sink({});
  testing::internal::CaptureStderr();
  log_warning("the last packet");
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "blackstart: warning: the last packet\n");
  EXPECT_TRUE(heard_.empty());
}

}  // namespace
}  // namespace blackstart
