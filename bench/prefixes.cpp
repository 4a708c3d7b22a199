// A partition of 100,000 prefixes, none next to another, half of them IPv6.
//
//   prepare  from the parsed target to all of it loaded, beside `nft -f` of the same ruleset
//   onset    from the request for the switch to the kernel's acknowledgement; lift the same
//   killed   from SIGKILL of a process that has it in force to the first datagram that gets through
//   follow   one more address into sets that hold as many already
//   packet   a datagram over loopback that no prefix selects, while the partition is in force,
//            beside one through the same hooks of an empty table
//
// Needs root: in a user namespace nft's socket cannot hold so many prefixes. Works in a namespace
// of its own, on loopback.

#include <fcntl.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/asio/io_context.hpp>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

#include "../tests/support/temp_files.h"
#include "../tests/support/udp.h"
#include "blackstart/scenario.h"
#include "fault/compiler.h"
#include "fault/enforcer.h"
#include "netlink/link.h"
#include "netlink/nft_owner.h"
#include "netlink/ruleset_text.h"
#include "sys/clock.h"

namespace blackstart {
namespace {

constexpr std::uint32_t kPrefixes = 100'000;
constexpr int kRounds = 7;
constexpr int kSwitches = 200, kKills = 20, kAdditions = 50;
constexpr int kPacketRounds = 40, kPackets = 5'000;
constexpr std::uint16_t kPort = 9'999;
constexpr const char* kCut = "10.0.0.1";  // an address of ours, within the first prefix

class Cut final : public Fault {
 public:
  Needs needs(const Target&) const override { return Needs::nothing; }
  std::string in_words() const override { return "a partition"; }
  std::vector<std::string> objections(const Target&) const override { return {}; }
  void compile(FaultCompiler& into) const override { into.add_partition({}); }
};

// Every other /25 of 10.0.0.0/8 and on, every other /48 of 2001:db8::/32 and on.
Prefix prefix(std::uint32_t n, bool v6) {
  Prefix out{{v6, {}}, static_cast<std::uint8_t>(v6 ? 48 : 25)};
  const std::uint32_t high = v6 ? 0x2001'0db8 + (n >> 15) : 0x0a00'0000 + (n << 8);
  for (std::size_t i = 0; i < 4; ++i) {
    out.address.bytes[i] = static_cast<std::uint8_t>(high >> (24 - 8 * i));
  }
  if (v6) {
    out.address.bytes[4] = static_cast<std::uint8_t>(n >> 7);
    out.address.bytes[5] = static_cast<std::uint8_t>(n << 1);
  }
  return out;
}

Target large_target() {
  Target target;
  for (std::uint32_t n = 0; n < kPrefixes / 2; ++n) {
    target.cidr.push_back(prefix(n, false));
    target.cidr.push_back(prefix(n, true));
  }
  return target;
}

CompiledEntries compiled(const Target& target) {
  static const Cut fault;
  return compile_entries(std::vector{EntryToCompile{0, &fault, &target}});
}

class Stopwatch {
 public:
  double milliseconds() const { return milliseconds_of(clock_.now() - from_); }

 private:
  MonotonicClock clock_;
  RunTime from_ = clock_.now();
};

double at(std::vector<double> samples, double share) {
  std::sort(samples.begin(), samples.end());
  return samples[static_cast<std::size_t>(share * static_cast<double>(samples.size() - 1))];
}

void print(const char* what, const std::vector<double>& samples) {
  std::printf("%-34s p50 %8.3f ms   p99 %8.3f ms   max %8.3f ms\n", what, at(samples, 0.5),
              at(samples, 0.99), at(samples, 1.0));
}

// Loaded, with nothing in force yet.
struct Loaded {
  explicit Loaded(const Target& target) : enforcer{io, clock, EnforcerOptions{}, compiled(target)} {
    enforcer.prepare();
  }
  boost::asio::io_context io{1};
  MonotonicClock clock;
  Enforcer enforcer;
};

// The ruleset that we load, for nft; its table is nobody's.
std::string for_nft(const Target& target) {
  netlink::Ruleset ruleset = bind_devices(compiled(target), {"lo"});
  for (netlink::Table& table : ruleset.tables) {
    table.owned = false;
    table.name = "peer";
  }
  return netlink::ruleset_text(ruleset);
}

void run_nft(const std::string& arguments) {
  if (std::system(("nft " + arguments).c_str()) != 0) throw std::runtime_error{"nft failed"};
}

void measure_preparation(const Target& target) {
  const test::TempDir folder;
  const std::string file = folder.write("peer.nft", for_nft(target));
  // nft resolves the device that packets go to.
  netlink::RouteSocket route;
  std::vector<double> ours, theirs, ratios;
  for (int round = 0; round < kRounds; ++round) {
    {
      const Stopwatch watch;
      Loaded loaded{target};
      ours.push_back(watch.milliseconds());
      loaded.enforcer.release();
    }
    route.create(kSwallowDevice, "ifb");
    const Stopwatch watch;
    run_nft("-f " + file);
    theirs.push_back(watch.milliseconds());
    ratios.push_back(ours.back() / theirs.back());
    run_nft("delete table netdev peer");
    route.remove(kSwallowDevice);
  }
  print("prepare, ours", ours);
  print("the same ruleset, nft -f", theirs);
  std::printf("%-34s %.2f (each round's median)\n", "ours / nft -f", at(ratios, 0.5));
}

bool gets_through(const UdpSocket& sender, const UdpSocket& receiver) {
  sender.send(kCut, kPort);
  return receiver.receives(std::chrono::milliseconds{0});
}

void measure_switches(const Target& target) {
  Loaded partition{target};
  const UdpSocket sender{kCut}, receiver{kCut, kPort};
  std::vector<double> on, off;
  for (int i = 0; i < kSwitches; ++i) {
    const Enforcer::Switched begun = partition.enforcer.switch_to(std::vector<std::uint32_t>{0});
    if (gets_through(sender, receiver)) throw std::runtime_error{"a packet got through"};
    on.push_back(milliseconds_of(begun.at - begun.asked));
    const Enforcer::Switched ended = partition.enforcer.switch_to(std::vector<std::uint32_t>{});
    if (!gets_through(sender, receiver)) throw std::runtime_error{"a packet was lost"};
    off.push_back(milliseconds_of(ended.at - ended.asked));
  }
  print("onset", on);
  print("lift", off);
}

[[noreturn]] void hold_until_killed(const Target& target, int ready) {
  Loaded partition{target};
  partition.enforcer.switch_to(std::vector<std::uint32_t>{0});
  static_cast<void>(!::write(ready, "!", 1));
  for (;;) ::pause();
}

void measure_kills(const Target& target) {
  const UdpSocket sender{kCut}, receiver{kCut, kPort};
  std::vector<double> took;
  for (int i = 0; i < kKills; ++i) {
    std::array<int, 2> ends{};
    check("pipe", ::pipe2(ends.data(), O_CLOEXEC));
    const UniqueFd read_end{ends[0]};
    UniqueFd write_end{ends[1]};
    const pid_t holder = check("fork", ::fork());
    if (holder == 0) hold_until_killed(target, write_end.get());
    write_end.reset();
    char ready = 0;
    if (::read(read_end.get(), &ready, 1) != 1) throw std::runtime_error{"the holder is gone"};
    if (gets_through(sender, receiver)) throw std::runtime_error{"a packet got through"};
    const Stopwatch watch;
    ::kill(holder, SIGKILL);
    while (!gets_through(sender, receiver)) {
    }
    took.push_back(watch.milliseconds());
    ::waitpid(holder, nullptr, 0);
    netlink::RouteSocket{}.remove(kSwallowDevice);
  }
  print("SIGKILL to first packet", took);
}

// As a run does it: addresses of names have sets of their own, without intervals.
void measure_additions(Target target) {
  target.names = {"rotating.example"};
  CompiledEntries entries = compiled(target);
  netlink::Ruleset ruleset = bind_devices(entries, {"lo"});
  const auto address = [](std::uint32_t n) {
    Address out = prefix(n, false).address;
    out.bytes[3] = 200;
    return netlink::SetElement{.value = netlink::AddressRange{out, out}, .timeout = {}};
  };
  netlink::RouteSocket route;
  route.create(kSwallowDevice, "ifb");
  for (netlink::Table& table : ruleset.tables) {
    for (netlink::Set& set : table.sets) {
      if (set.name != "entry_0_v4_followed") continue;
      for (std::uint32_t n = 0; n < kPrefixes; ++n) set.elements.push_back(address(n));
    }
  }
  netlink::NftOwner owner;
  owner.load(ruleset);
  const auto add = [&](const char* what, const char* set, std::uint32_t from) {
    std::vector<double> took;
    for (std::uint32_t i = 0; i < kAdditions; ++i) {
      const std::array one{address(from + i)};
      const Stopwatch watch;
      owner.add_elements(netlink::Family::netdev, set, one);
      took.push_back(watch.milliseconds());
    }
    print(what, took);
  };
  add("one address more, followed", "entry_0_v4_followed", kPrefixes);
  add("one more in the prefixes' own set", "entry_0_v4", kPrefixes + kAdditions);
  owner.close();
  route.remove(kSwallowDevice);
}

double packets_take(const UdpSocket& sender, const UdpSocket& receiver) {
  const Stopwatch watch;
  for (int i = 0; i < kPackets; ++i) {
    sender.send("127.0.0.1", kPort);
    char byte = 0;  // it has been there since send() returned, or soon is
    while (::recv(receiver.fd(), &byte, 1, 0) != 1) {
    }
  }
  return watch.milliseconds() * 1'000 / kPackets;
}

// Rounds of both, in turn: the partition in force, and lifted with an empty table beside it.
void measure_packets(const Target& target) {
  const UdpSocket sender{"127.0.0.1"}, receiver{"127.0.0.1", kPort};
  std::vector<double> empty, full, ratios;
  const std::string chains =
      "'table netdev peer { chain e { type filter hook egress device lo priority 0; }; "
      "chain i { type filter hook ingress device lo priority 0; }; }'";
  for (int round = 0; round < kPacketRounds / 10; ++round) {
    run_nft(chains);
    for (int i = 0; i < 10; ++i) empty.push_back(packets_take(sender, receiver));
    run_nft("delete table netdev peer");
    Loaded partition{target};
    for (int i = 0; i < 10; ++i) {
      partition.enforcer.switch_to(std::vector<std::uint32_t>{0});
      full.push_back(packets_take(sender, receiver));
    }
    partition.enforcer.release();
  }
  std::printf("%-34s %8.3f us (median of %zu rounds)\n", "packet, empty table", at(empty, 0.5),
              empty.size());
  std::printf("%-34s %8.3f us\n", "packet, partition in force", at(full, 0.5));
  std::printf("%-34s %.2f\n", "in force / empty", at(full, 0.5) / at(empty, 0.5));
}

void measure() {
  if (::geteuid() != 0 || ::unshare(CLONE_NEWNET) != 0) {
    throw std::runtime_error{"needs root"};
  }
  netlink::RouteSocket route;
  route.set_up("lo");
  route.add_address("lo", *parse_address(kCut), 32);
  const Target target = large_target();
  measure_preparation(target);
  measure_switches(target);
  measure_kills(target);
  measure_additions(target);
  measure_packets(target);
}

}  // namespace
}  // namespace blackstart

int main() {
  try {
    blackstart::measure();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bench_prefixes: %s\n", error.what());
    return 1;
  }
}
