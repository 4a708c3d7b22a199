#include "netlink/ruleset_text.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <string_view>

#include "netlink/intervals.h"

namespace blackstart::netlink {
namespace {

constexpr std::size_t kLineColumns = 96;

std::string_view name_of(SetType type) {
  constexpr std::string_view kNames[] = {"ipv4_addr", "ipv6_addr", "inet_service", "ether_type"};
  return kNames[static_cast<int>(type)];
}

std::string_view name_of(Hook hook) {
  constexpr std::string_view kNames[] = {"prerouting",  "input",   "forward", "output",
                                         "postrouting", "ingress", "egress"};
  return kNames[static_cast<int>(hook)];
}

// nft names the customary priorities, and those within ten of one by their distance.
std::string priority_text(Family family, const BaseChain& base) {
  struct Row {
    std::string_view name;
    int value;
    bool known;
  };
  const bool inet = family == Family::inet;
  const std::array rows{Row{"raw", -300, inet},
                        Row{"mangle", -150, inet},
                        Row{"dstnat", -100, inet && base.hook == Hook::prerouting},
                        Row{"filter", 0, true},
                        Row{"security", 50, inet},
                        Row{"srcnat", 100, inet && base.hook == Hook::postrouting}};
  for (const Row& row : rows) {
    const int distance = base.priority - row.value;
    if (!row.known || std::abs(distance) > 10) continue;
    const std::string name{row.name};
    if (distance == 0) return name;
    return name + (distance > 0 ? " + " : " - ") + std::to_string(std::abs(distance));
  }
  return std::to_string(base.priority);
}

std::string devices_text(const std::vector<std::string>& devices) {
  if (devices.empty()) return {};
  if (devices.size() == 1) return " device \"" + devices.front() + '"';
  std::vector<std::string> sorted = devices;
  std::ranges::sort(sorted);
  std::string out = " devices = { ";
  for (std::size_t i = 0; i < sorted.size(); ++i) out += (i > 0 ? ", " : "") + sorted[i];
  return out + " }";
}

// 3s, 1m30s, 250ms: without what is zero.
std::string timeout_text(std::chrono::milliseconds timeout) {
  using namespace std::chrono;
  std::string out;
  const auto part = [&](auto unit, const char* name) {
    const auto count = timeout / unit;
    if (count > 0) out += std::to_string(count) + name;
    timeout %= unit;
  };
  part(days{1}, "d");
  part(hours{1}, "h");
  part(minutes{1}, "m");
  part(seconds{1}, "s");
  part(milliseconds{1}, "ms");
  return out;
}

std::string value_text(const AddressRange& range) { return to_text(range); }
std::string value_text(EtherType type) { return type == EtherType::ip ? "ip" : "ip6"; }
std::string value_text(const PortRange& range) {
  const std::string first = std::to_string(range.first);
  return range.first == range.last ? first : first + '-' + std::to_string(range.last);
}

void add_elements(const Set& set, std::size_t most, std::string& out) {
  if (set.elements.empty()) return;
  const std::size_t shown = most == 0 ? set.elements.size() : std::min(most, set.elements.size());
  std::string line = "\t\telements = { ";
  for (std::size_t i = 0; i < shown; ++i) {
    const std::string text = element_text(set.elements[i]) + (i + 1 < shown ? "," : "");
    if (line.size() + text.size() > kLineColumns) {
      line.erase(line.find_last_not_of(' ') + 1);
      out += line + '\n';
      line = "\t\t\t     ";
    }
    line += text + ' ';
  }
  const std::size_t left = set.elements.size() - shown;
  if (left > 0) line += "# and " + std::to_string(left) + " more\n\t\t\t     ";
  out += line + "}\n";
}

void add_set(const Set& set, std::size_t elements_max, std::string& out) {
  out += "\tset " + set.name + " {\n\t\ttype " + std::string{name_of(set.type)} + '\n';
  if (set.interval || set.timeouts) {
    out += "\t\tflags ";
    if (set.interval) out += set.timeouts ? "interval,timeout" : "interval";
    if (!set.interval) out += "timeout";
    out += '\n';
  }
  add_elements(set, elements_max, out);
  out += "\t}\n";
}

void add_chain(const Table& table, const Chain& chain, std::string& out) {
  out += "\tchain " + chain.name + " {\n";
  if (chain.base) {
    const BaseChain& base = *chain.base;
    out.append("\t\ttype ").append(nft_name(base.type));
    out.append(" hook ").append(name_of(base.hook)).append(devices_text(base.devices));
    out.append(" priority ").append(priority_text(table.family, base));
    out.append("; policy accept;\n");
  }
  for (const Rule& rule : chain.rules) {
    out.append("\t\t").append(rule_text(table.family, rule)).append("\n");
  }
  out += "\t}\n";
}

// What stands in a table is set apart by an empty line.
std::string table_text(const Table& table, std::size_t elements_max) {
  std::string out = "table " + std::string{nft_name(table.family)} + ' ' + table.name + " {\n";
  if (table.owned) out += "\tflags owner\n";
  bool first = !table.owned;
  const auto apart = [&] {
    if (!std::exchange(first, false)) out += '\n';
  };
  for (const Counter& counter : table.counters) {
    apart();
    out += "\tcounter " + counter.name + " {\n\t\tpackets 0 bytes 0\n\t}\n";
  }
  for (const Set& set : table.sets) {
    apart();
    add_set(set, elements_max, out);
  }
  for (const Chain& chain : table.chains) {
    apart();
    add_chain(table, chain, out);
  }
  return out + "}\n";
}

}  // namespace

std::string element_text(const SetElement& element) {
  std::string out = std::visit([](const auto& value) { return value_text(value); }, element.value);
  if (element.timeout.count() > 0) out += " timeout " + timeout_text(element.timeout);
  return out;
}

std::string ruleset_text(const Ruleset& ruleset, std::size_t elements_max) {
  std::string out;
  for (const Table& table : ruleset.tables) out += table_text(table, elements_max);
  return out;
}

}  // namespace blackstart::netlink
