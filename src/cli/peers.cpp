#include "cli/peers.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "blackstart/address.h"
#include "blackstart/report.h"
#include "cli/errors.h"

namespace blackstart::cli {
namespace {

// The peer and its port. An IPv6 address has colons of its own: it takes brackets beside a port.
std::pair<std::string_view, std::string_view> split(std::string_view text) {
  if (text.starts_with('[')) {
    const auto end = text.find(']');
    if (end == std::string_view::npos) return {text, {}};
    const std::string_view rest = text.substr(end + 1);
    if (rest.empty() || rest.starts_with(':')) {
      return {text.substr(1, end - 1), rest.empty() ? rest : rest.substr(1)};
    }
    return {text, {}};
  }
  if (std::ranges::count(text, ':') != 1) return {text, {}};
  const auto colon = text.find(':');
  return {text.substr(0, colon), text.substr(colon + 1)};
}

CommandError refused(const std::string& text) { return {exit_code::usage, text}; }

}  // namespace

Peers peers_of(const std::vector<std::string>& texts) {
  Peers out;
  for (const std::string& text : texts) {
    const auto [peer, port] = split(text);
    (parse_prefix(peer) ? out.cidr : out.names).emplace_back(peer);
    if (&text != &texts.front() && port != out.port) {
      throw refused("all of --to must have the same port; use a scenario for more");
    }
    out.port = port;
  }
  if (!out.names.empty() && !out.cidr.empty()) {
    throw refused("--to takes addresses or names, not both (" + out.cidr.front() + " and " +
                  out.names.front() + "); use a scenario for more");
  }
  return out;
}

}  // namespace blackstart::cli
