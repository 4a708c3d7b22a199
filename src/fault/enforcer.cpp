#include "fault/enforcer.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <exception>
#include <map>
#include <optional>
#include <stdexcept>
#include <utility>

#include "fault/answerer.h"
#include "fault/cutter.h"
#include "fault/devices.h"
#include "fault/exempt.h"
#include "fault/follower.h"
#include "fault/late_devices.h"
#include "fault/named_proxies.h"
#include "fault/redirect.h"
#include "fault/resolver.h"
#include "fault/shaping_queues.h"
#include "fault/toxic_proxies.h"
#include "netlink/nft_owner.h"
#include "netlink/ruleset_text.h"
#include "serve/resolv_conf.h"
#include "sys/fd.h"
#include "sys/netns.h"

namespace blackstart {
namespace {

using netlink::Family;
using netlink::SetArm;

std::string plural(std::size_t count, std::string_view noun) {
  return std::to_string(count) + ' ' + std::string{noun} + (count == 1 ? "" : "s");
}

std::string acknowledged_after(Duration span) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "ack %.2f ms", milliseconds_of(span));
  return text.data();
}

}  // namespace

struct Enforcer::State {
  State(boost::asio::io_context& loop, const Clock& time, EnforcerOptions opts,
        CompiledEntries entries)
      : io{loop}, clock{time}, options{std::move(opts)}, compiled{std::move(entries)} {}

  boost::asio::io_context& io;
  const Clock& clock;
  EnforcerOptions options;
  CompiledEntries compiled;

  UniqueFd netns;  // to act in; none: the caller's
  netlink::Ruleset ruleset;
  std::vector<std::string> warnings;
  std::vector<std::uint32_t> in_force;
  std::map<std::uint32_t, std::uint64_t> cut;  // connections, by entry
  bool answers_armed = false;                  // from the first redirect until release

  // Destroyed from the last to the first: the rules go before what they send packets to.
  std::optional<OwnDevices> devices;
  std::optional<ShapingDevices> shaping;
  std::optional<ShapingQueues> queues;
  std::optional<Answerer> answerer;
  std::optional<Follower> follower;
  std::optional<Resolver> resolver;
  std::optional<ToxicProxies> proxies;
  std::optional<NamedProxies> named;
  std::optional<netlink::NftOwner> owner;
  std::optional<LateDevices> late;

  MaybeInNetns enter() const { return MaybeInNetns{netns}; }

  bool is_on(std::uint32_t entry) const {
    return std::ranges::find(in_force, entry) != in_force.end();
  }
  bool redirects() const {
    // Connections may be made long before the fault that is to hit them.
    if (!compiled.followed.empty()) return true;
    return std::ranges::any_of(compiled.entries,
                               [&](const auto& entry) { return entry.dns && is_on(entry.entry); });
  }

  void prepare();
  void take_tables();
  void start_resolver();
  void start_shaping();
  std::function<void(std::span<const std::uint8_t>)> releasing();
  void look_up();
  void start_following();
  void check_interfaces(const std::vector<std::string>& present) const;
  std::vector<SetArm> arms() const;
  void cut_new(const std::vector<std::uint32_t>& before, std::vector<std::string>& failures);
  void cover(const netlink::Link& link);
  void clear() noexcept;
};

void Enforcer::State::check_interfaces(const std::vector<std::string>& present) const {
  for (const std::string& name : compiled.interfaces) {
    if (std::ranges::find(present, name) != present.end()) continue;
    throw std::runtime_error{"there is no network interface '" + name + "' to act on"};
  }
}

void Enforcer::State::start_resolver() {
  if (!compiled.needs_resolver() && !options.serve_port_53) return;
  std::vector<Nameserver> upstreams = options.upstreams;
  if (upstreams.empty() && !options.serve_port_53) upstreams = machine_nameservers();
  LocalForwarder forwarder = find_local_forwarder(upstreams);
  std::ranges::move(forwarder.warnings, std::back_inserter(warnings));

  resolver.emplace(io, clock,
                   ResolverOptions{.netns_fd = netns.get(),
                                   .seed = options.seed,
                                   .upstreams = std::move(upstreams),
                                   .mark = compiled.marks.ours(),
                                   .serve_port_53 = options.serve_port_53,
                                   .releasing = releasing()},
                   compiled.dns);
  if (compiled.needs_resolver()) {
    add_dns_redirect(ruleset, {.ports = resolver->ports(),
                               .marks = compiled.marks,
                               .zone = options.zone,
                               .exempt_uid = forwarder.exempt_uid});
  }
}

void Enforcer::State::prepare() {
  if (options.netns_fd >= 0) netns = UniqueFd{check("dup(netns)", ::dup(options.netns_fd))};
  if (!compiled.followed.empty()) follower.emplace(compiled.followed, clock);
  std::vector<std::string> present;
  {
    const MaybeInNetns inside = enter();
    present = other_devices();
    check_interfaces(present);
    ruleset = bind_devices(compiled, present);
    take_tables();
    devices.emplace(compiled);
    start_shaping();
    if (compiled.answers) answerer.emplace(io);
    start_resolver();
    Exemptions exempt{.connections = options.spared};
    if (compiled.needs_resolver()) exempt.resolver = resolver->ports();
    if (!compiled.proxied.empty()) {
      exempt.proxies = compiled.marks.ours();
      proxies.emplace(compiled.proxied, *exempt.proxies, options.seed);
      fill_proxy_ports(ruleset, compiled, proxies->ports());
    }
    if (!compiled.named.empty()) named.emplace(compiled.named);
    exempt.apis = compiled.apis();
    add_exemptions(ruleset, exempt);
  }
  // Not in there: it runs the loop, and with it what acts elsewhere.
  if (follower) look_up();
  if (ruleset.tables.empty()) return;
  const MaybeInNetns inside = enter();
  if (!owner) owner.emplace();
  owner->load(ruleset);
  if (follower) start_following();
  if (compiled.on_devices()) {
    late.emplace(io, present, [this](const netlink::Link& link) { cover(link); });
  }
}

// Empty, and before any device of ours is touched: the tables are the lock, and devices that are
// here without them belong to nobody who lives.
void Enforcer::State::take_tables() {
  netlink::Ruleset empty;
  for (const netlink::Table& table : ruleset.tables) {
    empty.tables.push_back({.family = table.family, .name = table.name});
  }
  if (empty.tables.empty()) return;
  owner.emplace();
  owner->load(empty);
  // Only rules of a netdev table send packets to devices.
  const auto of_devices = [](const auto& table) { return table.family == Family::netdev; };
  if (std::ranges::any_of(empty.tables, of_devices)) remove_leftovers();
}

// Before the rules that send packets there.
void Enforcer::State::start_shaping() {
  std::vector<ShapedClass> to_devices, to_queues;
  for (const ShapedClass& one : compiled.classes) {
    (one.device.empty() ? to_queues : to_devices).push_back(one);
  }
  if (!to_devices.empty()) shaping.emplace(to_devices, compiled.engine == ShapeEngine::netem);
  if (!to_queues.empty()) queues.emplace(to_queues, compiled.marks.ours(), options.seed);
}

void Enforcer::State::start_following() {
  follower->connect({[this](auto changes) { owner->add_elements(changes); },
                     [this](auto changes) { owner->remove_elements(changes); },
                     [this] {
                       const MaybeInNetns inside = enter();
                       return connected_addresses();
                     }});
  answers_armed = true;
  owner->arm(arms());
}

std::function<void(std::span<const std::uint8_t>)> Enforcer::State::releasing() {
  if (!follower) return {};
  return [this](std::span<const std::uint8_t> answer) { follower->on_answer(answer); };
}

void Enforcer::State::look_up() {
  StartLookup lookup =
      look_up_names(io, clock, *resolver, *follower, compiled.followed, options.hosts);
  std::ranges::move(lookup.warnings, std::back_inserter(warnings));
  follower->fill(ruleset);
}

// A device that has come up since: the same rules for what passes it.
void Enforcer::State::cover(const netlink::Link& link) {
  if (owner) owner->add_chains(Family::netdev, late_chains(compiled, link.name, link.index));
}

// Every set each time: what is in force is compiled from the entries that are on, never from
// what was on before.
std::vector<SetArm> Enforcer::State::arms() const {
  std::vector<SetArm> sets;
  for (const CompiledEntry& entry : compiled.entries) {
    const bool on = is_on(entry.entry);
    if (entry.inet) sets.push_back({Family::inet, entry.armed, on});
    if (entry.netdev) sets.push_back({Family::netdev, entry.armed, on});
  }
  if (compiled.needs_resolver()) {
    sets.push_back({Family::inet, kDnsArmedSet, redirects()});
    sets.push_back({Family::inet, kAnswersArmedSet, answers_armed});
  }
  return sets;
}

void Enforcer::State::cut_new(const std::vector<std::uint32_t>& before,
                              std::vector<std::string>& failures) {
  for (const ConnectionCut& one : compiled.cuts) {
    const bool was_on = std::ranges::find(before, one.entry) != before.end();
    if (was_on || !is_on(one.entry)) continue;
    try {
      const MaybeInNetns inside = enter();
      cut[one.entry] += cut_connections(
          one.target, follower ? follower->addresses(one.entry) : std::set<Address>{},
          options.spared, one.served);
    } catch (const std::exception& failure) {
      failures.push_back("connections could not be cut: " + std::string{failure.what()});
    }
  }
}

void Enforcer::State::clear() noexcept {
  late.reset();
  queues.reset();
  named.reset();
  proxies.reset();  // their last packets too need NAT, which goes with the table
  owner.reset();
  resolver.reset();
  answerer.reset();
  try {
    const MaybeInNetns inside = enter();
    shaping.reset();
    devices.reset();
  } catch (...) {
    // The namespace is gone, and the devices with it.
    shaping.reset();
    devices.reset();
  }
}

Enforcer::Enforcer(boost::asio::io_context& io, const Clock& clock, EnforcerOptions options,
                   CompiledEntries compiled)
    : state_{std::make_unique<State>(io, clock, std::move(options), std::move(compiled))} {}

Enforcer::~Enforcer() { state_->clear(); }

void Enforcer::prepare() {
  try {
    state_->prepare();
  } catch (...) {
    state_->clear();
    throw;
  }
}

void Enforcer::connect() {
  const MaybeInNetns inside = state_->enter();
  if (state_->named) state_->named->connect();
}

Enforcer::Switched Enforcer::switch_to(std::span<const std::uint32_t> in_force_in_start_order) {
  State& state = *state_;
  const std::vector<std::uint32_t> before = std::exchange(
      state.in_force, {in_force_in_start_order.begin(), in_force_in_start_order.end()});
  std::erase_if(state.in_force,
                [&](std::uint32_t entry) { return state.compiled.find(entry) == nullptr; });
  if (state.redirects()) state.answers_armed = true;

  Switched switched;
  switched.asked = state.clock.now();
  if (state.resolver) state.resolver->set_in_force(state.in_force);
  const std::vector<SetArm> sets = state.arms();
  if (state.named) state.named->switch_to(state.in_force, switched.warnings);
  if (state.proxies) state.proxies->add_toxics(state.in_force);
  if (state.owner) state.owner->arm(sets);
  if (state.proxies) state.proxies->remove_toxics(state.in_force);
  switched.at = state.clock.now();

  const auto armed = static_cast<std::size_t>(std::ranges::count(sets, true, &SetArm::armed));
  switched.sent = plural(state.in_force.size(), "fault") + " in force: " + plural(armed, "set") +
                  " of " + std::to_string(sets.size()) + " armed in one transaction";
  switched.acknowledged = acknowledged_after(switched.at - switched.asked);
  state.cut_new(before, switched.warnings);
  if (state.resolver && !state.redirects()) state.resolver->close_idle_tcp();
  return switched;
}

void Enforcer::set_progress(const Progress& progress) {
  State& state = *state_;
  if (state.queues) state.queues->set_progress(progress);
  if (!state.shaping) return;
  const MaybeInNetns inside = state.enter();
  state.shaping->set_progress(progress);
  state.shaping->send_canaries(state.in_force);
}

void Enforcer::beat() {
  if (state_->owner) state_->owner->arm(state_->arms());
  if (state_->named) state_->named->beat();
  if (state_->follower) state_->follower->sweep();
}

Proof Enforcer::proof(std::uint32_t entry) {
  Proof proof;
  proof.entry = entry;
  const CompiledEntry* compiled = state_->compiled.find(entry);
  if (compiled == nullptr) return proof;
  if (state_->owner && (compiled->inet || compiled->netdev)) {
    const auto counters = state_->owner->counters();
    if (const auto found = counters.find(compiled->counter); found != counters.end()) {
      proof.packets = found->second.packets;
      proof.bytes = found->second.bytes;
    }
    if (const auto found = counters.find(compiled->lost); found != counters.end()) {
      proof.dropped += found->second.packets;
    }
  }
  if (state_->shaping) {
    const MaybeInNetns inside = state_->enter();
    state_->shaping->add_to(proof);
  }
  if (state_->queues) state_->queues->add_to(proof);
  if (const auto found = state_->cut.find(entry); found != state_->cut.end()) {
    proof.connections = found->second;
  }
  if (state_->proxies) state_->proxies->add_to(proof);
  if (state_->named) state_->named->add_to(proof);
  if (state_->resolver) state_->resolver->add_to(proof);
  return proof;
}

std::string Enforcer::text() const { return netlink::ruleset_text(state_->ruleset); }

const std::vector<std::string>& Enforcer::warnings() const { return state_->warnings; }

std::vector<std::string> Enforcer::release() {
  State& state = *state_;
  std::vector<std::string> failures;
  try {
    const MaybeInNetns inside = state.enter();
    state.late.reset();
    // What they hold passes. With the rules it would be dropped, and Linux before 6.10 would put a
    // warning with a stack into its log (nf_reinject()).
    state.queues.reset();
    state.proxies.reset();  // as in clear()
    const std::uint32_t port = state.owner ? state.owner->port() : 0;
    state.owner.reset();
    // A child that inherited the socket would keep the tables; nobody should have.
    if (port != 0) {
      for (const netlink::FoundTable& table : netlink::NftOwner::find_tables()) {
        if (table.owner == port) failures.push_back("the table " + table.name + " is still there");
      }
    }
    if (state.shaping) std::ranges::move(state.shaping->remove(), std::back_inserter(failures));
    if (state.devices) std::ranges::move(state.devices->remove(), std::back_inserter(failures));
  } catch (const std::exception& failure) {
    failures.emplace_back(failure.what());
  }
  state.clear();
  return failures;
}

}  // namespace blackstart
