#include "core/stub_config.h"

#include <gtest/gtest.h>

namespace blackstart {
namespace {

using namespace std::chrono_literals;

std::vector<std::string> server_texts(const StubConfig& config) {
  std::vector<std::string> texts;
  for (const Nameserver& server : config.servers) {
    texts.push_back(to_text(server.endpoint) + server.interface);
  }
  return texts;
}

using Texts = std::vector<std::string>;

TEST(StubConfig, HasTheDefaultsOfGlibc) {
  const StubConfig config = parse_stub_config("");
  EXPECT_EQ(server_texts(config), Texts{"127.0.0.1:53"});
  EXPECT_EQ(config.ndots, 1U);
  EXPECT_EQ(config.timeout, 5s);
  EXPECT_EQ(config.attempts, 2);
}

TEST(StubConfig, TakesThreeServersOfBothFamilies) {
  const StubConfig config = parse_stub_config(
      "# a comment\nnameserver 10.0.0.1\nnameserver\tfe80::1%eth0 # here\nnameserver bad\n"
      "nameserver ::1\nnameserver 10.0.0.4\n");
  EXPECT_EQ(server_texts(config), (Texts{"10.0.0.1:53", "[fe80::1]:53eth0", "[::1]:53"}));
}

TEST(StubConfig, SkipsWhatIsNoServer) {
  const StubConfig config = parse_stub_config(
      " nameserver 192.0.2.1\n"  // not at the start of its line
      "#nameserver 192.0.2.2\n"
      "nameservers 192.0.2.3\n"
      "nameserver\n"
      "nameserver localhost\n"
      "nameserver 192.0.2.5 # the real one\r\n"
      "nameserver 192.0.2.4%eth0\n"  // no scope in IPv4
      "nameserver 192.0.2.6");       // no newline at the end
  EXPECT_EQ(server_texts(config), (Texts{"192.0.2.5:53", "192.0.2.6:53"}));
}

TEST(StubConfig, TakesOptionsWithinTheirBounds) {
  const StubConfig config =
      parse_stub_config("search a.local b.local\noptions ndots:5 timeout:1 attempts:99 rotate\n");
  EXPECT_EQ(config.search, (Texts{"a.local", "b.local"}));
  EXPECT_EQ(config.ndots, 5U);
  EXPECT_EQ(config.timeout, 1s);
  EXPECT_EQ(config.attempts, 5);
  EXPECT_EQ(parse_stub_config("options timeout:0 attempts:x").timeout, 1s);
  EXPECT_EQ(parse_stub_config("options timeout:0 attempts:x").attempts, 1);
  EXPECT_EQ(parse_stub_config("search a\nsearch b").search, Texts{"b"}) << "the last one counts";
}

TEST(NamesToAsk, FollowSearchAndDots) {
  StubConfig config;
  config.search = {"a.local", ".", "b.local"};
  EXPECT_EQ(names_to_ask(config, "db"), (Texts{"db.a.local", "db.b.local", "db"}));
  EXPECT_EQ(names_to_ask(config, "db.x"), (Texts{"db.x", "db.x.a.local", "db.x.b.local"}));
  EXPECT_EQ(names_to_ask(config, "db."), Texts{"db"});
  config.ndots = 2;
  EXPECT_EQ(names_to_ask(config, "db.x").back(), "db.x");
}

TEST(HostTable, GathersAddressesByLowerCaseName) {
  const HostTable table = parse_host_table(
      "127.0.0.1 localhost Web.Local\n::1 localhost # not::an address\nbad name\n");
  ASSERT_EQ(table.at("localhost").size(), 2U);
  EXPECT_EQ(to_text(table.at("localhost")[1]), "::1");
  EXPECT_EQ(to_text(table.at("web.local").at(0)), "127.0.0.1");
  EXPECT_EQ(table.count("name"), 0U);
  EXPECT_EQ(table.count("address"), 0U);
}

}  // namespace
}  // namespace blackstart
