#include "netlink/nft_expressions.h"

#include <linux/netfilter/nf_nat.h>
#include <linux/netfilter/nf_tables_compat.h>
#include <linux/netfilter/xt_NFQUEUE.h>

#include <array>
#include <span>

namespace blackstart::netlink {
namespace {

constexpr std::uint32_t kRegister = NFT_REG_1;

void put_data(MessageWriter& out, std::uint16_t type, ByteView value) {
  const auto data = out.nest(type);
  out.put(NFTA_DATA_VALUE, value);
}

}  // namespace

template <class Body>
void Instructions::instruction(std::string_view name, Body body) {
  const auto element = out_->nest(NFTA_LIST_ELEM);
  out_->put(NFTA_EXPR_NAME, name);
  const auto data = out_->nest(NFTA_EXPR_DATA);
  body(*out_);
}

void Instructions::load_meta(nft_meta_keys key) {
  instruction("meta", [&](MessageWriter& out) {
    out.put_big<std::uint32_t>(NFTA_META_KEY, key);
    out.put_big(NFTA_META_DREG, kRegister);
  });
}

void Instructions::load_ct(nft_ct_keys key) {
  instruction("ct", [&](MessageWriter& out) {
    out.put_big<std::uint32_t>(NFTA_CT_KEY, key);
    out.put_big(NFTA_CT_DREG, kRegister);
  });
}

void Instructions::load_payload(nft_payload_bases base, std::uint32_t offset,
                                std::uint32_t length) {
  instruction("payload", [&](MessageWriter& out) {
    out.put_big(NFTA_PAYLOAD_DREG, kRegister);
    out.put_big<std::uint32_t>(NFTA_PAYLOAD_BASE, base);
    out.put_big(NFTA_PAYLOAD_OFFSET, offset);
    out.put_big(NFTA_PAYLOAD_LEN, length);
  });
}

void Instructions::load_cgroup(std::uint32_t level) {
  instruction("socket", [&](MessageWriter& out) {
    out.put_big<std::uint32_t>(NFTA_SOCKET_KEY, NFT_SOCKET_CGROUPV2);
    out.put_big(NFTA_SOCKET_DREG, kRegister);
    out.put_big(NFTA_SOCKET_LEVEL, level);
  });
}

void Instructions::load_random(std::uint32_t modulus) {
  instruction("numgen", [&](MessageWriter& out) {
    out.put_big(NFTA_NG_DREG, kRegister);
    out.put_big(NFTA_NG_MODULUS, modulus);
    out.put_big<std::uint32_t>(NFTA_NG_TYPE, NFT_NG_RANDOM);
    out.put_big<std::uint32_t>(NFTA_NG_OFFSET, 0);
  });
}

void Instructions::load_value(ByteView value) {
  instruction("immediate", [&](MessageWriter& out) {
    out.put_big(NFTA_IMMEDIATE_DREG, kRegister);
    put_data(out, NFTA_IMMEDIATE_DATA, value);
  });
}

void Instructions::set_meta(nft_meta_keys key) {
  instruction("meta", [&](MessageWriter& out) {
    out.put_big<std::uint32_t>(NFTA_META_KEY, key);
    out.put_big(NFTA_META_SREG, kRegister);
  });
}

void Instructions::set_ct(nft_ct_keys key) {
  instruction("ct", [&](MessageWriter& out) {
    out.put_big<std::uint32_t>(NFTA_CT_KEY, key);
    out.put_big(NFTA_CT_SREG, kRegister);
  });
}

void Instructions::combine(ByteView mask, ByteView flip) {
  instruction("bitwise", [&](MessageWriter& out) {
    out.put_big(NFTA_BITWISE_SREG, kRegister);
    out.put_big(NFTA_BITWISE_DREG, kRegister);
    out.put_big(NFTA_BITWISE_LEN, static_cast<std::uint32_t>(mask.size()));
    put_data(out, NFTA_BITWISE_MASK, mask);
    put_data(out, NFTA_BITWISE_XOR, flip);
  });
}

void Instructions::to_network_order(std::uint32_t length) {
  instruction("byteorder", [&](MessageWriter& out) {
    out.put_big(NFTA_BYTEORDER_SREG, kRegister);
    out.put_big(NFTA_BYTEORDER_DREG, kRegister);
    out.put_big<std::uint32_t>(NFTA_BYTEORDER_OP, NFT_BYTEORDER_HTON);
    out.put_big(NFTA_BYTEORDER_LEN, length);
    out.put_big(NFTA_BYTEORDER_SIZE, length);
  });
}

void Instructions::compare(nft_cmp_ops op, ByteView value) {
  instruction("cmp", [&](MessageWriter& out) {
    out.put_big(NFTA_CMP_SREG, kRegister);
    out.put_big<std::uint32_t>(NFTA_CMP_OP, op);
    put_data(out, NFTA_CMP_DATA, value);
  });
}

void Instructions::look_up(std::string_view set, std::uint32_t id, bool equal) {
  instruction("lookup", [&](MessageWriter& out) {
    out.put(NFTA_LOOKUP_SET, set);
    out.put_big(NFTA_LOOKUP_SREG, kRegister);
    if (id != 0) out.put_big(NFTA_LOOKUP_SET_ID, id);
    if (!equal) out.put_big<std::uint32_t>(NFTA_LOOKUP_FLAGS, NFT_LOOKUP_F_INV);
  });
}

void Instructions::count() {
  instruction("counter", [&](MessageWriter& out) {
    out.put_big<std::uint64_t>(NFTA_COUNTER_BYTES, 0);
    out.put_big<std::uint64_t>(NFTA_COUNTER_PACKETS, 0);
  });
}

void Instructions::count_in(std::string_view counter) {
  instruction("objref", [&](MessageWriter& out) {
    out.put_big<std::uint32_t>(NFTA_OBJREF_IMM_TYPE, NFT_OBJECT_COUNTER);
    out.put(NFTA_OBJREF_IMM_NAME, counter);
  });
}

void Instructions::verdict(std::int32_t code, std::string_view chain) {
  instruction("immediate", [&](MessageWriter& out) {
    out.put_big<std::uint32_t>(NFTA_IMMEDIATE_DREG, NFT_REG_VERDICT);
    const auto data = out.nest(NFTA_IMMEDIATE_DATA);
    const auto verdict = out.nest(NFTA_DATA_VERDICT);
    out.put_big(NFTA_VERDICT_CODE, static_cast<std::uint32_t>(code));
    if (!chain.empty()) out.put(NFTA_VERDICT_CHAIN, chain);
  });
}

void Instructions::reject(nft_reject_types type, std::uint8_t code) {
  instruction("reject", [&](MessageWriter& out) {
    out.put_big<std::uint32_t>(NFTA_REJECT_TYPE, type);
    out.put(NFTA_REJECT_ICMP_CODE, code);
  });
}

void Instructions::forward() {
  instruction("fwd", [&](MessageWriter& out) { out.put_big(NFTA_FWD_SREG_DEV, kRegister); });
}

void Instructions::redirect() {
  instruction("redir", [&](MessageWriter& out) {
    out.put_big(NFTA_REDIR_REG_PROTO_MIN, kRegister);
    out.put_big<std::uint32_t>(NFTA_REDIR_FLAGS, NF_NAT_RANGE_PROTO_SPECIFIED);
  });
}

void Instructions::queue(std::uint16_t number) {
  instruction("queue", [&](MessageWriter& out) {
    out.put_big(NFTA_QUEUE_NUM, number);
    out.put_big<std::uint16_t>(NFTA_QUEUE_TOTAL, 1);
    out.put_big<std::uint16_t>(NFTA_QUEUE_FLAGS, NFT_QUEUE_FLAG_BYPASS);
  });
}

// The information is as long as xtables pads it: to the alignment of a pointer.
void Instructions::xtables_queue(std::uint16_t number) {
  struct Information {
    xt_NFQ_info_v3 target{};
    std::uint16_t padding = 0;
  };
  instruction("target", [&](MessageWriter& out) {
    out.put(NFTA_TARGET_NAME, "NFQUEUE");
    out.put_big<std::uint32_t>(NFTA_TARGET_REV, 3);
    out.put(NFTA_TARGET_INFO, Information{{number, 1, NFQ_FLAG_BYPASS}, 0});
  });
}

}  // namespace blackstart::netlink
