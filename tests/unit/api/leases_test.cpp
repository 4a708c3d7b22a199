#include "api/leases.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace blackstart::api {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Held = Leases::Held;

TEST(Leases, EndOnceAfterTheirTime) {
  Leases leases;
  leases.set({"a", ""}, 2s, {1s});
  leases.set({"a", "t"}, 1s, {1s});
  EXPECT_EQ(leases.next_deadline(), RunTime{2s});
  EXPECT_THAT(leases.take_due({2s - 1ns}), IsEmpty());
  EXPECT_THAT(leases.take_due({2s}), ElementsAre(Held{"a", "t"}));
  EXPECT_THAT(leases.take_due({9s}), ElementsAre(Held{"a", ""}));
  EXPECT_THAT(leases.take_due({9s}), IsEmpty());
  EXPECT_EQ(leases.next_deadline(), std::nullopt);
}

TEST(Leases, CountFromTheirRenewal) {
  Leases leases;
  leases.set({"a", ""}, 2s, {0s});
  leases.set({"a", ""}, 3s, {1s});
  EXPECT_THAT(leases.take_due({3s}), IsEmpty());
  EXPECT_THAT(leases.take_due({4s}), ElementsAre(Held{"a", ""}));
}

TEST(Leases, OfZeroAreNone) {
  Leases leases;
  leases.set({"a", ""}, 2s, {0s});
  leases.set({"a", ""}, 0s, {1s});
  EXPECT_EQ(leases.next_deadline(), std::nullopt);
}

TEST(Leases, GoWithWhatTheyAreOf) {
  Leases leases;
  for (const char* proxy : {"a", "b"}) {
    leases.set({proxy, ""}, 2s, {});
    leases.set({proxy, "t"}, 2s, {});
    leases.set({proxy, "u"}, 2s, {});
  }
  leases.forget({"b", "t"});
  leases.forget_all_of("a");
  EXPECT_EQ(leases.all().size(), 2U);
  leases.forget_toxics();
  EXPECT_THAT(leases.take_due({2s}), ElementsAre(Held{"b", ""}));
}

}  // namespace
}  // namespace blackstart::api
