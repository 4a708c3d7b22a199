#include "blackstart/address.h"

#include <gtest/gtest.h>

namespace blackstart {
namespace {

TEST(Addresses, GoThereAndBackInBothFamilies) {
  for (const char* text :
       {"0.0.0.0", "127.0.0.53", "255.255.255.255", "::", "::1", "2001:db8::1"}) {
    const auto address = parse_address(text);
    ASSERT_TRUE(address) << text;
    EXPECT_EQ(to_text(*address), text);
    EXPECT_EQ(address->v6, std::string_view{text}.find(':') != std::string_view::npos);
  }
  for (const char* text :
       {"", "1.2.3", "1.2.3.256", "01.2.3.4", "::g", "fe80::1%eth0", "1.2.3.4 "}) {
    EXPECT_FALSE(parse_address(text)) << text;
  }
  EXPECT_FALSE(parse_address(std::string_view{"1.2.3.4\0x", 9}));
}

TEST(Prefixes, AloneAreWholeAddressesAndRefuseHostBits) {
  EXPECT_EQ(parse_prefix("10.0.0.1")->length, 32);
  EXPECT_EQ(parse_prefix("::1")->length, 128);
  EXPECT_EQ(to_text(*parse_prefix("10.0.0.1/32")), "10.0.0.1");
  EXPECT_EQ(to_text(*parse_prefix("2001:db8::/32")), "2001:db8::/32");
  EXPECT_EQ(to_text(*parse_prefix("0.0.0.0/0")), "0.0.0.0/0");
  EXPECT_EQ(to_text(*parse_prefix("10.128.0.0/9")), "10.128.0.0/9");
  for (const char* text : {"10.0.0.1/8", "10.128.0.0/8", "10.0.0.0/33", "10.0.0.0/", "::/129",
                           "10.0.0.0/-1", "10.0.0.0/8x", "/8"}) {
    EXPECT_FALSE(parse_prefix(text)) << text;
  }
}

TEST(Ports, AreOneOrARangeAndNeverZero) {
  EXPECT_EQ(parse_port_range("443"), (PortRange{443, 443}));
  EXPECT_EQ(parse_port_range("8000-8100"), (PortRange{8000, 8100}));
  for (const char* text : {"0", "65536", "8100-8000", "1-", "-1", "a", "1-2-3", "", "80 "}) {
    EXPECT_FALSE(parse_port_range(text)) << text;
  }
}

TEST(Endpoints, TakeTheDefaultPortWhereNoneIsGiven) {
  EXPECT_EQ(to_text(*parse_endpoint("1.1.1.1", 53)), "1.1.1.1:53");
  EXPECT_EQ(to_text(*parse_endpoint("1.1.1.1:5353", 53)), "1.1.1.1:5353");
  EXPECT_EQ(to_text(*parse_endpoint("::1", 53)), "[::1]:53");
  EXPECT_EQ(to_text(*parse_endpoint("[::1]", 53)), "[::1]:53");
  EXPECT_EQ(to_text(*parse_endpoint("[::1]:5353", 53)), "[::1]:5353");
  for (const char* text : {"", "1.1.1.1:", "1.1.1.1:0", "[1.1.1.1]:53", "[::1]5353", "[::1",
                           "::1:x", "dns.example:53"}) {
    EXPECT_FALSE(parse_endpoint(text, 53)) << text;
  }
}

}  // namespace
}  // namespace blackstart
