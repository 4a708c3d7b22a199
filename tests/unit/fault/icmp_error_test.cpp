#include "fault/icmp_error.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <vector>

namespace blackstart {
namespace {

using Bytes = std::vector<std::uint8_t>;

// UDP from 10.0.0.2 to 10.0.0.1.
Bytes packet_v4(std::size_t payload = 4) {
  Bytes out{0x45, 0, 0, 0, 0, 1, 0x40, 0, 64, 17, 0, 0, 10, 0, 0, 2, 10, 0, 0, 1};
  out.insert(out.end(), {0x12, 0x34, 0, 53, 0, 0, 0, 0});
  out.resize(out.size() + payload, 'x');
  return out;
}

// UDP from fd00::2 to fd00::1.
Bytes packet_v6(std::size_t payload = 4) {
  Bytes out{0x60, 0, 0, 0, 0, 12, 17, 64};
  for (const std::uint8_t last : {std::uint8_t{2}, std::uint8_t{1}}) {
    out.push_back(0xfd);
    out.resize(out.size() + 14, 0);
    out.push_back(last);
  }
  out.insert(out.end(), {0x12, 0x34, 0, 53, 0, 0, 0, 0});
  out.resize(out.size() + payload, 'x');
  return out;
}

// Zero where the checksum within `bytes` is right.
unsigned folded_sum(const Bytes& bytes, std::size_t from, std::size_t to, unsigned sum = 0) {
  for (std::size_t at = from; at < to; ++at) {
    sum += at % 2 == from % 2 ? unsigned{bytes[at]} << 8 : unsigned{bytes[at]};
  }
  while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
  return ~sum & 0xffff;
}

TEST(IcmpError, AnswersIPv4LikeTheHostThatWasAsked) {
  const Bytes packet = packet_v4();
  const auto error = icmp_error_for(packet, Unreachable::host);
  ASSERT_TRUE(error);
  EXPECT_EQ(to_text(error->to), "10.0.0.2");
  const Bytes& bytes = error->bytes;
  ASSERT_EQ(bytes.size(), 20 + 8 + packet.size());
  EXPECT_EQ(bytes[2] << 8 | bytes[3], static_cast<int>(bytes.size()));
  EXPECT_TRUE(std::equal(bytes.begin() + 12, bytes.begin() + 16, packet.begin() + 16));
  EXPECT_TRUE(std::equal(bytes.begin() + 16, bytes.begin() + 20, packet.begin() + 12));
  EXPECT_EQ(bytes[20], 3);
  EXPECT_EQ(bytes[21], 1);
  EXPECT_TRUE(std::equal(packet.begin(), packet.end(), bytes.begin() + 28));
  EXPECT_EQ(folded_sum(bytes, 0, 20), 0u);
  EXPECT_EQ(folded_sum(bytes, 20, bytes.size()), 0u);
}

TEST(IcmpError, AnswersIPv6WithAPseudoHeaderInTheChecksum) {
  const Bytes packet = packet_v6(5);
  const auto error = icmp_error_for(packet, Unreachable::port);
  ASSERT_TRUE(error);
  EXPECT_EQ(to_text(error->to), "fd00::2");
  const Bytes& bytes = error->bytes;
  EXPECT_EQ(bytes[6], 58);
  EXPECT_EQ(bytes[40], 1);
  EXPECT_EQ(bytes[41], 4);
  const auto length = static_cast<unsigned>(bytes.size() - 40);
  EXPECT_EQ(bytes[4] << 8 | bytes[5], static_cast<int>(length));
  EXPECT_EQ(folded_sum(bytes, 8, bytes.size(), length + 58), 0u);
}

TEST(IcmpError, HasACodeForEachKind) {
  EXPECT_EQ(icmp_error_for(packet_v4(), Unreachable::port)->bytes[21], 3);
  EXPECT_EQ(icmp_error_for(packet_v6(), Unreachable::host)->bytes[41], 3);
}

TEST(IcmpError, QuotesNoMoreThanItMay) {
  EXPECT_EQ(icmp_error_for(packet_v4(1'400), Unreachable::host)->bytes.size(), 576u);
  EXPECT_EQ(icmp_error_for(packet_v6(1'400), Unreachable::host)->bytes.size(), 1'280u);
}

TEST(IcmpError, NeverAnswersAnError) {
  Bytes v4 = packet_v4();
  v4[9] = 1;
  v4[20] = 3;
  EXPECT_FALSE(icmp_error_for(v4, Unreachable::host));
  v4[20] = 8;  // a ping
  EXPECT_TRUE(icmp_error_for(v4, Unreachable::host));
  Bytes v6 = packet_v6();
  v6[6] = 58;
  v6[40] = 1;
  EXPECT_FALSE(icmp_error_for(v6, Unreachable::host));
  v6[40] = 128;
  EXPECT_TRUE(icmp_error_for(v6, Unreachable::host));
}

TEST(IcmpError, NeverAnswersLaterFragmentsOrManyReceivers) {
  Bytes fragment = packet_v4();
  fragment[7] = 4;
  EXPECT_FALSE(icmp_error_for(fragment, Unreachable::host));
  Bytes multicast = packet_v4();
  multicast[16] = 224;
  EXPECT_FALSE(icmp_error_for(multicast, Unreachable::host));
  Bytes multicast_v6 = packet_v6();
  multicast_v6[24] = 0xff;
  EXPECT_FALSE(icmp_error_for(multicast_v6, Unreachable::host));
  Bytes nobody = packet_v4();
  std::fill(nobody.begin() + 12, nobody.begin() + 16, std::uint8_t{0});
  EXPECT_FALSE(icmp_error_for(nobody, Unreachable::host));
}

TEST(IcmpError, SurvivesEveryCutOfAPacket) {
  for (const Bytes& whole : {packet_v4(), packet_v6()}) {
    for (std::size_t size = 0; size < whole.size(); ++size) {
      const Bytes cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
      const std::size_t least = whole[0] == 0x45 ? 28 : 48;
      EXPECT_EQ(icmp_error_for(cut, Unreachable::host).has_value(), size >= least) << size;
    }
  }
  EXPECT_FALSE(icmp_error_for(Bytes(64, 0xff), Unreachable::host));
}

}  // namespace
}  // namespace blackstart
