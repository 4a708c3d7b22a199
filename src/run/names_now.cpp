#include "run/names_now.h"

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <iterator>
#include <span>
#include <stdexcept>

#include "probe/stub_files.h"
#include "sys/clock.h"
#include "sys/text_file.h"

namespace blackstart {
namespace {

void look_up_in(const Place& place, const std::vector<FollowedEntry>& followed,
                const std::vector<Nameserver>& upstreams, netlink::Ruleset& ruleset,
                NamesNow& out) {
  boost::asio::io_context io{1};
  const MonotonicClock clock;
  Follower follower{followed, clock};
  ResolverOptions options;
  options.netns_fd = place.netns ? place.netns.get() : -1;
  options.upstreams = upstreams.empty() ? place.nameservers : upstreams;
  options.releasing = [&](std::span<const std::uint8_t> answer) { follower.on_answer(answer); };
  Resolver resolver{io, clock, options, {}};
  StartLookup found = look_up_names(io, clock, resolver, follower, followed, hosts_of(place));
  follower.fill(ruleset);
  for (const FollowedEntry& entry : followed) {
    out.by_entry[entry.entry] = follower.addresses(entry.entry);
  }
  for (auto& [name, addresses] : found.found) out.lookup.found[name].merge(addresses);
  std::ranges::move(found.warnings, std::back_inserter(out.lookup.warnings));
}

}  // namespace

KnownHosts hosts_of(const Place& place) {
  KnownHosts out;
  for (const auto& [name, addresses] : parse_host_table(read_text(place.hosts).value_or(""))) {
    for (const Address& address : addresses) out.emplace_back(name, address);
  }
  return out;
}

NamesNow look_up_names_now(const Scenario& scenario, const CompiledEntries& compiled,
                           const std::vector<Nameserver>& upstreams, netlink::Ruleset& ruleset) {
  std::map<Where, std::vector<FollowedEntry>> by_place;
  for (const FollowedEntry& entry : compiled.followed) {
    const Target& target = scenario.targets[scenario.timeline[entry.entry].target];
    by_place[target.where.value_or(scenario.where)].push_back(entry);
  }
  NamesNow out;
  for (const auto& [where, followed] : by_place) {
    try {
      look_up_in(open_place(where), followed, upstreams, ruleset, out);
    } catch (const std::runtime_error& error) {
      out.lookup.warnings.push_back("names cannot be looked up in " + to_text(where) + ": " +
                                    error.what());
    }
  }
  return out;
}

}  // namespace blackstart
