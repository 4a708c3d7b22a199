#include "cli/toxi_words.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <sstream>

#include "blackstart/params.h"
#include "blackstart/report.h"
#include "cli/errors.h"

namespace blackstart::cli {
namespace {

using picture::Ink;

// A field as text, made harmless: the server may be anybody's.
std::string text_of(const Json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end()) return "";
  return picture::harmless(found->is_string() ? found->get<std::string>() : found->dump());
}

bool is_enabled(const Json& proxy) { return proxy.value("enabled", false); }

std::vector<Json> toxics_of(const Json& proxy) {
  return proxy.value("toxics", std::vector<Json>{});
}

std::vector<Json> by_name(const Json& proxies) {
  std::vector<Json> out;
  for (const Json& proxy : proxies) out.push_back(proxy);
  std::ranges::sort(out, {}, [](const Json& proxy) { return text_of(proxy, "name"); });
  return out;
}

std::string two_decimals(double value) {
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%.2f", value);
  return text.data();
}

std::string toxic_line(const Json& toxic, char separator) {
  const Json given = toxic.value("attributes", Json::object());
  std::vector<std::string> attributes;
  for (const auto& item : given.items()) {
    attributes.push_back(picture::harmless(item.key()) + '=' + text_of(given, item.key().c_str()));
  }
  std::ranges::sort(attributes);
  std::string line = text_of(toxic, "name");
  for (const char* key : {"type", "stream"}) {
    line += separator + std::string{key} + '=' + text_of(toxic, key);
  }
  line += separator + std::string{"toxicity="} + two_decimals(toxic.value("toxicity", 1.0));
  line += separator + std::string{"attributes=["};
  for (const std::string& attribute : attributes) line += separator + attribute;
  return line + separator + "]\n";
}

using Row = std::vector<std::string>;

std::string table(const std::vector<Row>& rows) {
  std::vector<std::size_t> widths(rows.front().size());
  for (const Row& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      widths[i] = std::max(widths[i], picture::width_of(row[i]));
    }
  }
  std::string out;
  for (const Row& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      const std::string blanks(widths[i] + 3 - picture::width_of(row[i]), ' ');
      out += row[i] + (i + 1 < row.size() ? blanks : "\n");
    }
    if (&row == &rows.front()) out.append("\n");
  }
  return out;
}

// A number without a fraction is sent without one: servers take nothing else for a whole number.
Json value_of(const std::string& text) {
  constexpr double kExactMost = 9'007'199'254'740'992;
  if (const auto whole = parse_integer(text)) return *whole;
  const auto number = parse_number(text);
  if (!number) return text;
  const bool whole = std::trunc(*number) == *number && std::abs(*number) <= kExactMost;
  return whole ? Json(static_cast<std::int64_t>(*number)) : Json(*number);
}

}  // namespace

std::string proxy_list(const Json& proxies, const std::optional<picture::Style>& person) {
  const picture::Style style = person.value_or(picture::Style{});
  std::string lines;
  std::vector<Row> rows{{"Name", "Listen", "Upstream", "Enabled", "Toxics"}};
  for (std::string& heading : rows.front()) heading = inked(style, Ink::bold, heading);
  for (const Json& proxy : by_name(proxies)) {
    const std::string enabled = is_enabled(proxy) ? "enabled" : "disabled";
    const std::size_t toxics = toxics_of(proxy).size();
    lines += text_of(proxy, "name") + '\t' + text_of(proxy, "listen") + '\t' +
             text_of(proxy, "upstream") + '\t' + enabled + '\t' + std::to_string(toxics) + '\n';
    const Ink ink = is_enabled(proxy) ? Ink::good : Ink::bad;
    rows.push_back({inked(style, ink, text_of(proxy, "name")), text_of(proxy, "listen"),
                    text_of(proxy, "upstream"), inked(style, ink, enabled),
                    toxics == 0 ? "none" : inked(style, Ink::fault, std::to_string(toxics))});
  }
  if (!person) return lines;
  if (rows.size() == 1) return "no proxies\n\ncreate one with: create -l ADDRESS -u ADDRESS NAME\n";
  return table(rows) + "\nlook into one with: inspect NAME\n";
}

std::string toxic_list(const Json& proxy, const std::optional<picture::Style>& person) {
  std::string out;
  if (!person) {
    for (const Json& toxic : toxics_of(proxy)) out += toxic_line(toxic, '\t');
    return out;
  }
  const Ink ink = is_enabled(proxy) ? Ink::good : Ink::bad;
  out = "Name: " + inked(*person, ink, text_of(proxy, "name")) +
        "   Listen: " + text_of(proxy, "listen") + "   Upstream: " + text_of(proxy, "upstream") +
        "\n\n";
  if (toxics_of(proxy).empty()) out += "no toxics\n";
  for (const Json& toxic : toxics_of(proxy)) out += toxic_line(toxic, ' ');
  return out + "\nadd one with: toxic add -t TYPE -a KEY=VALUE NAME\n";
}

Json toxic_attributes(const std::vector<std::string>& texts) {
  Json out = Json::object();
  for (const std::string& text : texts) {
    std::istringstream pairs{text};
    for (std::string pair; std::getline(pairs, pair, ',');) {
      const auto equals = pair.find('=');
      if (equals == std::string::npos || equals == 0) {
        throw CommandError{exit_code::usage, "an attribute is written KEY=VALUE, not " + pair};
      }
      out[pair.substr(0, equals)] = value_of(pair.substr(equals + 1));
    }
  }
  return out;
}

}  // namespace blackstart::cli
