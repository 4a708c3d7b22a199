// The targets: what traffic the faults may touch.

#include <limits>

#include "blackstart/limits.h"
#include "scenario/build.h"
#include "scenario/hints.h"
#include "scenario/names.h"

namespace blackstart {
namespace {

// The prefix that the author of 10.0.0.1/8 may have meant.
std::string without_host_bits(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return {};
  auto address = parse_address(text.substr(0, slash));
  const auto length = parse_integer(text.substr(slash + 1));
  if (!address || !length || *length < 0 || *length > (address->v6 ? 128 : 32)) return {};
  for (auto bit = static_cast<std::size_t>(*length); bit < (address->v6 ? 128U : 32U); ++bit) {
    auto& byte = address->bytes[bit / 8];
    byte = static_cast<std::uint8_t>(byte & ~(0x80U >> (bit % 8)));
  }
  return to_text(Prefix{*address, static_cast<std::uint8_t>(*length)});
}

void read_names(const ParamReader& in, Target& target, Build& build) {
  for (const Node* const item : scalars_of(in.node("names"))) {
    DomainName read = read_domain_name(item->text);
    if (!read.wrong.empty()) build.report(item->pos, read.wrong, read.hint);
    target.names.push_back(std::move(read.name));
  }
}

void read_cidrs(const ParamReader& in, Target& target, Build& build) {
  for (const Node* const item : scalars_of(in.node("cidr"))) {
    const auto prefix = parse_prefix(item->text);
    target.cidr.push_back(prefix.value_or(Prefix{}));
    if (prefix) continue;
    const std::string meant = without_host_bits(item->text);
    if (!meant.empty()) {
      build.report(item->pos, in_quotes(item->text) + " has bits set beyond its length",
                   "the network is " + meant + "; one address has no length behind it");
    } else {
      const bool named = read_domain_name(item->text).wrong.empty();
      build.report(item->pos,
                   in_quotes(item->text) + " is no address or prefix, such as 10.0.0.0/8",
                   named ? "domain names go under 'names'" : "");
    }
  }
}

void read_ports(const ParamReader& in, Target& target, Build& build) {
  for (const Node* const item : scalars_of(in.node("port"))) {
    const auto range = parse_port_range(item->text);
    target.port.push_back(range.value_or(PortRange{}));
    if (range) continue;
    build.report(item->pos,
                 in_quotes(item->text) + " is no port or range of ports, such as 443 or 8000-8100");
  }
}

void read_rest(const ParamReader& in, Target& target) {
  constexpr std::pair<std::string_view, Protocol> kProtocols[] = {
      {"tcp", Protocol::tcp}, {"udp", Protocol::udp}, {"icmp", Protocol::icmp}};
  const auto named = in.text("protocol");
  for (const auto& [name, protocol] : kProtocols) {
    if (named == name) target.protocol = protocol;
  }
  target.interface = in.text("interface").value_or("");
  target.cgroup = in.text("cgroup").value_or("");
  if (const auto uid = in.integer("uid")) target.uid = static_cast<std::uint32_t>(*uid);
  target.any = in.boolean("any").value_or(false);
  if (const Node* const where = in.node("where")) target.where = read_where(*where);
}

constexpr std::uint16_t kApiPort = 8'474;  // Toxiproxy's

// As Target::api has it; empty where it is neither.
std::string api_address(std::string_view text) {
  constexpr std::string_view kScheme = "http://", kLocal = "localhost", kUnix = "unix:/";
  if (text.starts_with(kUnix)) return std::string{text};
  if (text.starts_with(kScheme)) text.remove_prefix(kScheme.size());
  if (text.ends_with('/')) text.remove_suffix(1);
  std::string number{text};
  if (text.starts_with(kLocal)) number.replace(0, kLocal.size(), "127.0.0.1");
  const auto endpoint = parse_endpoint(number, kApiPort);
  return endpoint ? to_text(*endpoint) : "";
}

void read_named_proxy(const ParamReader& in, Target& target) {
  target.proxy = in.text("proxy").value_or("");
  if (in.has("proxy") && target.proxy.empty()) in.error("proxy", "the name of a proxy is empty");
  if (in.has("api") && !in.has("proxy")) in.error("api", "'api' says where a 'proxy' is");
  if (target.proxy.empty()) return;
  const auto api = in.text("api");
  target.api = api_address(api.value_or("localhost"));
  if (target.api.empty()) {
    in.error("api", in_quotes(*api) + " is no address and port, such as localhost:8474",
             "a name of another machine is not looked up; a socket is unix:/PATH");
  }
}

// What a target selects must be said, and must make sense together.
void check_whole(const ParamReader& in, const Target& target, const Build& build) {
  for (const std::string_view key : {"names", "cidr", "port"}) {
    const Node* const list = in.node(key);
    if (list == nullptr || list->kind != Node::Kind::list || !list->items.empty()) continue;
    if (!build.lacks(list->pos)) build.report(list->pos, in_quotes(key) + " is an empty list");
  }
  if (build.lacks(target.pos)) return;
  Target others = target;
  others.any = false;
  const bool selects = others.selects_packets() || !target.names.empty();
  if (in.has("proxy") && (selects || target.any)) {
    in.error("proxy", "a 'proxy' is a target of its own, and other keys select packets",
             "make two targets of it");
  }
  const bool listed_something =
      in.has("names") || in.has("cidr") || in.has("port") || in.has("proxy") || in.has("api");
  if (!selects && !target.any && !listed_something) {
    build.report(target.pos, "target " + in_quotes(target.name) + " selects nothing",
                 "to hit everything on purpose, say any: true");
  }
  if (selects && target.any) {
    in.error("any", "'any' selects everything, and other keys select less",
             "leave 'any' out, or the other keys");
  }
  if (target.protocol == Protocol::icmp && in.has("port")) {
    in.error("port", "icmp has no ports");
  }
}

}  // namespace

void build_targets(const ParamReader& top, Build& build) {
  const Node* const table = top.node("targets");
  if (table == nullptr) return;
  build.check_names(table, "target", limits::targets_max);
  for (const Node::Member& member : table->members) {
    const ParamReader in{member.value, build.diagnostics};
    const std::size_t mistakes = build.diagnostics.size();
    Target target;
    target.name = member.key;
    target.pos = member.value.pos;
    read_names(in, target, build);
    read_cidrs(in, target, build);
    read_ports(in, target, build);
    read_rest(in, target);
    if (in.has("aws")) read_aws(in, target, build);
    read_named_proxy(in, target);
    check_whole(in, target, build);
    build.targets.emplace(target.name, build.scenario.targets.size());
    build.broken.push_back(build.lacks(target.pos) || build.diagnostics.size() > mistakes);
    build.scenario.targets.push_back(std::move(target));
  }
}

}  // namespace blackstart
