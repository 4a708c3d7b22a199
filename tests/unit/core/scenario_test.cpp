#include "blackstart/scenario.h"

#include <gtest/gtest.h>

// covers core/scenario

namespace blackstart {
namespace {

using namespace std::chrono_literals;

TEST(Where, ReadsAsTheAuthorWouldSayIt) {
  EXPECT_EQ(to_text(Where{}), "host");
  EXPECT_EQ(to_text(Where{Where::Kind::sandbox, "", 0}), "sandbox");
  EXPECT_EQ(to_text(Where{Where::Kind::pid, "", 4711}), "pid 4711");
  EXPECT_EQ(to_text(Where{Where::Kind::netns, "blue", 0}), "netns blue");
  EXPECT_EQ(to_text(Where{Where::Kind::container, "web", 0}), "container web");
}

Entry entry(Duration at, std::optional<Duration> lasts = std::nullopt) {
  Entry made;
  made.at = at;
  made.lasts = lasts;
  return made;
}

TEST(TimelineLength, IsTheLatestEndAndNoEarlierThanAnyStart) {
  Scenario scenario;
  EXPECT_EQ(scenario.timeline_length(), 0s);
  scenario.timeline.push_back(entry(10s, 50s));
  scenario.timeline.push_back(entry(20s, 5s));
  scenario.timeline.push_back(entry(30s));
  EXPECT_EQ(scenario.timeline_length(), 60s);
  scenario.timeline.push_back(entry(90s));
  EXPECT_EQ(scenario.timeline_length(), 90s);
}

}  // namespace
}  // namespace blackstart
