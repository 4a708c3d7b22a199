#include "serve/resolv_conf.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace blackstart {
namespace {

Nameserver server(std::string_view address) { return Endpoint{*parse_address(address), 53}; }

using Servers = std::vector<Nameserver>;

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
