#include "sys/clock.h"

#include <ctime>

#include <array>
#include <cstdio>

namespace blackstart {
namespace {

Duration reading_of(clockid_t clock) {
  timespec now{};
  ::clock_gettime(clock, &now);
  return std::chrono::seconds{now.tv_sec} + std::chrono::nanoseconds{now.tv_nsec};
}

}  // namespace

MonotonicClock::MonotonicClock() : origin_{reading_of(CLOCK_MONOTONIC)} {}

RunTime MonotonicClock::now() const { return {reading_of(CLOCK_MONOTONIC) - origin_}; }

Duration packet_stamp_now() { return reading_of(CLOCK_REALTIME); }

std::string wall_clock_text() {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  tm parts{};
  ::gmtime_r(&now.tv_sec, &parts);
  std::array<char, 32> text{};
  const std::size_t length = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &parts);
  std::array<char, 32> millis{};
  std::snprintf(millis.data(), millis.size(), ".%03ldZ", now.tv_nsec / 1'000'000);
  return std::string{text.data(), length} + millis.data();
}

}  // namespace blackstart
