// The embedded resolver on 127.0.0.1:53 with one fault for each row of dns_clients_test.cpp:
// names below ROW.t meet the fault that is called ROW. What no fault answers is forwarded to a
// second one on 127.0.0.1:5300, by UDP and TCP, which has an address for every name. Says
// "ready" on standard output and runs until it is killed.

#include <array>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdio>
#include <exception>
#include <string>
#include <string_view>
#include <vector>

#include "dns/answer.h"
#include "serve/dns_server.h"
#include "sys/clock.h"

namespace {

using namespace blackstart;
using namespace std::chrono_literals;
using dns::AnswerKind;
using dns::FaultRule;
using dns::Type;

class Rules {
 public:
  // A rule for all names below `row`.t.
  FaultRule& add(std::string_view row, AnswerKind answer, std::vector<Type> types = {}) {
    FaultRule rule;
    rule.entry = static_cast<std::uint32_t>(rules_.size());
    rule.names = {*dns::NamePattern::from_text("*." + std::string{row} + ".t")};
    rule.answer = answer;
    rule.types = std::move(types);
    in_force_.push_back(rule.entry);
    return rules_.emplace_back(std::move(rule));
  }

  dns::FaultTable compile() const {
    dns::FaultTable table{rules_, RunSeed{1}};
    table.set_in_force(in_force_);
    return table;
  }

 private:
  std::vector<FaultRule> rules_;
  std::vector<std::uint32_t> in_force_;
};

dns::FaultTable faulty() {
  Rules rules;
  rules.add("aonly", AnswerKind::nodata, {Type::aaaa});
  rules.add("nxdomain", AnswerKind::nxdomain);
  rules.add("nodata", AnswerKind::nodata);
  rules.add("nosoa", AnswerKind::nodata).soa = false;
  rules.add("referral", AnswerKind::referral);
  rules.add("servfail", AnswerKind::servfail);
  rules.add("refused", AnswerKind::refused);
  rules.add("notimp", AnswerKind::notimp);
  rules.add("formerr", AnswerKind::formerr);
  rules.add("drop", AnswerKind::drop);
  rules.add("drop4", AnswerKind::drop, {Type::a});
  rules.add("drop6", AnswerKind::drop, {Type::aaaa});
  rules.add("slow300ms", AnswerKind::pass).delay = 300ms;
  rules.add("slow3s", AnswerKind::pass).delay = 3s;
  rules.add("slow6s", AnswerKind::pass).delay = 6s;
  rules.add("servfail6", AnswerKind::servfail, {Type::aaaa});
  rules.add("nxdomain6", AnswerKind::nxdomain, {Type::aaaa});
  rules.add("tc", AnswerKind::truncate);
  rules.add("tcreset", AnswerKind::truncate).tcp = FaultRule::Tcp::reset;
  rules.add("tcsilent", AnswerKind::truncate).tcp = FaultRule::Tcp::silent;
  rules.add("wrongid", AnswerKind::wrong_id);
  rules.add("garbage", AnswerKind::garbage);
  rules.add("ednsformerr", AnswerKind::pass).edns = FaultRule::Edns::formerr;
  rules.add("ednsdrop", AnswerKind::pass).edns = FaultRule::Edns::drop;
  rules.add("first", AnswerKind::servfail).first = 1;
  rules.add("loop", AnswerKind::cname_loop);
  rules.add("alias", AnswerKind::spoof).cname = dns::Name::from_text("elsewhere.t");
  return rules.compile();
}

dns::FaultTable healthy() {
  FaultRule all;
  all.names = {*dns::NamePattern::from_text("*")};
  all.answer = AnswerKind::spoof;
  all.a = {*parse_address("192.0.2.10")};
  all.aaaa = {*parse_address("2001:db8::10")};
  dns::FaultTable table{{all}, RunSeed{1}};
  table.set_in_force(std::array<std::uint32_t, 1>{0});
  return table;
}

}  // namespace

int main() try {
  const MonotonicClock clock;
  boost::asio::io_context io{1};
  dns::FaultTable good = healthy(), bad = faulty();

  DnsServerConfig behind;
  behind.listen = {*parse_endpoint("127.0.0.1:5300", 53)};
  const DnsServer upstream{io, behind, good, clock};

  DnsServerConfig config;
  config.listen = {*parse_endpoint("127.0.0.1:53", 53)};
  config.upstreams = {behind.listen[0]};
  config.tcp_silence = 12s;  // a client that waits for its end must be done in time
  const DnsServer server{io, config, bad, clock};

  std::puts("ready");
  std::fflush(stdout);
  io.run();
} catch (const std::exception& wrong) {
  std::fprintf(stderr, "faulty_resolver: %s\n", wrong.what());
  return 1;
}
