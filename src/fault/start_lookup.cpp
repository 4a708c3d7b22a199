#include "fault/start_lookup.h"

#include <algorithm>
#include <array>
#include <boost/asio/io_context.hpp>
#include <memory>

#include "dns/leads.h"
#include "dns/record.h"

namespace blackstart {
namespace {

constexpr std::array kTypes{dns::Type::a, dns::Type::aaaa};

struct Heard {
  std::set<Address> addresses;
  dns::Rcode rcode = dns::Rcode::noerror;  // the last that was not that
  std::size_t answers = 0;
};

// Outlives the lookup where an answer is still on its way.
struct Lookup {
  std::map<std::string, Heard> by_name;
  std::size_t open = 0;

  void take(const std::string& name, dns::Bytes answer) {
    --open;
    const auto header = dns::read_header(answer);
    if (!header) return;
    Heard& heard = by_name[name];
    ++heard.answers;
    if (header->rcode() != dns::Rcode::noerror) heard.rcode = header->rcode();
    for (const dns::LedAddress& one : dns::leads_of(answer).addresses) {
      heard.addresses.insert(one.address);
    }
  }
};

void run_until_answered(boost::asio::io_context& io, const Clock& clock, const Lookup& lookup) {
  const RunTime deadline = clock.now() + kLookupPatience;
  while (lookup.open > 0 && clock.now() < deadline) {
    if (io.stopped()) io.restart();
    io.run_one_for(deadline - clock.now());
  }
}

std::string why_not(const Heard& heard) {
  if (heard.answers < kTypes.size() && heard.rcode == dns::Rcode::noerror) return "nobody answered";
  if (heard.rcode == dns::Rcode::noerror) return "it has no address";
  return dns::rcode_text(heard.rcode);
}

}  // namespace

StartLookup look_up_names(boost::asio::io_context& io, const Clock& clock, Resolver& resolver,
                          Follower& follower, const std::vector<FollowedEntry>& followed,
                          const KnownHosts& hosts) {
  StartLookup out;
  for (const auto& [name, address] : hosts) {
    if (follower.on_host(name, address)) out.found[name].insert(address);
  }
  const auto lookup = std::make_shared<Lookup>();
  for (const std::string& text : exact_names(followed)) {
    const auto name = dns::Name::from_text(text);
    if (!name || out.found.contains(text)) continue;
    lookup->by_name[text];
    for (const dns::Type type : kTypes) {
      ++lookup->open;
      resolver.ask({.name = *name, .type = type},
                   [lookup, text](dns::Bytes answer) { lookup->take(text, answer); });
    }
  }
  run_until_answered(io, clock, *lookup);

  for (auto& [name, heard] : lookup->by_name) {
    if (heard.addresses.empty()) {
      out.warnings.push_back("'" + name + "' cannot be looked up now (" + why_not(heard) +
                             "); its addresses are learned from the questions of applications");
    } else {
      out.found[name] = std::move(heard.addresses);
    }
  }
  for (const std::string& pattern : name_patterns(followed)) {
    out.warnings.push_back("'" + pattern + "' cannot be looked up, being a pattern: addresses " +
                           "are learned from the questions of applications");
  }
  return out;
}

}  // namespace blackstart
