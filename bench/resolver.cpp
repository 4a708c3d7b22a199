// The embedded resolver alone in a process, for dns.sh and for trying things by hand.
//
//   bench_resolver LISTEN [--upstream ADDRESS[:PORT]]… [--answer NAME=KIND]…
//
// KIND is nodata, nxdomain, servfail, drop or spoof (192.0.2.1). Runs until it is killed.

#include <array>
#include <boost/asio/io_context.hpp>
#include <cstdio>
#include <exception>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "dns/answer.h"
#include "serve/dns_server.h"
#include "sys/clock.h"

namespace {

using namespace blackstart;

constexpr std::array<std::pair<std::string_view, dns::AnswerKind>, 5> kKinds{{
    {"nodata", dns::AnswerKind::nodata},
    {"nxdomain", dns::AnswerKind::nxdomain},
    {"servfail", dns::AnswerKind::servfail},
    {"drop", dns::AnswerKind::drop},
    {"spoof", dns::AnswerKind::spoof},
}};

template <class T>
T required(std::optional<T> value, std::string_view text) {
  if (!value) throw std::invalid_argument{"cannot read '" + std::string{text} + "'"};
  return std::move(*value);
}

dns::FaultRule parse_rule(std::string_view text, std::uint32_t entry) {
  const std::size_t equals = std::min(text.find('='), text.size() - 1);
  dns::FaultRule rule;
  rule.entry = entry;
  rule.names = {required(dns::NamePattern::from_text(text.substr(0, equals)), text)};
  const std::string_view kind = text.substr(equals + 1);
  for (const auto& [name, answer] : kKinds) {
    if (name == kind) rule.answer = answer;
  }
  if (rule.answer == dns::AnswerKind::spoof) rule.a = {*parse_address("192.0.2.1")};
  return rule;
}

struct Options {
  DnsServerConfig config;
  std::vector<dns::FaultRule> rules;
};

Options parse(int argc, char** argv) {
  if (argc < 2 || argc % 2 != 0) throw std::invalid_argument{"usage: bench_resolver LISTEN …"};
  Options out;
  out.config.listen = {required(parse_endpoint(argv[1], 53), argv[1])};
  for (int i = 2; i + 1 < argc; i += 2) {
    const std::string_view key = argv[i], value = argv[i + 1];
    if (key == "--upstream") {
      out.config.upstreams.emplace_back(required(parse_endpoint(value, 53), value));
    } else if (key == "--answer") {
      out.rules.push_back(parse_rule(value, static_cast<std::uint32_t>(out.rules.size())));
    } else {
      throw std::invalid_argument{std::string{key} + ": not known"};
    }
  }
  return out;
}

}  // namespace

int main(int argc, char** argv) try {
  const Options options = parse(argc, argv);
  std::vector<std::uint32_t> in_force;
  for (const dns::FaultRule& rule : options.rules) in_force.push_back(rule.entry);
  dns::FaultTable faults{options.rules, RunSeed{1}};
  faults.set_in_force(in_force);

  const MonotonicClock clock;
  boost::asio::io_context io{1};
  const DnsServer server{io, options.config, faults, clock};
  io.run();
} catch (const std::exception& wrong) {
  std::fprintf(stderr, "%s\n", wrong.what());
  return 2;
}
