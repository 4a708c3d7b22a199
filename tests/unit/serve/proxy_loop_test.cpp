// covers serve/proxy_loop
#include "serve/proxy_loop.h"

#include <gmock/gmock.h>

#include <latch>
#include <string>
#include <vector>

namespace blackstart {
namespace {

TEST(ProxyLoop, DoesWhatIsAskedBeforeWhatWasPostedEarlier) {
  ProxyCommons commons{1};
  ProxyLoop loop{commons, 0};
  commons.loops.push_back(&loop);
  std::latch began{1}, all_there{1}, done{3};
  std::vector<std::string> order;
  const auto note = [&](const std::string& what) {
    order.push_back(what);
    done.count_down();
  };
  loop.post([&] {
    began.count_down();
    all_there.wait();
  });
  began.wait();
  loop.post([&] {
    loop.ask([&] { note("asked"); });
    note("first");
  });
  loop.post([&] { note("second"); });
  all_there.count_down();
  done.wait();
  EXPECT_THAT(order, testing::ElementsAre("first", "asked", "second"));
}

}  // namespace
}  // namespace blackstart
