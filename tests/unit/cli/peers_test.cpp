// Whom a fault hits, as people write it on a command line.

#include "cli/peers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/errors.h"

namespace blackstart::cli {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(PeersTest, TakesPrefixesOfBothFamiliesWithAPortOrWithout) {
  EXPECT_THAT(peers_of({"10.0.0.0/8", "192.0.2.1"}).cidr, ElementsAre("10.0.0.0/8", "192.0.2.1"));
  EXPECT_EQ(peers_of({"10.0.0.0/8:5432"}).port, "5432");
  EXPECT_THAT(peers_of({"2001:db8::/32"}).cidr, ElementsAre("2001:db8::/32"));
  EXPECT_EQ(peers_of({"2001:db8::1"}).port, "");
  const Peers six = peers_of({"[2001:db8::/32]:8000-8100", "[::1]:8000-8100"});
  EXPECT_THAT(six.cidr, ElementsAre("2001:db8::/32", "::1"));
  EXPECT_EQ(six.port, "8000-8100");
}

TEST(PeersTest, TakesNames) {
  const Peers named = peers_of({"*.svc.local:443", "db.example.com:443"});
  EXPECT_THAT(named.names, ElementsAre("*.svc.local", "db.example.com"));
  EXPECT_EQ(named.port, "443");
  EXPECT_THAT(named.cidr, IsEmpty());
}

// What is neither is given on as a name, which the language refuses where it stands.
TEST(PeersTest, GivesNonsenseOnAsItIs) {
  EXPECT_THAT(peers_of({"[::1"}).names, ElementsAre("[::1"));
  EXPECT_THAT(peers_of({"[::1]443"}).names, ElementsAre("[::1]443"));
  EXPECT_THAT(peers_of({"10.0.0.0/33"}).names, ElementsAre("10.0.0.0/33"));
}

TEST(PeersTest, RefusesWhatOneTargetCannotBe) {
  EXPECT_THROW(peers_of({"10.0.0.1:1", "10.0.0.2:2"}), CommandError);
  EXPECT_THROW(peers_of({"10.0.0.1:1", "10.0.0.2"}), CommandError);
  EXPECT_THROW(peers_of({"10.0.0.1", "db.example.com"}), CommandError);
}

}  // namespace
}  // namespace blackstart::cli
