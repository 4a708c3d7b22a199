#include "netlink/message.h"

#include <gtest/gtest.h>

namespace blackstart::netlink {
namespace {

struct Head {
  std::uint16_t a = 0, b = 0;
};

Bytes sample() {
  MessageWriter out{7, 0x100, Head{1, 2}};
  out.put(1, "text");
  out.put_big<std::uint32_t>(2, 0x01020304);
  {
    const auto nest = out.nest(3);
    out.put(4, std::uint8_t{5});
    out.put(4, std::uint8_t{6});
  }
  out.put(5, std::uint16_t{9});
  return out.take();
}

TEST(Message, WhatIsWrittenIsRead) {
  const Bytes bytes = sample();
  EXPECT_EQ(bytes.size() % 4, 0u);
  ByteView rest{bytes};
  const auto message = take_message(rest);
  ASSERT_TRUE(message);
  EXPECT_TRUE(rest.empty());
  EXPECT_EQ(message->header.nlmsg_len, bytes.size());
  EXPECT_EQ(message->header.nlmsg_type, 7);
  EXPECT_EQ(message->header.nlmsg_flags, 0x100 | NLM_F_REQUEST);
  EXPECT_EQ(message->fixed<Head>()->b, 2);
  const Attributes attributes = message->attributes<Head>();
  EXPECT_EQ(attributes.text(1), "text");
  EXPECT_EQ(attributes.get_big<std::uint32_t>(2), 0x01020304u);
  EXPECT_EQ(attributes.find(2)->front(), std::byte{1}) << "network byte order";
  EXPECT_EQ(attributes.inner(3).get<std::uint8_t>(4), 5) << "the first of two";
  EXPECT_EQ(attributes.get<std::uint16_t>(5), 9) << "what follows a nest";
}

TEST(Message, WhatIsAbsentOrTooShortIsNothing) {
  const Bytes bytes = sample();
  ByteView rest{bytes};
  const Attributes attributes = take_message(rest)->attributes<Head>();
  EXPECT_FALSE(attributes.find(9));
  EXPECT_EQ(attributes.text(9), "");
  EXPECT_EQ(attributes.get<std::uint64_t>(2), std::nullopt);
  EXPECT_FALSE(attributes.inner(9).find(1));
}

TEST(Message, TwoInARowAreTakenOneByOne) {
  Bytes bytes = sample();
  const Bytes second = MessageWriter{8, 0, Head{}}.take();
  bytes.insert(bytes.end(), second.begin(), second.end());
  ByteView rest{bytes};
  EXPECT_EQ(take_message(rest)->header.nlmsg_type, 7);
  EXPECT_EQ(take_message(rest)->header.nlmsg_type, 8);
  EXPECT_FALSE(take_message(rest));
}

// Cut anywhere, or with any byte changed, nothing outside of the bytes is read (the sanitizers
// watch) and reading comes to an end.
TEST(Message, BrokenMessagesAreReadWithoutHarm) {
  const Bytes whole = sample();
  const auto read_all = [](const Bytes& bytes) {
    ByteView rest{bytes};
    while (const auto message = take_message(rest)) {
      const Attributes attributes = message->attributes<Head>();
      static_cast<void>(message->fixed<Head>());
      static_cast<void>(attributes.text(1));
      static_cast<void>(attributes.inner(3).get<std::uint8_t>(4));
    }
  };
  for (std::size_t size = 0; size < whole.size(); ++size) {
    read_all(Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)));
  }
  for (std::size_t i = 0; i < whole.size(); ++i) {
    for (int value = 0; value < 256; ++value) {
      Bytes broken = whole;
      broken[i] = static_cast<std::byte>(value);
      read_all(broken);
    }
  }
}

TEST(Message, TextWithoutItsZeroByteEndsWithTheAttribute) {
  MessageWriter out{7, 0, Head{}};
  const char text[] = {'a', 'b', 'c', 'd'};
  out.put(1, std::as_bytes(std::span{text}));
  const Bytes bytes = out.take();
  ByteView rest{bytes};
  EXPECT_EQ(take_message(rest)->attributes<Head>().text(1), "abcd");
}

}  // namespace
}  // namespace blackstart::netlink
