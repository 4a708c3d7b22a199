#include "serve/resolv_conf.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace blackstart {
namespace {

Nameserver server(std::string_view address, std::string interface = {}) {
  return {Endpoint{*parse_address(address), 53}, std::move(interface)};
}

using Servers = std::vector<Nameserver>;

TEST(ResolvConf, ReadsServersInTheirOrder) {
  EXPECT_EQ(nameservers_in("# made by hand\n"
                           "search example.com\n"
                           "nameserver 192.0.2.1\n"
                           "nameserver\t2001:db8::1  \n"
                           "options edns0\n"),
            (Servers{server("192.0.2.1"), server("2001:db8::1")}));
}

TEST(ResolvConf, ReadsTheScopeOfALinkLocalServer) {
  EXPECT_EQ(nameservers_in("nameserver fe80::1%eth0\n"), Servers{server("fe80::1", "eth0")});
  EXPECT_EQ(nameservers_in("nameserver 192.0.2.1%eth0\nnameserver 192.0.2.2\n"),
            Servers{server("192.0.2.2")});
}

TEST(ResolvConf, HeedsTheFirstThreeAsGlibcDoes) {
  const auto servers = nameservers_in(
      "nameserver 192.0.2.1\nnameserver 192.0.2.2\nnameserver 192.0.2.3\nnameserver 192.0.2.4\n");
  ASSERT_EQ(servers.size(), 3u);
  EXPECT_EQ(servers[2], server("192.0.2.3"));
}

TEST(ResolvConf, SkipsWhatIsNoServer) {
  EXPECT_EQ(nameservers_in(" nameserver 192.0.2.1\n"  // not at the start of its line
                           "#nameserver 192.0.2.2\n"
                           "nameservers 192.0.2.3\n"
                           "nameserver\n"
                           "nameserver localhost\n"
                           "nameserver 192.0.2.5 # the real one\r\n"
                           "nameserver 192.0.2.6"),  // no newline at the end
            (Servers{server("192.0.2.5"), server("192.0.2.6")}));
}

TEST(ResolvConf, MeansThisMachineWhereItNamesNobody) {
  EXPECT_EQ(nameservers_in(""), Servers{server("127.0.0.1")});
  EXPECT_EQ(nameservers_in("search example.com\n"), Servers{server("127.0.0.1")});
}

TEST(ResolvConf, KnowsTheStubOfSystemdResolved) {
  EXPECT_TRUE(is_resolved_stub({server("127.0.0.53")}));
  EXPECT_TRUE(is_resolved_stub({server("127.0.0.54")}));
  EXPECT_FALSE(is_resolved_stub({server("127.0.0.53"), server("192.0.2.1")}));
  EXPECT_FALSE(is_resolved_stub({server("127.0.0.1")}));
  EXPECT_FALSE(is_resolved_stub({}));
}

class MachineNameservers : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "bsresolvXXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    root_ = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(root_); }

  void write(const std::string& path, const std::string& text) const {
    const std::filesystem::path file = root_ + path;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream{file} << text;
  }

  std::string root_;
};

TEST_F(MachineNameservers, LookBehindTheStub) {
  write("/etc/resolv.conf", "nameserver 127.0.0.53\n");
  write("/run/systemd/resolve/resolv.conf", "nameserver 192.0.2.9\n");
  EXPECT_EQ(machine_nameservers(root_), Servers{server("192.0.2.9")});
}

TEST_F(MachineNameservers, KeepTheStubWhereNothingIsBehindIt) {
  write("/etc/resolv.conf", "nameserver 127.0.0.53\n");
  EXPECT_EQ(machine_nameservers(root_), Servers{server("127.0.0.53")});
}

TEST_F(MachineNameservers, BelieveAFileThatNamesOthers) {
  write("/etc/resolv.conf", "nameserver 192.0.2.1\nnameserver 127.0.0.53\n");
  write("/run/systemd/resolve/resolv.conf", "nameserver 192.0.2.9\n");
  EXPECT_EQ(machine_nameservers(root_), (Servers{server("192.0.2.1"), server("127.0.0.53")}));
}

TEST_F(MachineNameservers, AreThisMachineWithoutAFile) {
  EXPECT_EQ(machine_nameservers(root_), Servers{server("127.0.0.1")});
}

}  // namespace
}  // namespace blackstart
