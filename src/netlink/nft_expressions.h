#pragma once

// The instructions of the kernel's nftables machine: each loads a register, compares it or
// acts on it. Numbers are in the byte order that each expects of its register.

#include <linux/netfilter/nf_tables.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "netlink/message.h"

namespace blackstart::netlink {

// Appends instructions to the list of a rule. All work on one register, as nft's own do.
class Instructions {
 public:
  explicit Instructions(MessageWriter& out) : out_{&out} {}

  void load_meta(nft_meta_keys key);
  void load_ct(nft_ct_keys key);
  void load_payload(nft_payload_bases base, std::uint32_t offset, std::uint32_t length);
  void load_cgroup(std::uint32_t level);
  void load_random(std::uint32_t modulus);
  void load_value(ByteView value);
  void set_meta(nft_meta_keys key);
  void set_ct(nft_ct_keys key);

  // register = (register & mask) ^ flip.
  void combine(ByteView mask, ByteView flip);
  void to_network_order(std::uint32_t length);

  void compare(nft_cmp_ops op, ByteView value);
  template <Plain T>
  void compare(nft_cmp_ops op, const T& value) {
    compare(op, std::as_bytes(std::span{&value, 1}));
  }
  // `id` is zero for a named set.
  void look_up(std::string_view set, std::uint32_t id, bool equal);

  void count();
  void count_in(std::string_view counter);
  void verdict(std::int32_t code, std::string_view chain = {});
  void reject(nft_reject_types type, std::uint8_t code);
  void forward();   // to the interface whose number is in the register
  void redirect();  // to the port in the register

  // To user space; past it where nobody listens. The second is iptables' target.
  void queue(std::uint16_t number);
  void xtables_queue(std::uint16_t number);

 private:
  template <class Body>
  void instruction(std::string_view name, Body body);

  MessageWriter* out_;
};

}  // namespace blackstart::netlink
