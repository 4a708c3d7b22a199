// How sharp a fault's edges are.
//
//   switch  from the request to the kernel's acknowledgement: 2,000 switches of a ruleset of 50
//           entries, beside `nft -f -` making the same switches
//   lift    from SIGKILL of the owner to the first packet that gets through, over a veth between
//           two namespaces, with a partition in force
//
// Needs root, or run it under `unshare -rn`. Works in namespaces of its own only.

#include <fcntl.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <stdexcept>
#include <string>
#include <vector>

#include "../tests/support/other_netns.h"
#include "../tests/support/udp.h"
#include "netlink/link.h"
#include "netlink/nft_owner.h"
#include "netlink/qdisc.h"
#include "netlink/ruleset_text.h"

namespace blackstart::netlink {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kEntries = 50;
constexpr int kSwitches = 2'000;
constexpr int kSwitchesOfNft = 200;  // it is that much slower
constexpr int kKills = 50;
constexpr std::uint16_t kPort = 9'999;

double milliseconds_since(Clock::time_point from) {
  return std::chrono::duration<double, std::milli>(Clock::now() - from).count();
}

struct Figures {
  double p50, p99, most;
};

Figures figures(std::vector<double> samples) {
  std::sort(samples.begin(), samples.end());
  const auto at = [&](double share) {
    return samples[static_cast<std::size_t>(share * static_cast<double>(samples.size() - 1))];
  };
  return {at(0.5), at(0.99), samples.back()};
}

void print(const char* what, const Figures& f) {
  std::printf("%-28s p50 %8.3f ms   p99 %8.3f ms   max %8.3f ms\n", what, f.p50, f.p99, f.most);
}

std::string armed(int entry) { return "armed_" + std::to_string(entry); }

// As partitions compile: a rule each in egress, behind an `armed` set each.
Table table_of_entries(Family family, bool owned, const char* name) {
  Table table{.family = family, .name = name, .owned = owned};
  BaseChain base{ChainType::filter, Hook::output, 0, {}};
  if (family == Family::netdev) base = {ChainType::filter, Hook::egress, 0, {"v1"}};
  Chain chain{"out", base, {}};
  for (int i = 0; i < kEntries; ++i) {
    const auto byte = static_cast<std::uint8_t>(i);
    const Prefix prefix{{false, {10, 0, byte}}, 24};
    const std::string counter = "entry_" + std::to_string(i);
    table.sets.push_back(armed_set(armed(i)));
    table.counters.push_back({counter});
    std::vector<Expression> words{MatchProtocolSet{armed(i)},
                                  MatchPrefix{Side::destination, prefix}, Count{counter}};
    if (family == Family::netdev) {
      words.push_back(ForwardTo{"bs0"});
    } else {
      words.push_back(Drop{});
    }
    chain.rules.push_back({std::move(words), ""});
  }
  table.chains.push_back(std::move(chain));
  return table;
}

// Every other entry is on; which ones changes from switch to switch.
std::vector<SetArm> state(int turn) {
  std::vector<SetArm> sets;
  for (int i = 0; i < kEntries; ++i) {
    const bool on = (i + turn) % 2 == 0;
    sets.push_back({Family::inet, armed(i), on});
    sets.push_back({Family::netdev, armed(i), on});
  }
  return sets;
}

// The same switch in nft's language.
std::string script(int turn, const char* table) {
  std::string out;
  for (const SetArm& set : state(turn)) {
    const std::string name =
        std::string{set.family == Family::inet ? "inet " : "netdev "} + table + ' ' + set.set;
    out += "flush set " + name + '\n';
    if (set.armed) out += "add element " + name + " { ip timeout 3s, ip6 timeout 3s }\n";
  }
  return out;
}

double switch_with_nft(const std::string& text) {
  const auto asked = Clock::now();
  FILE* nft = ::popen("nft -f -", "we");
  std::fwrite(text.data(), 1, text.size(), nft);
  if (::pclose(nft) != 0) throw std::runtime_error{"nft refused the switch"};
  return milliseconds_since(asked);
}

void measure_switches() {
  NftOwner owner;
  owner.load({{table_of_entries(Family::inet, true, kTableName),
               table_of_entries(Family::netdev, true, kTableName)}});
  std::vector<double> ours, theirs;
  for (int i = 0; i < kSwitches; ++i) {
    const std::vector<SetArm> next = state(i);
    const auto asked = Clock::now();
    owner.arm(next);
    ours.push_back(milliseconds_since(asked));
  }
  owner.load({{table_of_entries(Family::inet, false, "peer"),
               table_of_entries(Family::netdev, false, "peer")}});
  for (int i = 0; i < kSwitchesOfNft; ++i) theirs.push_back(switch_with_nft(script(i, "peer")));
  const Figures a = figures(ours), b = figures(theirs);
  print("switch of 50 entries, ours", a);
  print("the same, nft -f -", b);
  std::printf("nft / ours                   p50 %8.1f x    p99 %8.1f x\n", b.p50 / a.p50,
              b.p99 / a.p99);
}

// Owns a partition of everything that v1 sends, until it is killed.
[[noreturn]] void own_partition(int ready) {
  Rule rule{{MatchProtocolSet{"armed"}, MatchPrefix{Side::destination, {{false, {10}}, 8}},
             ForwardTo{"bs0"}},
            ""};
  Chain chain{"out", BaseChain{ChainType::filter, Hook::egress, 0, {"v1"}}, {std::move(rule)}};
  NftOwner owner;
  owner.load({{Table{
      .family = Family::netdev, .sets = {armed_set("armed")}, .chains = {std::move(chain)}}}});
  const std::vector<SetArm> on{{Family::netdev, "armed", true}};
  owner.arm(on, std::chrono::minutes{1});
  static_cast<void>(!::write(ready, "!", 1));
  for (;;) ::pause();
}

// Milliseconds. The partition must have held until then.
double lift_by_sigkill(const UdpSocket& sender, const UdpSocket& receiver) {
  int ends[2];
  check("pipe", ::pipe2(ends, O_CLOEXEC));
  const UniqueFd read_end{ends[0]}, write_end{ends[1]};
  const pid_t owner = check("fork", ::fork());
  if (owner == 0) own_partition(write_end.get());
  char ready = 0;
  check("read", ::read(read_end.get(), &ready, 1));
  sender.send("10.0.0.2", kPort);
  const bool leaked = receiver.receives(std::chrono::milliseconds{5});
  const auto killed = Clock::now();
  ::kill(owner, SIGKILL);
  do {
    sender.send("10.0.0.2", kPort);
  } while (!receiver.receives(std::chrono::milliseconds{0}));
  const double took = milliseconds_since(killed);
  ::waitpid(owner, nullptr, 0);
  while (receiver.receives(std::chrono::milliseconds{1})) {
  }
  if (leaked) throw std::runtime_error{"a packet got through the partition"};
  return took;
}

void measure_lifts(const OtherNetns& other) {
  const UdpSocket sender{"10.0.0.1"};
  const UdpSocket receiver = [&] {
    const NetnsGuard guard{other.fd()};
    return UdpSocket{"10.0.0.2", kPort};
  }();
  do {  // a new link takes a moment
    sender.send("10.0.0.2", kPort);
  } while (!receiver.receives());
  std::vector<double> samples;
  for (int i = 0; i < kKills; ++i) samples.push_back(lift_by_sigkill(sender, receiver));
  print("SIGKILL to first packet", figures(samples));
}

void run() {
  if (::geteuid() != 0 || ::unshare(CLONE_NEWNET) != 0) {
    throw std::runtime_error{"needs root: try `unshare -rn`"};
  }
  const OtherNetns other;
  RouteSocket route;
  route.set_up("lo");
  route.create_veth("v1", "v2", other.fd().get());
  route.add_address("v1", {false, {10, 0, 0, 1}}, 24);
  route.set_up("v1");
  route.create("bs0", "ifb");
  route.set_up("bs0");
  set_blackhole(route, "bs0");
  {
    const NetnsGuard guard{other.fd()};
    RouteSocket there;
    there.add_address("v2", {false, {10, 0, 0, 2}}, 24);
    there.set_up("v2");
  }
  measure_switches();
  measure_lifts(other);
}

}  // namespace
}  // namespace blackstart::netlink

int main() {
  try {
    blackstart::netlink::run();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bench_edge: %s\n", error.what());
    return 1;
  }
}
